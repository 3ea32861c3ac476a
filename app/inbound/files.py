"""Which files of a mail go along with the update that it becomes: those that the checks of all files let through."""

from __future__ import annotations

from typing import Any

from app.core.errors import Invalid
from app.core.words import Words, say
from app.inbound.reading import Mail
from app.mailer.attaching import Beside, NewFile, good_file


def sorted_files(mail: Mail) -> tuple[list[NewFile], list[dict[str, Any]]]:
    """Return the files of a mail that go along, and of each of the others its name and why it stays in the mail."""
    good: list[NewFile] = []
    refused: list[dict[str, Any]] = []
    for one in mail.files:
        new = NewFile(one.name, one.data)
        try:
            good_file(new, beside=[Beside(str(two.filename), len(two.data)) for two in good])
        except Invalid as error:
            why = error.message if isinstance(error.message, Words) else say("It was refused.")
            refused.append({"name": one.name, "why": str(why), "template": why.template, "values": why.values})
        else:
            good.append(new)
    return good, refused


def why_not(refused: dict[str, Any]) -> Words:
    """Return why a file stayed in the mail, as words that can be translated."""
    return Words(refused["template"], refused["values"])
