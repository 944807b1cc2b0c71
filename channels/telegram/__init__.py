"""Telegram bots: messages in by long polling or webhook, messages out, files both ways."""
