"""Files of contacts: tables, workbooks and vCards, read a row at a time and written so that they read back equal."""
