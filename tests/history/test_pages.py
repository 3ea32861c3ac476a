"""The History tab, the list of the trail and an entry's page: what people read there, and what never comes through."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime

import pytest

from app.contacts import service as contacts
from app.core import clock
from app.customers import service as customers
from app.history import panels, queries
from app.lookups import service as lookups
from tests.web.answers import refused_page

HOSTILE = '<script>alert("x")</script>'


def plain(page: str) -> str:
    """Return what a screen reader reads of a page's main part."""
    main = page[page.index("<main") :]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


def tab(house, path: str, name: str = "admin", **parameters: object) -> str:
    given = "".join(f"&{key}={value}" for key, value in parameters.items())
    answer = house.browser(name).get(f"{path}?tab=history{given}")
    assert answer.status_code == 200
    return answer.text


def fact(page: str, label: str) -> str:
    """Return the markup of the first change of a field in the tab."""
    part = page[page.index('class="history"') :]
    found = re.search(rf"<dt>{label}</dt>\s*<dd>(.*?)</dd>", part, re.DOTALL)
    assert found, label
    return re.sub(r"\s+", " ", found.group(1)).strip()


def words_of(markup: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", markup)).split())


@pytest.fixture
def customer(house):
    return house.customer(company_name="Old Mill Bakery", email="bills@mill.example", dealer_code="NORTH")


def change(house, customer_id: int, **values: object) -> None:
    house.do(customers.update_customer, customer_id=customer_id, values=values)


def test_a_text_shows_word_by_word_what_was_removed_and_added(house, customer):
    change(house, customer, company_name="Old Canal Bakery Ltd")
    markup = fact(tab(house, f"/customers/show/{customer}"), "Company Name")
    assert re.sub(r"<span[^>]*>.*?</span>", "", markup.replace('<span class="history-text">', "", 1)).startswith(
        "Old <del>Mill</del><ins>Canal</ins> Bakery<ins> Ltd</ins>"
    )
    assert words_of(markup) == "Old [removed: Mill ][added: Canal ] Bakery[added: Ltd ]"


def test_it_says_who_when_by_which_door_and_what(house, customer):
    with clock.frozen(datetime(2026, 7, 1, 12, 30, tzinfo=UTC)):
        change(house, customer, postcode="HX1 1AA")
    text = plain(tab(house, f"/customers/show/{customer}"))
    newest = text[text.index("Customer changed") :]
    # London is an hour ahead in July.
    assert newest.startswith("Customer changed admin · 1 Jul 2026, 13:30 · Screen")
    assert "Customer added" in newest


def test_names_stand_for_ids_also_of_what_is_deleted(house, customer):
    names = ("Gone status", "Kept status")
    gone, kept = (house.do(lookups.create_lookup, resource="customer_status", values={"name": name}) for name in names)
    change(house, customer, status=gone)
    change(house, customer, status=kept)
    house.do(lookups.delete_lookup, resource="customer_status", lookup_id=gone)
    for name in ("admin", "finance"):
        told = words_of(fact(tab(house, f"/customers/show/{customer}", name), "Status"))
        assert told == "[removed: Gone status ] → [added: Kept status ]"


def test_flags_are_yes_and_no_and_choices_are_words(house, customer):
    change(house, customer, email_billing=True, email_bill_type="short")
    page = tab(house, f"/customers/show/{customer}")
    assert "[removed: No ] → [added: Yes ]" in plain(page)
    assert "[removed: None ] → [added: Short ]" in plain(page)


def test_lists_say_what_was_added_and_what_removed(house):
    topics = [house.do(lookups.create_lookup, resource="topic", values={"name": f"Topic {n}"}) for n in range(3)]
    number = house.contact(last_name="Lists", contact_regarding=topics[:2])
    house.do(contacts.update_contact, contact_id=number, values={"contact_regarding": topics[1:]})
    markup = fact(tab(house, f"/contacts/show/{number}"), "Contact Regarding")
    assert words_of(markup) == "[removed: Topic 0 ] [added: Topic 2 ]"


def test_a_password_is_told_of_and_never_told(house):
    number = house.contact(last_name="Secret", account_password="planted-secret-phrase")
    house.do(contacts.update_contact, contact_id=number, values={"account_password": "planted-secret-other"})
    house.do(contacts.update_contact, contact_id=number, values={"account_password": None})
    page = tab(house, f"/contacts/show/{number}")
    part = page[page.index('class="history"') :]
    told = [words_of(one) for one in re.findall(r"<dt>Account Password</dt>\s*<dd>(.*?)</dd>", part, re.DOTALL)]
    assert told[:3] == ["Cleared", "Replaced by another one", "Set"]
    assert "planted-secret" not in page
    assert "planted-secret" not in house.browser().get("/audit/list/").text


@pytest.mark.parametrize("field", ["company_name", "address_line_1"])
def test_hostile_text_stays_text(house, field):
    number = house.customer(company_name="Plain", **({field: HOSTILE} if field != "company_name" else {}))
    change(house, number, **{field: f"{HOSTILE} {HOSTILE}"})
    change(house, number, **{field: "Calm"})
    entry = re.search(r'href="(/audit/show/\d+)"', tab(house, f"/customers/show/{number}")).group(1)
    for page in (
        tab(house, f"/customers/show/{number}"),
        house.browser().get(entry).text,
        house.browser().get("/audit/list/?q=script").text,
    ):
        assert "<script>alert" not in page
        assert "alert(" in html.unescape(page)


def test_a_customers_history_tells_of_its_links(house, customer):
    number = house.contact(last_name="Linkable", dealer_code="NORTH")
    house.do(contacts.add_shared_contact, customer_id=customer, contact_id=number)
    house.do(contacts.remove_shared_contact, customer_id=customer, contact_id=number)
    text = plain(tab(house, f"/customers/show/{customer}"))
    assert re.search(r"Shared contact removed from a customer .*? Contact: Linkable", text)
    assert re.search(r"Shared contact added to a customer .*? Contact: Linkable", text)
    # The contact's own tab tells the same from the other side, and doesn't name the contact.
    own = plain(tab(house, f"/contacts/show/{number}"))
    assert re.search(r"Shared contact added to a customer .*? Customer: T\d+ Old Mill Bakery", own)
    assert "Contact: Linkable" not in own


def test_conversion_is_told_in_plain_words_with_the_customer_by_name(house, customer):
    number = house.contact(last_name="Convert", customer_id=customer)
    house.do(contacts.convert_to_shared, contact_id=number)
    page = tab(house, f"/contacts/show/{number}")
    assert "Converted to a shared contact" in plain(page)
    assert words_of(fact(page, "Customer(?: Id)?")).startswith("[removed: T")
    # Linked to its page while there is one.
    assert f'href="/customers/show/{customer}"' in page[page.index('class="history"') :]
    house.do(customers.delete_customer, customer_id=customer)
    page = tab(house, f"/contacts/show/{number}")
    assert f'href="/customers/show/{customer}"' not in page[page.index('class="history"') :]


def test_every_kind_of_record_has_the_tab(house):
    ours = house.world.ours
    for path in (
        f"/customers/show/{ours['customer']}",
        f"/contacts/show/{ours['contact']}",
        f"/invoices/show/{ours['invoice']}",
        f"/messages/show/{ours['message']}",
        "/topics/show/1",
        "/dealers/show/1",
        "/issuer/show/1",
    ):
        for name in ("admin", "finance", "auditor"):
            page = tab(house, path, name)
            assert 'id="tab-history"' in page, path
    assert "Counterpart itself" not in plain(tab(house, f"/customers/show/{ours['customer']}"))


def test_invoice_lines_are_told_as_text(house):
    from app.invoices.service import update_invoice

    number = house.invoice(house.world.ours["customer"])
    line = {"description": "Line hire", "quantity": "3", "unit_price": "12.50", "tax_rate": "20", "reference": "0161"}
    house.do(update_invoice, invoice_id=number, values={"lines": [line]})
    told = words_of(fact(tab(house, f"/invoices/show/{number}"), "Lines"))
    assert told.startswith("description: Line [removed: rental ][added: hire ]; ")
    assert "quantity: [removed: 2 ][added: 3 ]" in told


def test_a_reason_is_shown(house):
    from app.core import audit
    from app.core.audit import Touch, Verb

    number = house.customer(company_name="Reasoned")

    def act(session, who):
        audit.record(
            session, who, verb=Verb.CUSTOMER_UPDATED, touched=[Touch("customer", number, "R")], reason="A <b>wish</b>"
        )

    house.do(act)
    page = tab(house, f"/customers/show/{number}")
    assert "Reason: A <b>wish</b>" in plain(page)
    assert "<b>wish" not in page
    assert "Reason: A <b>wish</b>" in plain(house.browser().get("/audit/list/").text)


def test_older_entries_are_a_click_away(house, monkeypatch):
    number = house.customer(company_name="Busy")
    for count in range(4):
        change(house, number, postcode=f"HX{count} 1AA")
    every = [f"HX{count}" for count in (3, 2, 1, 0)]
    trail = queries.trail
    monkeypatch.setattr(panels.queries, "trail", lambda *args, **more: trail(*args, **{"size": 2, **more}))
    page = tab(house, f"/customers/show/{number}")
    assert [code for code in every if code in page[page.index('class="history"') :]] == ["HX3", "HX2", "HX1"]
    assert "Show newest" not in page
    older = html.unescape(re.search(r'id="history-older"\s+href="([^"]+)"', page).group(1))
    second = house.browser().get(older).text
    assert "HX0" in second[second.index('class="history"') :]
    assert "Show newest" in second
    refused_page(house.browser().get(f"/customers/show/{number}?tab=history&before=x"), 400)
    refused_page(house.browser().get(f"/customers/show/{number}?tab=history&before=0"), 400)


# The list.


def rows(house, name: str = "admin", **asked: str) -> list[str]:
    page = house.browser(name).get("/audit/list/", query_string=asked).text
    return [words_of(row) for row in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)[1:]]


