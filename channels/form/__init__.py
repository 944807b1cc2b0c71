"""Web forms: hosted page, embed, plain HTML or JSON in; an `Inbound` and a receipt out."""
