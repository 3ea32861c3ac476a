"""Words that every feature shares: errors, clock, actor, unit of work, audit, soft delete, field types."""
