"""The lists that an administrator edits."""
