"""Unsubscribing: whoever gets marketing letters ends them by one click, without a login (RFC 8058)."""
