"""The customers' pages: the hosted form, its embed script, and the snippets for a site of one's own."""
