"""The header's search: what each reader finds, in which order, how much of it, and what hostile texts do."""

from __future__ import annotations

import re

import pytest

from app.customers.service import delete_customer
from app.web import search_registry
from tests.core import making

HOSTILE = [
    "%", "%%%", "___", "\\\\\\", "'; DROP TABLE customer; --", '"""', "\x00\x00\x00abc", "a" * 5000, "🎉🎉🎉🎉",
    "\u202eabc", "שלום עולם", "مرحبا بكم", "{{7*7}}", "<script>alert(1)</script>", "((((", "*:*",
    "a b c d e f g h i j k l m n o p",
]  # fmt: skip


@pytest.fixture
def world(app):
    """Make two dealers' customers, each with a contact, a shared contact and a sent invoice, all named Harbour."""
    making.dealers("NORTH", "SOUTH")
    made = {}
    for code in ("NORTH", "SOUTH"):
        name, address = f"Harbour {code.title()}", f"bills@harbour-{code.lower()}.example"
        customer = making.billed(f"{code}-1", address, company_name=name, dealer_code=code)
        making.contact(customer, last_name=f"Harbour{code.title()}", number_1=f"0161 496 01{len(made)}3")
        making.contact(last_name=f"HarbourShared{code.title()}", dealer_code=code)
        invoice = making.invoice(customer)
        making.send(invoice)
        made[code] = {"customer": customer, "invoice": invoice}
    return made


def found(login, name: str, text: str) -> dict[str, list[str]]:
    """Return what a reader's page shows: the texts of each group."""
    answer = login(name).get("/search/", query_string={"q": text})
    assert answer.status_code == 200
    page = answer.text[answer.text.index("<main") :]
    sections = re.findall(r'<section class="card" aria-labelledby="found-(\w+)">(.*?)</section>', page, re.DOTALL)
    return {name: re.findall(r'<a href="/\w+/show/\d+">(.*?)</a>', body) for name, body in sections}


def test_an_administrator_finds_everything(world, login):
    groups = found(login, "admin", "harbour")
    assert {name: len(rows) for name, rows in groups.items()} == {
        "customer": 2, "contact": 4, "invoice": 2, "message": 2
    }  # fmt: skip


def test_support_finds_no_invoices_nor_their_messages(world, login):
    assert set(found(login, "support", "harbour")) == {"customer", "contact"}
    assert found(login, "support", "NORTH-1/1") == {}


def test_a_dealers_staff_find_their_own(world, login):
    groups = found(login, "north_finance", "harbour")
    assert groups == {
        "customer": ["NORTH-1 Harbour North"],
        "contact": ["HarbourNorth", "HarbourSharedNorth"],
        "invoice": ["NORTH-1/1"],
        "message": ["NORTH-1/1 to bills@harbour-north.example"],
    }
    for text in ("SOUTH-1", "SOUTH-1/1", "harboursouth", "bills@harbour-south.example", "0161 496 0113"):
        assert found(login, "north_finance", text) == {}, text
    assert found(login, "north_support", "bills@harbour-north.example") == {"customer": ["NORTH-1 Harbour North"]}


@pytest.mark.parametrize(
    ("text", "group", "first"),
    [
        ("north-1", "customer", "NORTH-1 Harbour North"),
        ("north-1/1", "invoice", "NORTH-1/1"),
        ("NORTH-1/1", "invoice", "NORTH-1/1"),
        ("496 0103", "contact", "HarbourNorth"),
        ("bills@harbour-n", "customer", "NORTH-1 Harbour North"),
        ("harboursh south", None, None),
    ],
)
def test_what_was_meant_comes_first(world, login, text, group, first):
    groups = found(login, "admin", text)
    assert (next(iter(groups), None), next(iter(groups.values()), [None])[0]) == (group, first)


def test_an_exact_number_comes_before_those_that_begin_so(app, login):
    for number in ("AB10", "AB1", "AB11"):
        making.customer(number, company_name="Same")
    assert found(login, "admin", "ab1")["customer"][0] == "AB1 Same"
    making.customer("A", company_name="Short")
    assert found(login, "admin", "a") == {"customer": ["A Short"]}
    assert found(login, "admin", "sa") == {}
    assert "Type three letters or more" in login().get("/search/?q=sa").text


def test_what_is_deleted_is_not_found(world, login):
    making.run(delete_customer, customer_id=world["NORTH"]["customer"])
    groups = found(login, "admin", "north-1")
    assert set(groups) <= {"message"}
    assert found(login, "admin", "harbournorth") == {}


def test_ten_are_shown_and_the_rest_is_counted_and_led_to(app, login, monkeypatch):
    monkeypatch.setattr(search_registry, "FOUND_CAP", 12)
    for number in range(11):
        making.contact(last_name=f"Crowd{number:02}")
    page = login().get("/search/?q=crowd").text
    assert len(re.findall(r'href="/contacts/show/', page)) == 10
    assert "11 found" in page
    assert 'href="/contacts/list/?q=crowd"' in page
    making.contact(last_name="Crowd98"), making.contact(last_name="Crowd99")
    assert "more than 12" in login().get("/search/?q=crowd").text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_find_nothing_and_break_nothing(world, login, text):
    browser = login()
    for path in ("/search/", "/search/suggest", "/contacts/list/", "/invoices/list/", "/messages/list/"):
        answer = browser.get(path, query_string={"q": text})
        assert answer.status_code == 200
        assert "/show/" not in answer.text
        assert "<script>alert" not in answer.text


def test_bytes_that_are_no_text(world, login):
    assert login().get("/search/?q=%ff%fe%ed%a0%80").status_code == 200


def test_what_shows_below_the_box(world, login):
    page = login("north_finance").get("/search/suggest?q=harbour").text
    assert page.count('role="option"') == 6
    assert "South" not in page
    assert 'href="/search/?q=harbour"' in page
    assert 'role="option"' not in login().get("/search/suggest?q=ha").text
    assert "<html" not in page


def test_the_box_is_on_every_page_for_those_who_are_logged_in(app, login):
    assert 'action="/search/"' in login("auditor").get("/customers/list/").text
    assert "global-search" not in app.test_client().get("/login/").text
    assert app.test_client().get("/search/?q=abc").status_code == 302


def test_records_with_many_words_alike_hide_no_others(app, login, monkeypatch):
    monkeypatch.setattr(search_registry, "FOUND_CAP", 3)
    monkeypatch.setattr(search_registry, "REPEATED", 1)
    for name, letters in (("One", "abcdefgh"), ("Two", "y"), ("Three", "z")):
        making.contact(last_name=name, company_name=" ".join(f"Crowd{letter}" for letter in letters))
    assert sorted(found(login, "admin", "crowd")["contact"]) == ["One", "Three", "Two"]
    assert "3 found" in login().get("/search/?q=crowd").text
