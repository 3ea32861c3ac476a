"""The language that a document speaks: the words of its letterhead and foot, and the locale of its dates."""

from dataclasses import dataclass

from babel import Locale, UnknownLocaleError


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetWords:
    """The words that every sheet has; `page` is filled in."""

    vat_number: str = "VAT number"
    page: str = "Page {page} of {pages}"


SHEET_WORDS = {
    "en": SheetWords(),
    "de": SheetWords(vat_number="USt-IdNr.", page="Seite {page} von {pages}"),
    "fr": SheetWords(vat_number="N° de TVA", page="Page {page} sur {pages}"),
    "es": SheetWords(vat_number="NIF-IVA", page="Página {page} de {pages}"),
}


def spoken(language: str, country: str) -> tuple[str, Locale]:
    """Return the language with words for a reader, English where there are none, and the locale that goes with it.

    `language` is a BCP 47 tag such as "de" or "de-AT", `country` an ISO 3166 code; the tag's own country comes first.
    """
    name, _, region = language.replace("_", "-").partition("-")
    name = name.lower()
    if name not in SHEET_WORDS:
        name, region = "en", ""
    return name, locale_of(name, (region or country).upper())


def locale_of(language: str, country: str) -> Locale:
    """Return the locale of a language as a country has it; British English, or the bare language, where none has."""
    try:
        return Locale.parse(f"{language}_{country}")
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en_GB" if language == "en" else language)
