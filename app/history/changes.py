"""What changed on a record, as people read it: names for ids, words for flags, and texts compared word by word."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.core.fields import Choice, Code, Date, Field, Ordered, Reference, References, Secret, Text
from app.core.models import AuditRecord
from app.core.words import Words, say
from app.history.rules import Part, word_difference
from app.history.subjects import Names, field_of, subject_of
from app.web.display import NAMED_CODES, choice_words, moment, option_words
from app.web.formats import code_name, date_text
from app.web.words import translated

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}")
_WORD = re.compile(r"[a-z]+(_[a-z]+)*")
# What stands in the trail where a secret was.
_IS_SET = "set"

SECRETS: Mapping[tuple[bool, bool], Words] = {
    (False, True): say("Set"),
    (True, True): say("Replaced by another one"),
    (True, False): say("Cleared"),
}
UNNAMED = say("one out of your sight, or gone")


@dataclass(frozen=True, slots=True)
class Change:
    """A changed field: in words, as parts of a text, as what a list lost and gained, or as what was and what is."""

    label: str
    said: str = ""
    parts: tuple[Part, ...] = ()
    removed: tuple[Any, ...] = ()
    added: tuple[Any, ...] = ()
    before: Any = None
    after: Any = None


def referred_to(records: Iterable[AuditRecord]) -> Iterator[tuple[str, int]]:
    """Give the resource and id of each record that changes refer to, so that their names are loaded at once."""
    for record in records:
        for name, pair in record.changes.items():
            kind = field_of(record, name)
            if isinstance(kind, Reference | References):
                for value in pair:
                    ids = value if isinstance(value, list) else [value]
                    yield from ((kind.resource, one) for one in ids if isinstance(one, int))


def shown_changes(record: AuditRecord, names: Names) -> list[Change]:
    """Return what changed on a record, in the order of its page."""
    subject = subject_of(record.resource)
    places = {name: place for place, name in enumerate(subject.fields)} if subject else {}
    fields = sorted(record.changes, key=lambda name: (places.get(name, len(places)), name))
    return [_change(record, name, subject.label_of(name) if subject else name, names) for name in fields]


def _change(record: AuditRecord, name: str, label: str, names: Names) -> Change:
    before, after = record.changes[name]
    kind = field_of(record, name)
    if _is_secret(kind, before, after):
        return Change(label, said=SECRETS.get((before is not None, after is not None), SECRETS[True, True]))
    if isinstance(kind, References):
        return _list_change(label, kind, before or [], after or [], names)
    if isinstance(kind, Ordered):
        return Change(label, before=_in_order(kind, before), after=_in_order(kind, after))
    if _is_text(kind, before, after):
        return _text_change(label, _text(before), _text(after))
    return Change(label, before=_shown(kind, before, names), after=_shown(kind, after, names))


def _list_change(label: str, kind: References, before: list[int], after: list[int], names: Names) -> Change:
    def named(ids: Iterable[int]) -> tuple[Any, ...]:
        return tuple(names.get((kind.resource, one), UNNAMED) for one in ids)

    return Change(
        label,
        removed=named(one for one in before if one not in after),
        added=named(one for one in after if one not in before),
    )


def _in_order(kind: Ordered, value: object) -> str:
    """Return words in their order as people read them; one that isn't known any more shows itself."""
    known = {option.value: translated(option_words(option)) for option in kind.options}
    return ", ".join(known.get(str(one), str(one)) for one in value) if isinstance(value, list) else ""


def _text_change(label: str, before: str, after: str) -> Change:
    if before and after:
        return Change(label, parts=tuple(word_difference(before, after)))
    return Change(label, before=before or None, after=after or None)


def _is_secret(kind: Field | None, before: object, after: object) -> bool:
    """Tell whether a change is one of a secret, of which the trail keeps only whether there is one."""
    return isinstance(kind, Secret) or (kind is None and all(one in (_IS_SET, None) for one in (before, after)))


def _is_text(kind: Field | None, before: object, after: object) -> bool:
    """Tell whether a change is one of words, to be compared: of text that people typed, or of rows of it."""
    if isinstance(kind, Text) and not isinstance(kind, Code):
        return True
    values = [one for one in (before, after) if one is not None]
    if any(isinstance(one, list | dict) for one in values):
        return True
    return kind is None and all(isinstance(one, str) and not _is_plain(one) for one in values)


def _is_plain(text: str) -> bool:
    return bool(_MOMENT.match(text) or _WORD.fullmatch(text))


def _text(value: object) -> str:
    """Write a value out: a list a line each, a row of fields as names and values."""
    if isinstance(value, list):
        return "\n".join(_text(one) for one in value)
    if isinstance(value, Mapping):
        return "; ".join(
            f"{name.replace('_', ' ')}: {_text(one)}" for name, one in value.items() if one not in (None, "")
        )
    return "" if value is None else str(value)


def _shown(kind: Field | None, value: object, names: Names) -> object:
    """Return a value as people read it; what can't be read as its field's type shows itself."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return say("Yes") if value else say("No")
    if isinstance(kind, Reference):
        return names.get((kind.resource, value), UNNAMED) if isinstance(value, int) else str(value)
    with contextlib.suppress(ValueError, TypeError):
        return _of_kind(kind, value)
    return str(value)


def _of_kind(kind: Field | None, value: object) -> object:
    if not isinstance(value, str):
        return value
    if isinstance(kind, Choice):
        return choice_words(kind, value)
    if isinstance(kind, Code):
        return code_name(kind.source, value) if kind.source in NAMED_CODES else value
    if isinstance(kind, Date):
        return date_text(date.fromisoformat(value))
    if _MOMENT.match(value):
        return moment(datetime.fromisoformat(value))
    if kind is None and _WORD.fullmatch(value):
        return value.replace("_", " ").capitalize()
    return value
