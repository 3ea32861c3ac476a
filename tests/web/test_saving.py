"""Where saving leads, and what nobody can delete."""

from __future__ import annotations

from app.access.models import StaffUser
from app.customers.service import create_customer
from app.extensions import db
from tests.conftest import actor


def test_saving_leads_to_the_records_page_whatever_was_visited_before(login):
    browser = login("admin")
    browser.get("/topics/list/")
    browser.get("/contacts/add")
    # Another tab of the same browser moves on before the form is saved.
    browser.get("/customers/list/")
    answer = browser.post("/contacts/add", data={"last_name": "Jones"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/contacts/show/1")
    browser.get("/invoices/list/")
    answer = browser.post("/contacts/edit/1", data={"last_name": "James", "version": "1"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/contacts/show/1")


def test_a_user_cannot_be_deleted(login):
    browser = login("admin")
    assert browser.post("/users/delete/2").status_code == 404
    assert db.session.get(StaffUser, 2) is not None


def test_a_stale_form_says_what_has_changed_and_can_be_saved_over_it(login):
    browser = login("admin")
    browser.post("/contacts/add", data={"last_name": "Jones", "postcode": "LS1 1AA"})
    browser.post("/contacts/edit/1", data={"last_name": "Smith", "postcode": "LS1 1AA", "version": "1"})
    mine = {"last_name": "Jones", "postcode": "LS2 2BB", "version": "1"}
    refused = browser.post("/contacts/edit/1", data=mine)
    assert refused.status_code == 412
    assert "Somebody has set this meanwhile: Smith." in refused.text
    assert 'value="LS2 2BB"' in refused.text
    saved = browser.post("/contacts/edit/1", data={**mine, "version": "2"})
    assert saved.status_code == 302
    assert "LS2 2BB" in browser.get("/contacts/show/1").text


def test_a_stale_invoice_form_tells_of_lines_and_does_not_blame_others_for_ones_own_change(login, do):
    customer = do(create_customer, actor(), values={"account_number": "A1", "company_name": "Acme"}).id
    browser = login("finance")
    form = {
        "invoice_date": "2026-01-01",
        "due_date": "2026-02-01",
        "currency": "GBP",
        "lines-0-description": "Broadband",
        "lines-0-quantity": "1",
        "lines-0-unit_price": "5",
        "lines-0-tax_rate": "20",
    }
    browser.post(f"/invoices/add?customer_id={customer}", data=form)
    browser.post("/invoices/edit/1", data={**form, "lines-0-unit_price": "99", "version": "1"})
    refused = browser.post("/invoices/edit/1", data={**form, "purchase_order_number": "PO 7", "version": "1"})
    assert refused.status_code == 412
    assert "Somebody has set this meanwhile: 1 row, shown on the record&#39;s page." in refused.text
    assert refused.text.count("Somebody has set this meanwhile") == 1
