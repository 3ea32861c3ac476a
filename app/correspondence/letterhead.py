"""A letter on paper: the issuer's letterhead, the customer's address, and the Markdown of its text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from babel.dates import format_date

from app.paper.issuer import IssuerDetails
from app.paper.pages import Cover, printed
from app.paper.prose import prose
from app.paper.speech import SHEET_WORDS, spoken


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterWords:
    """The labels of a letter in one language."""

    number: str = "Our reference"
    letter_date: str = "Date"
    account: str = "Account"


_WORDS = {
    "en": LetterWords(),
    "de": LetterWords(number="Unser Zeichen", letter_date="Datum", account="Kundenkonto"),
    "fr": LetterWords(number="Notre référence", account="Compte client"),
    "es": LetterWords(number="Nuestra referencia", letter_date="Fecha", account="Cuenta de cliente"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterSheet:
    """What stands on a letter; `body` is Markdown whose placeholders are filled in."""

    number: str
    letter_date: date
    subject: str
    body: str
    customer_name: str
    customer_address: tuple[str, ...]
    account_number: str


def letter_pdf(letter: LetterSheet, issuer: IssuerDetails, *, language: str, country: str) -> bytes:
    """Return a letter as a PDF (A4, fonts embedded); the same input gives the same bytes.

    `language` is a BCP 47 tag, `country` an ISO 3166 code. Raises ValueError when the issuer's logo can't be read.
    """
    name, locale = spoken(language, country)
    words, sheet = _WORDS[name], SHEET_WORDS[name]
    cover = Cover(
        title=letter.subject,
        issuer=issuer,
        customer_name=letter.customer_name,
        customer_address=letter.customer_address,
        facts=[
            (words.number, letter.number),
            (words.letter_date, date_in(letter.letter_date, language=language, country=country)),
            (words.account, letter.account_number),
        ],
        vat_label=sheet.vat_number,
        page=sheet.page,
        locale=locale,
    )
    return printed(cover, [prose(letter.body)])


def date_in(day: date, *, language: str, country: str) -> str:
    """Return a date in words, as a language writes it."""
    return format_date(day, "long", locale=spoken(language, country)[1])
