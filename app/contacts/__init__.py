"""The people behind each customer account, direct and shared, and what each wants copies of."""
