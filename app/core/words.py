"""Texts for people that know how they were put together, so that the doors can translate them; the rules stay pure.

A text is English as it stands: logs, the audit trail and tests may use it as any other. A door that speaks to a person
hands it to `app.web.words.translated`, which looks the template up in the catalogue of their language. The templates
are collected from the code by the names `say` and `say_count` (`make messages`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self


class Words(str):
    """A text made of a template with `{names}` and their values. Values may be Words again.

    With `plural`, the template's form depends on `count` (ngettext's two English forms).
    """

    __slots__ = ("number", "plural", "template", "values")

    template: str
    values: Mapping[str, Any]
    plural: str | None
    number: int

    def __new__(
        cls, template: str, values: Mapping[str, Any] | None = None, *, plural: str | None = None, count: int = 1
    ) -> Self:
        """Put the English text together."""
        chosen = template if plural is None or count == 1 else plural
        made = super().__new__(cls, chosen.format_map(values) if values is not None else chosen)
        made.template = template
        made.values = dict(values or {})
        made.plural = plural
        made.number = count
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        """Become plain text where it is stored or sent to another process."""
        return str, (str(self),)


def say(template: str, /, **values: Any) -> Words:  # noqa: ANN401  whatever can be written in a text
    """Return a text for people. `template` is literal English with `{names}`; braces that stay are doubled."""
    return Words(template, values)


def say_count(singular: str, plural: str, /, count: int, **values: Any) -> Words:  # noqa: ANN401  the same
    """Return a text that depends on a number, which both templates may name as `{count}`."""
    return Words(singular, {**values, "count": f"{count:,}"}, plural=plural, count=count)


def in_a_row(texts: Iterable[str]) -> Words:
    """Return sentences one after the other, as one text."""
    values = {f"text_{number}": text for number, text in enumerate(texts)}
    return Words(" ".join(f"{{{name}}}" for name in values), values)


def said(error: Exception) -> str:
    """Return the words of an error: its first argument, as it was given, where `str()` would lose the template."""
    words = error.args[0] if error.args else ""
    return words if isinstance(words, str) else str(error)
