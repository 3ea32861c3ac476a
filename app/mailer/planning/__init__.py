"""The plan: who gets a document, in which form and why, and who does not. Its rules are pure."""
