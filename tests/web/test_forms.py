"""What was typed is never lost: a refused form comes back with it, its errors at their fields, and nothing saved."""

from __future__ import annotations

import html
import re

import pytest

from tests.web.answers import refused_page
from tests.web.house import House


def error_at(page: str, field: str) -> str:
    """Return the error that stands at a field, as a person reads it."""
    found = re.search(rf'id="{field}-error">(.*?)</div>', page, re.DOTALL)
    assert found, f"no error at {field}"
    return html.unescape(re.sub(r"<[^>]+>|\s+", " ", found.group(1))).strip()


def value_of(page: str, field: str) -> str:
    found = re.search(rf'<input[^>]*name="{field}"[^>]*>', page)
    assert found, f"no field {field}"
    value = re.search(r'value="([^"]*)"', found.group(0))
    return html.unescape(value.group(1)) if value else ""


def version_of(client, path: str) -> str:
    return value_of(client.get(path).text, "version")


def addresses(house: House) -> dict[str, str]:
    ours = house.world.ours
    return {
        "new customer": "/customers/add",
        "customer": f"/customers/edit/{ours['customer']}",
        "new contact": "/contacts/add",
        "new direct contact": f"/contacts/add?customer_id={ours['customer']}",
        "contact": f"/contacts/edit/{ours['contact']}",
        "new invoice": "/invoices/add",
        "invoice": f"/invoices/edit/{ours['draft']}",
        "new topic": "/topics/add",
        "topic": "/topics/edit/1",
        "issuer": "/issuer/edit/1",
    }


TYPED = "Typed “and” <kept> & 'quoted'"
REFUSED = [
    ("new customer", {"account_number": "F1", "first_name": TYPED}, "first_name", {"last_name", "company_name"}),
    ("new customer", {"company_name": TYPED}, "company_name", {"account_number"}),
    ("customer", {"company_name": TYPED, "email": "a@b.example; nonsense"}, "company_name", {"email"}),
    ("customer", {"company_name": TYPED, "country": "Utopia"}, "company_name", {"country"}),
    ("new contact", {"last_name": TYPED, "email_bill_type": "short"}, "last_name", {"email"}),
    ("new contact", {"last_name": TYPED, "contact_type": "4711"}, "last_name", {"contact_type"}),
    ("new contact", {"last_name": TYPED, "contact_type": "x' OR 1=1"}, "last_name", {"contact_type"}),
    ("new contact", {"last_name": TYPED, "customer_id": "4711"}, "last_name", {"customer_id"}),
    ("new direct contact", {"first_name": TYPED}, "first_name", {"last_name"}),
    ("contact", {"last_name": TYPED, "email": "nobody"}, "last_name", {"email"}),
    ("contact", {"last_name": TYPED, "email": "", "copy_ticket_updates": "1"}, "last_name", {"email"}),
    ("contact", {"last_name": TYPED, "website": "ftp://x"}, "last_name", {"website"}),
    ("new invoice", {"purchase_order_number": TYPED}, "purchase_order_number", {"customer_id"}),
    ("invoice", {"purchase_order_number": TYPED, "invoice_date": "2026-02-01", "due_date": "2026-01-01"},
     "purchase_order_number", {"due_date"}),
    ("new topic", {"name": TYPED, "position": "many"}, "name", {"position"}),
    ("topic", {"name": TYPED, "position": "-5"}, "name", {"position"}),
    ("issuer", {"name": TYPED, "email": "x@"}, "name", {"email"}),
]  # fmt: skip


@pytest.mark.parametrize(("where", "typed", "kept", "wrong"), REFUSED)
def test_a_refused_form_comes_back_with_what_was_typed(house, where, typed, kept, wrong):
    client, path = house.browser(), addresses(house)[where]
    given = typed if "new" in where else {**typed, "version": version_of(client, path)}
    before = house.count("audit_entry")
    page = refused_page(client.post(path, data=given), 422)
    assert value_of(page, kept) == TYPED
    assert "<kept>" not in page
    for field in wrong:
        assert error_at(page, field)
    assert "data-error-summary" in page
    assert house.count("audit_entry") == before


def test_a_duplicate_comes_back_in_the_form(house):
    given = {"account_number": "NORTH-1", "company_name": "Typed again"}
    page = refused_page(house.browser().post("/customers/add", data=given), 409)
    assert value_of(page, "company_name") == "Typed again"
    assert "taken" in error_at(page, "account_number")
    page = refused_page(house.browser().post("/topics/add", data={"name": "First topic", "position": "7"}), 409)
    assert value_of(page, "position") == "7"
    assert "already" in error_at(page, "name")


def test_the_lines_of_an_invoice_come_back_as_they_were_typed(house):
    client, ours = house.browser(), house.world.ours
    given = {
        "invoice_date": "2026-03-01",
        "due_date": "2026-04-01",
        "lines-0-description": "First <line>",
        "lines-0-quantity": "two",
        "lines-0-unit_price": "1.00",
        "lines-0-tax_rate": "20",
        "lines-2-description": "Third line",
        "lines-2-quantity": "1",
        "lines-2-unit_price": "9",
        "lines-2-tax_rate": "20",
    }
    page = refused_page(client.post(f"/invoices/add?customer_id={ours['customer']}", data=given), 422)
    assert "First &lt;line&gt;" in page
    assert 'value="two"' in page
    assert "Third line" in page
    assert value_of(page, "due_date") == "2026-04-01"


