"""A post office on loopback: IMAP by pymap, SMTP by aiosmtpd, and mailboxes in memory that write to each other."""
