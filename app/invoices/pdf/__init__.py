"""Invoices on paper: what they are made from, their words, and the three formats."""
