"""Invoices, their lines and formats, and the issuer."""
