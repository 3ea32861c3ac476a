"""Mails that come back: whose copy it was, what the other server says of it, and what follows for the address."""
