"""Paper: what printed documents share: fonts and scripts, the letterhead, tables, and how pages are filled."""
