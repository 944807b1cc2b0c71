"""Twilio as its SDK and its webhooks see it, and the phones at the other end. In memory, for tests and the demo."""
