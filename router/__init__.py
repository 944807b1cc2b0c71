"""A message in, a lead out. Decides in pure functions; has no bus: it returns what it did."""
