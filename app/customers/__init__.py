"""The account record."""
