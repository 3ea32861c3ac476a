"""What a mail says of its own: the mail that it quotes below, or above, is cut off, line by line."""

from __future__ import annotations

import re

# A quoted header of Outlook's kind: so many fields within so many lines.
_HEADER_LINES = 8
_HEADER_FIELDS = 3
# The line that says who wrote what follows is broken over so many lines at most.
_ATTRIBUTION_LINES = 4
_MAX_LINE = 1000
_FIRST_FIELD = re.compile(r"[\s*_]*(from|von|de|da|van|fra|från|od|lähettäjä)[\s*]*:", re.IGNORECASE)
_FIELD = re.compile(
    r"[\s*_]*(from|von|de|da|van|fra|från|od|lähettäjä|sent|gesendet|date|datum|data|fecha|dato|skickat|envoyé|enviado"
    r"|inviato|verzonden|lähetetty|to|an|à|para|a|aan|til|till|do|cc|kopie|subject|betreff|objet|asunto|oggetto"
    r"|onderwerp|emne|ämne|temat|aihe)[\s*]*:",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"\s*-{2,} ?(original message|ursprüngliche (nachricht|e-mail)|original-?nachricht|message d'origine"
    r"|mensaje original|messaggio originale|oorspronkelijk bericht|ursprungligt meddelande) ?-{2,}\s*",
    re.IGNORECASE,
)
_RULE = re.compile(r"\s*_{5,}\s*")
_WROTE = re.compile(
    r"\b(wrote|schrieb|écrit|escribió|escreveu|scritto|schreef|skrev|napisał\(?a?\)?|kirjoitti)\b[^:]{0,200}:\s*",
    re.IGNORECASE,
)
_ON = re.compile(r"\s*(on|am|le|el|il|op|em|den|dnia|w dniu|\d)\b", re.IGNORECASE)


def own_words(text: str) -> str:
    """Return what a mail says without the mail that it answers; empty where it says nothing else.

    Answers between quoted lines stay with what they answer. The time that it takes grows with the text's length alone.
    """
    lines = text.split("\n")
    end = _start_of_original(lines)
    if end == 0:
        # Nothing but another mail: it was handed on, and that is what it says.
        return text.strip()
    kept = _without_quote_below(lines[:end])
    return "\n".join(_without_quote_above(kept)).strip()


def _start_of_original(lines: list[str]) -> int:
    """Return at which line a mail begins that is quoted with its header; the number of lines where none does."""
    for number, line in enumerate(lines):
        found = bool(_ORIGINAL.fullmatch(line[:_MAX_LINE]))
        if not found and _FIRST_FIELD.match(line):
            fields = sum(1 for one in lines[number : number + _HEADER_LINES] if _FIELD.match(one))
            found = fields >= _HEADER_FIELDS
        if found:
            return _before_rule(lines, number)
    return len(lines)


def _before_rule(lines: list[str], end: int) -> int:
    """Take along blank lines, and the ruled line that Outlook puts above a quoted header."""
    while end and (not lines[end - 1].strip() or _RULE.fullmatch(lines[end - 1][:_MAX_LINE])):
        end -= 1
    return end


def _is_quoted(line: str) -> bool:
    return line.lstrip().startswith(">")


def _without_quote_below(lines: list[str]) -> list[str]:
    end = len(lines)
    while end and (not lines[end - 1].strip() or _is_quoted(lines[end - 1])):
        end -= 1
    if not any(_is_quoted(line) for line in lines[end:]):
        return lines
    return lines[: end - _attribution_above(lines, end)]


def _attribution_above(lines: list[str], end: int) -> int:
    """Return how many lines before one say who wrote what follows: "On Monday Jo wrote:"."""
    for count in range(1, _ATTRIBUTION_LINES + 1):
        if count > end or not lines[end - count].strip() or _is_quoted(lines[end - count]):
            return 0
        said = " ".join(line[:_MAX_LINE] for line in lines[end - count : end])
        if _WROTE.search(said) and said.rstrip().endswith(":"):
            return count + _began_above(lines, end - count)
    return 0


def _began_above(lines: list[str], first: int) -> int:
    """Return how many lines more belong to a sentence whose beginning, "On Monday", was broken off."""
    if _ON.match(lines[first]):
        return 0
    for count in range(1, _ATTRIBUTION_LINES):
        at = first - count
        if at < 0 or not lines[at].strip() or _is_quoted(lines[at]):
            return 0
        if _ON.match(lines[at]):
            return count
    return 0


def _without_quote_above(lines: list[str]) -> list[str]:
    """Take off a quote at the beginning, unless there is another after it: then the answers stand between."""
    quoted = [number for number, line in enumerate(lines) if _is_quoted(line)]
    if not quoted:
        return lines
    first, last = quoted[0], quoted[-1]
    end = _filled_end(lines, first)
    opening = lines[: end - _attribution_above(lines, end)]
    together = all(not line.strip() or _is_quoted(line) for line in lines[first : last + 1])
    if together and not any(line.strip() for line in opening):
        return lines[last + 1 :]
    return lines


def _filled_end(lines: list[str], end: int) -> int:
    while end and not lines[end - 1].strip():
        end -= 1
    return end
