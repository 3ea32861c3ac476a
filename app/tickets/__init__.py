"""Tickets: what customers ask, what staff answer, and the copies of each answer."""
