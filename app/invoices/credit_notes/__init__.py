"""Credit notes: what a sent invoice is taken back by, in whole or in part."""
