"""Who may do what, as one table, and the question whether this actor may do this to that."""
