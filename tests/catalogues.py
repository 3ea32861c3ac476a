"""Collect the texts of the program, bring the catalogues up to date with them, and compile these: `make messages`."""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
TRANSLATIONS = ROOT / "app" / "translations"
LANGUAGES = ("de",)
# Which argument of a call is a text; with two, they are the singular and the plural.
KEYWORDS = {
    **dict.fromkeys(("say", "_", "gettext", "lazy_gettext"), None),
    **dict.fromkeys(("say_count", "ngettext", "lazy_ngettext"), (1, 2)),
}
METHODS = [("app/**.py", "python"), ("app/**/templates/**.html", "jinja2"), ("app/**/templates/**.txt", "jinja2")]
OPTIONS = {"app/**/templates/**": {"silent": "false"}}
HEADER = "# The texts of Counterpart in {language}. Written by `make messages`; the translations are by hand."


def collected() -> Catalog:
    """Return the texts that the code and the templates mark, each with the files that it stands in."""
    catalog = Catalog()
    found = extract_from_dir(ROOT / "app", METHODS_BELOW_APP, OPTIONS_BELOW_APP, KEYWORDS)
    for name, _line, text, _comments, context in found:
        if text not in ("", None):
            catalog.add(text, locations=[(f"app/{name}", 1)], context=context)
    return catalog


METHODS_BELOW_APP = [(pattern.removeprefix("app/"), method) for pattern, method in METHODS]
OPTIONS_BELOW_APP = {pattern.removeprefix("app/"): options for pattern, options in OPTIONS.items()}


def po_path(language: str) -> Path:
    """Return the file that holds the translations into a language."""
    return TRANSLATIONS / language / "LC_MESSAGES" / "messages.po"


def read(language: str) -> Catalog:
    """Return the translations into a language; an empty catalogue for a new one."""
    path = po_path(language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def brought_up_to_date(language: str) -> Catalog:
    """Return a language's catalogue with exactly the texts that are marked; what was translated stays so."""
    known = read(language)
    fresh = Catalog(locale=language, header_comment=HEADER.format(language=language), fuzzy=False)
    for message in collected():
        if message.id:
            before = known.get(message.id, message.context)
            same = before is not None and before.id == message.id
            fresh.add(message.id, before.string if same else None, sorted(set(message.locations)), flags=message.flags)
    return fresh


def as_po(catalog: Catalog) -> bytes:
    """Write a catalogue as text: sorted, without dates and line numbers, so that only what changed differs."""
    buffer = io.BytesIO()
    write_po(buffer, catalog, width=120, sort_output=True, include_lineno=False, omit_header=False)
    lines = buffer.getvalue().decode().splitlines(keepends=True)
    volatile = (
        '"POT-Creation-Date',
        '"PO-Revision-Date',
        '"Last-Translator',
        '"Generated-By',
        '"Report-Msgid',
        '"Project-Id',
    )
    return "".join(line for line in lines if not line.startswith(volatile)).encode()


def as_mo(po: bytes, language: str) -> bytes:
    """Compile a catalogue for the program; the same texts give the same bytes at any time."""
    buffer = io.BytesIO()
    catalog = read_po(io.BytesIO(po), locale=language)
    catalog.creation_date = catalog.revision_date = datetime(2000, 1, 1, tzinfo=UTC)
    write_mo(buffer, catalog)
    return buffer.getvalue()


def main() -> int:
    """Write the catalogues, and name what is not translated."""
    missing = 0
    for language in LANGUAGES:
        path = po_path(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        catalog = brought_up_to_date(language)
        po = as_po(catalog)
        path.write_bytes(po)
        path.with_suffix(".mo").write_bytes(as_mo(po, language))
        untranslated = [message for message in catalog if message.id and not is_translated(message)]
        missing += len(untranslated)
        print(f"{language}: {len(catalog)} texts, {len(untranslated)} to translate in {path.relative_to(ROOT)}")
        for message in untranslated:
            print(f"  {message.id!r}")
    return 1 if missing else 0


def is_translated(message: object) -> bool:
    """Tell whether a text has its translation, in each of its forms."""
    string = getattr(message, "string", None)
    return all(string) if isinstance(string, tuple | list) else bool(string)


if __name__ == "__main__":
    sys.exit(main())
