"""API keys: what programs show instead of a password, made and revoked by administrators."""
