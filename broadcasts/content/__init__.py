"""What a mailing says: one list of blocks gives mail, Telegram and SMS. Pure: no store, no I/O."""
