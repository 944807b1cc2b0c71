"""One page that shows the simulated worlds as people see them: phones, a mailbox, the shop's form."""
