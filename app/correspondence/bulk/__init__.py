"""Bulk letters: one text for many customers, planned, looked at, and made into a letter for each by the worker."""
