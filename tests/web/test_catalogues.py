"""The catalogues: they have every text of the program, whole, and the compiled ones are theirs."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from app.web.languages import LOCALES
from app.web.script_words import SCRIPT_WORDS
from tests.catalogues import LANGUAGES, ROOT, as_mo, as_po, brought_up_to_date, collected, is_translated, po_path, read

ADVICE = "run `make messages`, and translate what it names"
BRACES = re.compile(r"\{\w*\}")
PERCENT = re.compile(r"%\(\w+\)[sd]")
MARKUP = re.compile(r"</?\w|&\w+;")


def texts(message, side):
    value = message.id if side == "id" else message.string
    return list(value) if isinstance(value, tuple | list) else [value]


@pytest.fixture(scope="module", params=LANGUAGES)
def catalog(request):
    return read(request.param)


def test_each_language_but_english_has_a_catalogue():
    assert set(LANGUAGES) | {"en"} == set(LOCALES)


def test_a_text_of_the_program_is_in_the_catalogue(catalog):
    marked = {message.id for message in collected() if message.id}
    known = {message.id for message in catalog if message.id}
    assert len(marked) > 500
    assert marked - known == set(), ADVICE
    assert known - marked == set(), ADVICE


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogue_is_as_the_command_writes_it(language):
    assert po_path(language).read_bytes() == as_po(brought_up_to_date(language)), ADVICE


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_the_written_one(language):
    path = po_path(language)
    assert path.with_suffix(".mo").read_bytes() == as_mo(path.read_bytes(), language), ADVICE


def test_every_text_is_translated(catalog):
    assert [message.id for message in catalog if message.id and not is_translated(message)] == []
    assert [message.id for message in catalog if message.id and message.fuzzy] == []
    assert list(catalog.obsolete) == []


def test_a_translation_names_the_values_that_the_text_names(catalog):
    wrong = []
    for message in catalog:
        if not message.id:
            continue
        wanted = [{*BRACES.findall(text), *PERCENT.findall(text)} for text in texts(message, "id")]
        for text in texts(message, "string"):
            given = {*BRACES.findall(text), *PERCENT.findall(text)}
            # A singular may leave its number out: "a second", "ein Kontakt".
            if given not in wanted or (len(wanted) == 1 and given != wanted[0]):
                wrong.append((message.id, text))
    assert wrong == []


def test_a_percent_sign_is_doubled_where_values_are_filled_in_by_it(catalog):
    def single(text):
        return text.replace("%%", "").count("%") - len(PERCENT.findall(text))

    wrong = [
        (message.id, text)
        for message in catalog
        for text in texts(message, "string")
        if message.id and PERCENT.search(texts(message, "id")[0]) and single(text)
    ]
    assert wrong == []


def test_a_translation_brings_no_markup(catalog):
    wrong = [text for message in catalog if message.id for text in texts(message, "string") if MARKUP.search(text)]
    assert wrong == []
    assert [one for message in catalog if message.id for one in texts(message, "id") if MARKUP.search(one)] == []


def test_a_sentence_ends_as_its_text_does(catalog):
    wrong = []
    for message in catalog:
        for english, own in zip(texts(message, "id"), texts(message, "string"), strict=False):
            ends = [text[-1] if text and text[-1] in ".?:…" else "" for text in (english, own)]
            if message.id and ends[0] != ends[1]:
                wrong.append((english, own))
    assert wrong == []


def test_german_speaks_to_people_politely():
    rude = re.compile(r"\b(du|dein|deine|deinen|deiner|dir|dich|euch|euer)\b", re.IGNORECASE)
    said = [text or "" for message in read("de") if message.id for text in texts(message, "string")]
    assert [text for text in said if rude.search(text)] == []


def test_what_scripts_say_is_on_the_page(house):
    asked = Counter(
        text
        for path in (ROOT / "app/web/static/js").glob("*.js")
        for text in re.findall(r'\bsay\("([^"]+)"', path.read_text(encoding="utf-8"))
    )
    assert asked.keys() == {str(words) for words in SCRIPT_WORDS}
    client = house.app.test_client()
    client.post("/language", data={"language": "de"})
    page = client.get("/login/").text
    assert "Suche l\\u00e4uft" in page or "Suche läuft" in page
