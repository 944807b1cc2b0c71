"""The JSON doors: contacts, merges, imports and exports for the console and for other programs."""
