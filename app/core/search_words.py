"""What is searched by: words without case and accents, whole addresses, numbers, and phone numbers from their end."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

# A longer word is found by its beginning, a record with more words by the first of them: names, numbers and a field
# full of mail addresses (2,000 characters) fit, however oddly they are written.
TERM_LENGTH = 64
MAX_TERMS = 2_500
MAX_ASKED = 8
MIN_LETTERS = 3
MIN_DIGITS = 3
# Enough to tell a phone number, and few enough to leave out how a country is dialled: +44 161… and 0161… end alike.
PHONE_DIGITS = 9

NUMBER_MARK = "="
PHONE_MARK = "#"

# Letters that Unicode doesn't take apart: the i without its dot, and the apostrophe that word processors write.
_PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "\u0131": "i", "æ": "ae", "œ": "oe", "þ": "th", "\u2019": "'"}
)
_PIECE = re.compile(r"[^\W_]+")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_PHONE = re.compile(r"\+?[\d\s()./-]+")


@dataclass(frozen=True, slots=True)
class Asked:
    """A search, read: each of `words` begins a word of the record, or else all of it is the end of a phone number.

    `number` is the whole text, as an account's or a document's number is compared. `phone` is reversed.
    """

    words: tuple[str, ...]
    number: str
    phone: str

    @property
    def is_long_enough(self) -> bool:
        """Tell whether it says enough to search everything by."""
        return bool(self.phone) or any(len(word) >= MIN_LETTERS for word in self.words)


def fold(text: str) -> str:
    """Return a text without case, accents and invisible marks."""
    if text.isascii() and text.isprintable():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN)).casefold()
    return "".join(letter for letter in plain if unicodedata.category(letter) not in {"Mn", "Cf", "Cc", "Cs", "Co"})


def words_of(text: str | None) -> list[str]:
    """Return what a name or an address line is found by: its words, and from each part of Smith-O'Neill on."""
    found = []
    for chunk in _chunks(text or ""):
        for piece in _PIECE.finditer(chunk):
            rest = chunk[piece.start() :]
            found += [rest, "".join(_PIECE.findall(rest))]
    return found


def address_words(address: str) -> list[str]:
    """Return what a mail address is found by: the whole of it, its domain, and the parts before the @."""
    whole = fold(address.strip())
    local, _, domain = whole.rpartition("@")
    return [whole, domain, *words_of(local)]


def phone_terms(numbers: Iterable[str | None]) -> list[str]:
    """Return what phone numbers are found by: their digits, the last first."""
    return [PHONE_MARK + digits[::-1] for digits in map(_digits, numbers) if len(digits) >= MIN_DIGITS]


def number_terms(number: str | None) -> list[str]:
    """Return what an account's or a document's number is found by: its words, and the whole for an exact hit."""
    return [NUMBER_MARK + _whole(number), *words_of(number)] if number else []


def kept(terms: Iterable[str]) -> frozenset[str]:
    """Return terms as they are kept: each once, none empty, of bounded length and number."""
    unique = dict.fromkeys(term[:TERM_LENGTH] for term in terms if term)
    return frozenset(list(unique)[:MAX_TERMS])


def asked(text: str) -> Asked:
    """Read what somebody typed into a search box."""
    chunks = dict.fromkeys(chunk[:TERM_LENGTH] for chunk in _chunks(text))
    digits = _digits(text) if _PHONE.fullmatch(text.strip()) else ""
    phone = digits[-PHONE_DIGITS:][::-1] if len(digits) >= MIN_DIGITS else ""
    return Asked(tuple(chunks)[:MAX_ASKED], _whole(text)[: TERM_LENGTH - 1], phone)


def _chunks(text: str) -> list[str]:
    """Split at space; commas and the like at the ends of a word are none of it."""
    return [word for word in (_EDGES.sub("", part) for part in fold(" ".join(text.split())).split()) if word]


def _whole(text: str | None) -> str:
    return " ".join(fold(text or "").split())


def _digits(text: str | None) -> str:
    return "".join(str(unicodedata.digit(one)) for one in text or "" if one.isdigit())