def test_the_list_is_narrowed_by_each_filter(house, customer):
    change(house, customer, postcode="HX9 9ZZ")
    assert any(row.startswith("Logged in") for row in rows(house))
    assert not any("Logged in" in row for row in rows(house, "finance"))
    assert all(row.startswith("Customer changed") for row in rows(house, verb="customer:updated"))
    assert all("Customer:" in row for row in rows(house, resource="customer"))
    assert all("User:" in row for row in rows(house, resource="user"))
    assert rows(house, "finance", resource="user") == []
    assert rows(house, q="mill bak")
    assert all("Mill Bakery" in row for row in rows(house, q="mill bak"))
    assert rows(house, q="mill bak", resource="contact") == []
    assert rows(house, user="admin")
    assert rows(house, user="nobody-like-that") == []
    assert all("Screen" in row for row in rows(house, door="screen"))
    assert rows(house, door="import") == []
    assert rows(house, verb="customer:updated", user="admin", door="screen")
    assert len(rows(house, verb="customer:updated", user="finance")) == 0


def test_the_list_is_narrowed_by_local_days(house, customer):
    # Half past eleven at night in London's summer: the next day in UTC it is not yet.
    with clock.frozen(datetime(2031, 7, 1, 22, 30, tzinfo=UTC)):
        change(house, customer, postcode="LATE1")
    with clock.frozen(datetime(2031, 7, 1, 23, 30, tzinfo=UTC)):
        change(house, customer, postcode="LATE2")
    assert len(rows(house, **{"from": "2031-07-01", "to": "2031-07-01"})) == 1
    assert len(rows(house, **{"from": "2031-07-02"})) == 1
    assert len(rows(house, **{"from": "2031-07-01"})) == 2
    assert rows(house, **{"from": "2031-07-03"}) == []
    assert rows(house, to="2001-01-01") == []
    assert rows(house, to="2030-01-01")


