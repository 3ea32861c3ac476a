"""The worker: what is due is claimed, sent and settled, and what dead workers left is put right."""
