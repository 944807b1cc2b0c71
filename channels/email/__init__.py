"""channels/email"""
