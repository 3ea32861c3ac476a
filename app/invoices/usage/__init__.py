"""Usage of invoices: records from programs, and the reports that break them down."""