@pytest.mark.parametrize(
    "asked",
    [
        {"verb": "customer:teleported"},
        {"door": "window"},
        {"from": "yesterday"},
        {"to": "0001-01-01"},
        {"before": "-1"},
    ],
)
def test_what_cannot_be_read_is_refused(house, asked):
    refused_page(house.browser().get("/audit/list/", query_string=asked), 400)


def test_filters_offer_what_the_reader_may_see(house):
    page = house.browser("support").get("/audit/list/").text
    assert 'value="contact:created"' in page
    assert 'value="invoice:created"' not in page
    assert 'value="user:logged_in"' not in page
    assert '<option value="invoice"' not in page
    assert 'value="user:logged_in"' in house.browser().get("/audit/list/").text


def test_the_lists_pages_follow_each_other_and_keep_the_filters(house):
    for _ in range(51):
        house.customer(company_name="Paged & counted")
    page = house.browser().get("/audit/list/?q=Paged+%26&verb=customer:created").text
    assert page.count('class="row-link"') == 50
    older = html.unescape(re.search(r'id="history-older"\s+href="([^"]+)"', page).group(1))
    second = house.browser().get(older).text
    assert second.count('class="row-link"') == 1
    assert 'id="history-newest"' in second
    assert 'value="Paged &amp;"' in second


def test_an_entrys_page_shows_all_that_is_in_sight(house):
    number = house.contact(last_name="Paged", dealer_code="NORTH")
    house.do(contacts.add_shared_contact, customer_id=house.world.theirs["customer"], contact_id=number)
    page = house.browser("north_finance").get("/audit/list/?q=Paged&verb=customer:shared_contact_added").text
    url = re.search(r'class="row-link" href="([^"]+)"', page).group(1)
    text = plain(house.browser("north_finance").get(url).text)
    assert "Contact: Paged" in text
    assert "and 1 other out of your sight" in text
    assert "South" not in text
    full = plain(house.browser("finance").get(url).text)
    assert "SOUTH-1" in full
    assert "out of your sight" not in full
    refused_page(house.browser().get("/audit/show/999999"), 404)
    refused_page(house.browser().get("/audit/show/x"), 404)


def test_nobody_changes_the_trail_on_a_screen(house):
    for path in ("/audit/add", "/audit/edit/1", "/audit/delete/1"):
        assert house.browser().get(path).status_code == 404
        assert house.browser().post(path).status_code == 404
    assert house.browser().post("/audit/show/1").status_code == 405
