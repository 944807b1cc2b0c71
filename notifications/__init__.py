"""A delivery in, something sent. Knows the store and the domain; senders, texts and files are handed in."""