def test_a_form_that_was_opened_before_somebody_elses_change_is_refused(house):
    client, number = house.browser(), house.contact(last_name="Opened", postcode="M1")
    path = f"/contacts/edit/{number}"
    version = version_of(client, path)
    saved = client.post(path, data={"last_name": "Opened", "postcode": "M2", "version": version})
    assert saved.headers["Location"] == f"/contacts/show/{number}"
    late = {"last_name": "Opened", "postcode": "M3", "address_line_1": "1 Typed Street", "version": version}
    page = refused_page(house.browser("finance").post(path, data=late), 412)
    assert value_of(page, "address_line_1") == "1 Typed Street"
    assert value_of(page, "postcode") == "M3"
    assert "Somebody else has changed this record" in page
    assert house.api()("get", f"/api/v1/contact/{number}").json["result"]["postcode"] == "M2"


def test_a_late_deletion_is_refused_too(house):
    client, number = house.browser(), house.contact(last_name="Late")
    version = version_of(client, f"/contacts/delete/{number}")
    house.api()("put", f"/api/v1/contact/{number}", json={"first_name": "A", "version": 1})
    refused_page(client.post(f"/contacts/delete/{number}", data={"version": version}), 412)
    assert client.get(f"/contacts/show/{number}").status_code == 200


@pytest.mark.parametrize("version", [None, "", "x", "-1", "1.5", "9" * 30, "٣"])
def test_a_form_without_the_version_that_it_was_opened_with_is_a_400(house, version):
    number = house.contact(last_name="Unversioned")
    given = {"last_name": "Lost", "version": version}
    client = house.browser()
    refused_page(client.post(f"/contacts/edit/{number}", data={k: v for k, v in given.items() if v is not None}), 400)
    if version:
        refused_page(client.post(f"/contacts/delete/{number}", data={"version": version}), 400)
    assert house.api()("get", f"/api/v1/contact/{number}").json["result"]["last_name"] == "Unversioned"


def test_what_a_role_may_not_set_is_shown_and_not_taken(house):
    path = f"/customers/edit/{house.world.ours['customer']}"
    before = house.api()("get", f"/api/v1/customer/{house.world.ours['customer']}").json["result"]
    client = house.browser("support")
    page = client.get(path).text
    assert "office@north.example" in page
    assert not re.search(r'name="(email|status|dealer_code|account_number|email_bill_type)"', page)
    given = {
        **{k: v for k, v in before.items() if isinstance(v, str)},
        "email": "mallory@evil.example",
        "version": before["version"],
    }
    given |= {"country": "", "first_name": "Changed"}
    assert client.post(path, data=given).status_code == 302
    after = house.api()("get", f"/api/v1/customer/{house.world.ours['customer']}").json["result"]
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"first_name", "version", "last_modified_at"}


def test_a_preset_customer_is_not_changed_by_the_form(house):
    ours, theirs = house.world.ours, house.world.theirs
    path = f"/contacts/add?customer_id={ours['customer']}"
    given = {"last_name": "Preset", "customer_id": str(theirs["customer"])}
    location = house.browser().post(path, data=given).headers["Location"]
    made = house.api()("get", f"/api/v1/contact/{location.rpartition('/')[2]}").json["result"]
    assert made["customer_id"] == ours["customer"]
    for number in ("abc", "0", "4711", "-1", "%00"):
        refused_page(house.browser().get(f"/contacts/add?customer_id={number}"), 404)


def test_a_blank_password_leaves_the_one_there_is(house):
    client, path = house.browser("support"), f"/contacts/edit/{house.world.ours['contact']}"
    page = client.get(path).text
    assert value_of(page, "account_password") == ""
    with house.session() as session:
        query = f"SELECT account_password_hash FROM contact WHERE id = {house.world.ours['contact']}"  # noqa: S608
        before = session.connection().exec_driver_sql(query).scalar_one()
        record = house.api()("get", f"/api/v1/contact/{house.world.ours['contact']}").json["result"]
        given = {name: value for name, value in record.items() if isinstance(value, str)} | {"first_name": "Blank"}
        given |= {"version": record["version"], "account_password": "", "copy_ticket_updates": "1"}
        assert client.post(path, data=given).status_code == 302
        session.rollback()
        assert session.connection().exec_driver_sql(query).scalar_one() == before
    assert before


def test_names_that_are_markup_are_text_everywhere(house):
    evil = '"><script>alert(1)</script>'
    customer = house.customer(company_name=evil, address_line_1=evil)
    contact = house.contact(last_name=evil, customer_id=customer, position=evil)
    invoice = house.invoice(customer, purchase_order_number=evil)
    client = house.browser()
    for path in (
        "/customers/list/", f"/customers/show/{customer}", f"/customers/show/{customer}?tab=invoices",
        f"/customers/edit/{customer}", f"/customers/delete/{customer}", "/contacts/list/", f"/contacts/show/{contact}",
        f"/contacts/edit/{contact}", f"/contacts/{contact}/convert-to-shared", f"/invoices/show/{invoice}",
        f"/invoices/edit/{invoice}", f"/invoices/{invoice}/send", "/invoices/list/", "/contacts/list/?q=" + evil,
        f"/contacts/add?customer_id={customer}", f"/customers/{customer}/add-shared-contact",
    ):  # fmt: skip
        page = client.get(path)
        assert page.status_code == 200, path
        assert "<script>alert" not in page.text, path
    # A page that says what was done shows the name as text too.
    version = version_of(client, f"/contacts/delete/{contact}")
    done = client.post(f"/contacts/delete/{contact}", data={"version": version}, follow_redirects=True)
    assert "&lt;script&gt;" in done.text
    assert "<script>alert" not in done.text
