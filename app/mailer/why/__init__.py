"""Why somebody got a copy of a document, link by link, and why somebody else did not."""
