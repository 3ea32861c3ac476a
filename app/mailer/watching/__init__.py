"""Watching the outbox: how much there is of what, why messages fail, the pause, metrics."""
