"""Programs that nobody here wrote and that the tests talk to."""
