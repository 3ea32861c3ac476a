"""Where saving leads, and what nobody can delete."""

from __future__ import annotations

from app.access.models import StaffUser
from app.extensions import db


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
    assert "Somebody else has set this meanwhile: Smith." in refused.text
    assert 'value="LS2 2BB"' in refused.text
    saved = browser.post("/contacts/edit/1", data={**mine, "version": "2"})
    assert saved.status_code == 302
    assert "LS2 2BB" in browser.get("/contacts/show/1").text
