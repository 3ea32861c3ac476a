"""The field of a form that takes files, what was chosen in it, and how pages list the files that were kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import request
from wtforms import MultipleFileField

from app.core.words import Words, in_a_row, say
from app.mailer.attaching import KINDS, MAX_FILE, MAX_FILES, MAX_TOTAL, NewFile
from app.mailer.kept_files import KeptFile

ATTACHMENTS = "attachments"


def files_field(label: Words, *hints: Words) -> MultipleFileField:
    """Return a field that takes files, and says which, after what else there is to say."""
    which = say(
        "{count} files at most; {kinds}; {each} MB at most, and {all} MB for all files together.",
        count=MAX_FILES,
        kinds=", ".join(KINDS),
        each=MAX_FILE // 1024**2,
        all=MAX_TOTAL // 1024**2,
    )
    return MultipleFileField(label, description=in_a_row([*hints, which]))


def posted_files(name: str = ATTACHMENTS) -> list[NewFile]:
    """Return the files that were chosen in a field; a browser posts an empty one where none was."""
    chosen = [(one.filename or "", one.read(MAX_FILE + 1)) for one in request.files.getlist(name)]
    return [NewFile(filename, data) for filename, data in chosen if filename or data]


def listed_files(files: Iterable[KeptFile], url_of: Callable[[KeptFile], str]) -> list[dict[str, Any]]:
    """Return kept files as a page lists them, each with the address that hands it out."""
    return [{"name": one.filename, "size": size_words(one.content.size), "url": url_of(one)} for one in files]


def size_words(size: int) -> Words:
    """Return how large a file is."""
    return say("{size} KB", size=-(-size // 1024))
