"""The simulator, tested from outside."""
