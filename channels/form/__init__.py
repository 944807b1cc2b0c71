"""channels/form"""
