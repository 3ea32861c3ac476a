"""Import of invoices and usage records from files: checked as a whole, staged in chunks, published at once."""
