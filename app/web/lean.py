"""Pages without the indentation of their templates, which is a fifth of what would travel."""

from __future__ import annotations

import re

from flask import Flask
from jinja2.ext import Extension

# The space that a line begins with; lines stay, so that errors name the right one.
_INDENTATION = re.compile(r"^[ \t]+", re.MULTILINE)


class LeanPages(Extension):
    """Leave out the indentation of HTML templates as they are compiled; what values contain is left alone."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002  Jinja's
        """Return the source of a template to compile."""
        return _INDENTATION.sub("", source) if name and name.endswith(".html") else source


def register(app: Flask) -> None:
    """Compile templates so; to be called before the first of them is looked up."""
    app.jinja_options = {**app.jinja_options, "extensions": [*app.jinja_options.get("extensions", ()), LeanPages]}
