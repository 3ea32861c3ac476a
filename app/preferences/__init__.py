"""What each member of staff has set up for themselves: columns of lists, and saved views."""
