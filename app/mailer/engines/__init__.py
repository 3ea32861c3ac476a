"""Who drains the outbox: the embedded worker, or Celery's on any number of machines; what both do is the same."""
