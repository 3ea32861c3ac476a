"""The company that sends: one record, whose name and address stand on every document and mail."""
