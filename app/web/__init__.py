"""The base of every screen and REST resource, and the look; no business words."""
