"""Billing runs: many invoices chosen, planned and sent together, a hundred at a time, by the worker."""
