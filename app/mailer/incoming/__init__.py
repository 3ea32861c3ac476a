"""Mails that come in, whatever they are: the mailbox, file or pipe that they come by, and the fields of a header."""
