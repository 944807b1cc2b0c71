"""One folder per kind. They know the domain alone, and not each other."""
