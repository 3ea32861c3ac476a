"""Usage report profiles: which breakdown of usage goes along with invoices, and whose customers may have it."""
