"""What can be found out about a broadcast outside the house, before it goes out: links, names, what filters think."""
