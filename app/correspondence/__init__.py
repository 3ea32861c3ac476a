"""Letters: written in Markdown, printed when they are saved, and sent as copies by type and class."""
