"""Answers that come by mail: proven ones become updates of their tickets, and all else is listed for staff."""
