"""What travels between the rooms. Imports the standard library and `phonenumbers` only (docs/adr/0005)."""
