"""No page says what no catalogue could say: walked with one that puts marks around all that it gives."""

from __future__ import annotations

import re

import flask_babel
import pytest
from flask_babel import get_locale
from sqlalchemy import MetaData, select

from app.extensions import db
from app.web.formats import code_names
from tests.web.test_pages import every_page
from tests.web.unmarked import Marked, unmarked_texts

# Names that are the same in every language; dates as the reader's locale writes them.
NAMES = ["Counterpart", "English", "Deutsch", "User", "CSV", "XLSX", "PDF"]
DATE = re.compile(r"\d{1,2} [A-Z][a-z]{2,3} \d{4}(, \d{2}:\d{2})?|\d{4}-\d{2}-\d{2}T[\d:.]+Z?")
# Swagger draws its page itself.
NOT_OURS = ("/swagger/",)


def data_of(house):
    """Return all texts that the database holds."""
    with house.session() as session:
        metadata = MetaData()
        metadata.reflect(db.engine)
        values = {
            value
            for table in metadata.sorted_tables
            if not table.name.startswith("search_")
            for row in session.execute(select(table))
            for value in row
            if isinstance(value, str) and value.strip()
        }
    words = {word for value in values for word in re.split(r"[\s,]+", value) if "@" in word or len(word) > 3}
    return values | words


def names_of_codes(house):
    """Return what English calls the countries, currencies and languages: names that no catalogue of ours gives."""
    with house.app.test_request_context("/"):
        return {name for source in ("country", "currency", "language") for name in code_names(source).values()}


@pytest.fixture
def marked(monkeypatch):
    monkeypatch.setattr(flask_babel.Domain, "get_translations", lambda _self: Marked())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["admin", "support"])
def test_every_page_says_what_can_be_translated(house, marked, name):
    known = data_of(house) | names_of_codes(house)
    client = house.new_browser(name)
    found = {}
    for path in every_page(house):
        if path.startswith(NOT_OURS):
            continue
        answer = client.get(path)
        if answer.status_code == 200:
            left = unmarked_texts(DATE.sub(" ", answer.text), {*known, *NAMES})
            if left:
                found[path] = sorted(set(left))
    assert found == {}


BAD = {
    "email": "nobody at all",
    "website": "not an address",
    "country": "ZZ",
    "currency": "ZZZ",
    "language": "qq",
    "email_bill_type": "huge",
    "dealer_code": "NOBODY",
    "first_name": "x" * 81,
    "title": "999999",
    "number_1": "\x00",
    "invoice_date": "yesterday",
    "due_date": "1066-10-14",
    "position": "many",
    "lines-0-quantity": "a few",
    "lines-0-tax_rate": "200",
    "lines-1-description": "x" * 201,
}


@pytest.mark.parametrize("path", ["/customers/add", "/contacts/add", "/invoices/add", "/topics/add", "/dealers/add"])
def test_what_a_form_refuses_is_said_in_words_that_can_be_translated(house, marked, path):
    answer = house.browser().post(path, data=BAD)
    assert answer.status_code == 422
    assert "field-error" in answer.text
    known = {*data_of(house), *names_of_codes(house), *NAMES, *BAD.values()}
    assert unmarked_texts(DATE.sub(" ", answer.text), known) == []


@pytest.mark.parametrize("path", ["/nope", "/customers/show/999999", "/customers/list/?order=nope", "/lang/de"])
def test_a_page_that_refuses_is_said_in_words_that_can_be_translated(house, marked, path):
    answer = house.browser().get(path)
    assert answer.status_code >= 400
    assert unmarked_texts(answer.text, {*data_of(house), *NAMES}) == []


def test_what_rest_refuses_is_said_in_words_that_can_be_translated(house, marked):
    call = house.api()
    answers = [
        call("post", "/api/v1/customer/", json={**BAD, "nope": 1}),
        call("post", "/api/v1/contact/", json=BAD),
        call("post", "/api/v1/invoice/", json={"customer_id": 999999, "lines": [{"quantity": "x", "nope": 1}, 7]}),
        call("get", "/api/v1/customer/?q=((("),
        call("get", "/api/v1/customer/?q=(order_column:nope)"),
        call("get", "/api/v1/customer/?q=(filters:!((col:nope,opr:eq,value:1)))"),
        call("put", f"/api/v1/customer/{house.world.ours['customer']}", json={}),
        call("put", f"/api/v1/customer/{house.world.ours['customer']}", json={"version": 999}),
        call("delete", "/api/v1/topic/999999"),
        house.api("auditor")("delete", "/api/v1/topic/1"),
        house.api("")("get", "/api/v1/topic/1"),
    ]
    bare = [
        text
        for answer in answers
        for text in [answer.json["message"], *(one for texts in answer.json["errors"].values() for one in texts)]
        if not text.startswith("⟦")
    ]
    assert [answer.status_code for answer in answers if answer.status_code < 400] == []
    assert bare == []


def test_a_text_that_is_not_marked_is_found():
    assert unmarked_texts("<p>Hello</p><p>⟦Hello⟧ Ann</p><b aria-label='Close'></b>", ["Ann"]) == ["Hello", "Close"]
    assert unmarked_texts("<p>⟦Delete ⟦Customer⟧ Ann⟧</p><script>Hello</script>", []) == []


@pytest.mark.slow
def test_german_lacks_no_text_that_a_page_asks_for(house, monkeypatch):
    """Flask-AppBuilder's own texts too, which no extraction of ours sees."""
    lacking = set()
    given = flask_babel.Domain.get_translations

    def noting(domain):
        translations = given(domain)
        if get_locale().language != "de" or hasattr(translations, "noted"):
            return translations
        translations.noted = True
        known = translations._catalog

        def look_up(text):
            # Flask-AppBuilder looks up some of its menu twice, the second time in German.
            if text not in known and text not in known.values():
                lacking.add(str(text))
            return known.get(text, text)

        translations.ugettext = translations.gettext = look_up
        return translations

    monkeypatch.setattr(flask_babel.Domain, "get_translations", noting)
    for name in ("admin", "support", "auditor"):
        client = house.new_browser(name)
        client.post("/language", data={"language": "de"})
        for path in every_page(house):
            client.get(path)
        client.post("/language", data={"language": "en"})
    house.app.extensions["babel"].instance.domain_instance.cache.clear()
    own = {str(text) for text in data_of(house)}
    # Sentences one after the other are looked up one by one.
    assert {text for text in lacking - own if not text.startswith("{text_0}")} == set()
