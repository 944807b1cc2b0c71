"""The only room with SQL. Queries are functions of an open connection; transactions begin and end at the caller."""
