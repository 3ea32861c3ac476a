"""Where lists and tabs lead: a list to its trash, and a tab that shows the first rows to the list of them all."""

from __future__ import annotations

import re

import pytest

from app.mailer.screens import panels as mailer_panels
from app.web import panels
from tests.core import making


def links(page: str) -> list[str]:
    """Return where the links of a page's main part lead."""
    return [one.replace("&amp;", "&") for one in re.findall(r'href="([^"]+)"', page[page.index("<main") :])]


@pytest.mark.parametrize(
    ("who", "path", "leads"),
    [
        ("admin", "contacts", "contact"),
        ("admin", "customers", "customer"),
        ("admin", "invoices", "invoice"),
        ("admin", "topics", "topic"),
        ("auditor", "contacts", "contact"),
        ("finance", "contacts", "contact"),
        ("finance", "topics", None),
        ("support", "customers", None),
    ],
)
def test_a_list_leads_to_its_trash_for_those_who_may_look_into_it(app, login, who, path, leads):
    browser = login(who)
    found = [one for one in links(browser.get(f"/{path}/list/").text) if one.startswith("/trash/")]
    assert found == ([f"/trash/?kind={leads}"] if leads else [])
    for one in found:
        assert browser.get(one).status_code == 200


@pytest.fixture
def short_tabs(monkeypatch):
    for module in (panels, mailer_panels):
        monkeypatch.setattr(module, "TAB_ROWS", 1)


def shown(browser, url: str, kind: str) -> int:
    answer = browser.get(url)
    assert answer.status_code == 200, url
    return len(set(re.findall(rf'class="row-link" href="(/{kind}/show/\d+)"', answer.text)))


def test_tabs_lead_to_the_whole_list(app, login, short_tabs):
    customer, other = making.billed("A-1"), making.billed("B-1", "other@b.example")
    contact = making.contact(customer, last_name="Reader", email="reader@a.example", email_bill_type="short")
    invoices = [making.invoice(one) for one in (customer, customer, other)]
    for invoice in invoices:
        making.send(invoice)
    browser = login("finance")
    for page, kind, query, rows in (
        (f"/customers/show/{customer}?tab=invoices", "invoices", f"customer_id={customer}", 2),
        (f"/customers/show/{customer}?tab=messages", "messages", f"customer_id={customer}", 4),
        (f"/contacts/show/{contact}?tab=messages", "messages", f"contact_id={contact}", 2),
        (f"/invoices/show/{invoices[0]}?tab=messages", "messages", "document_kind=invoice&q=A-1/1", 2),
    ):
        found = [one for one in links(browser.get(page).text) if one.startswith(f"/{kind}/list/?")]
        assert found == [f"/{kind}/list/?{query}"], page
        assert shown(browser, found[0], kind) == rows, page
    assert browser.get("/messages/list/?contact_id=999999").status_code == 404


def test_messages_of_a_contact_out_of_sight_are_not_asked_for(app, login):
    making.dealers("NORTH", "SOUTH")
    contact = making.contact(making.customer("S-1", dealer_code="SOUTH"), last_name="Theirs")
    assert login("north_finance").get(f"/messages/list/?contact_id={contact}").status_code == 404
    assert "Theirs" not in login("north_finance").get("/pickers/contact?q=theirs").text
    assert "Theirs" in login("finance").get("/pickers/contact?q=theirs").text


@pytest.mark.parametrize(
    ("who", "path", "offered"),
    [
        ("finance", "contacts", True),
        ("support", "contacts", True),
        ("auditor", "contacts", False),
        ("finance", "customers", True),
        ("support", "customers", False),
        ("finance", "topics", False),
    ],
)
def test_a_list_offers_to_delete_a_row_to_those_who_may(app, login, who, path, offered):
    making.contact(making.customer("DEL-1"), last_name="Row")
    browser = login(who)
    found = [one for one in links(browser.get(f"/{path}/list/").text) if one.startswith(f"/{path}/delete/")]
    assert bool(found) is offered
    for one in found:
        assert browser.get(one).status_code == 200
