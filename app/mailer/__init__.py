"""Who gets a copy, the outbox, and its delivery."""
