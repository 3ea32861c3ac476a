"""What is said before a purge: all that goes, each thing once, and no name that is out of the asker's sight."""

from __future__ import annotations

import pytest

from app.access.table import Role
from app.contacts import service as contacts
from app.contacts.models import Contact
from app.core import purging
from app.core.actor import Actor, Door
from app.customers import service as customers
from app.customers.models import Customer
from app.extensions import db
from tests.conftest import actor
from tests.core import making

pytestmark = pytest.mark.usefixtures("app")

NORTH_ADMIN = Actor(door=Door.SCREEN, roles=frozenset({Role.ADMIN}), user_id=1, username="n", dealer_code="NORTH")


def announced(model, number, who=None):
    db.session.rollback()
    return [str(line) for line in purging.preview(db.session(), who or actor(), record=db.session.get(model, number))]


@pytest.fixture
def tied():
    """Return a shared contact of two dealers' customers, and of one that is deleted."""
    making.dealers("NORTH", "SOUTH")
    ids = {
        code: making.customer(code, company_name=f"{code.title()} works", dealer_code=code)
        for code in ("NORTH", "SOUTH")
    }
    ids["GONE"] = making.customer("GONE", company_name="Gone works", dealer_code="NORTH")
    ids["shared"] = making.contact(last_name="Shared")
    for code in ("NORTH", "SOUTH", "GONE"):
        making.run(contacts.add_shared_contact, customer_id=ids[code], contact_id=ids["shared"])
    making.run(customers.delete_customer, customer_id=ids["GONE"])
    making.run(contacts.delete_contact, contact_id=ids["shared"])
    return ids


def test_another_dealers_customers_are_counted(tied):
    lines = announced(Contact, tied["shared"], NORTH_ADMIN)
    assert not [line for line in lines if "South" in line or "SOUTH" in line]
    assert [line for line in lines if "North works" in line]
    assert [line for line in lines if "Gone works" in line]
    assert lines[-1] == "1 link to a record out of your sight"
    lines = announced(Contact, tied["shared"])
    assert [line for line in lines if "South works" in line]
    assert not [line for line in lines if "out of your sight" in line]


def test_ones_own_customers_contacts_are_named(tied):
    lines = announced(Customer, tied["GONE"], NORTH_ADMIN)
    assert [line for line in lines if line.startswith("The link to") and "Shared" in line]
    assert not [line for line in lines if "out of your sight" in line]


@pytest.mark.parametrize("code", [None, "NORTH"])
def test_the_page_asks_as_whoever_opens_it(tied, app, login, code):
    app.appbuilder.sm.find_user(username="admin").dealer_code = code
    db.session.commit()
    page = login("admin").get(f"/trash/contact/{tied['shared']}/purge").text
    assert ("South works" in page) is (code is None)
    assert ("1 link to a record out of your sight" in page) is (code is not None)


def test_a_customers_preview_has_the_messages_about_others_to_its_contacts_address():
    gone, other = making.billed("AC1", "ac1@acme.example"), making.billed("AC2", "ac2@acme.example")
    making.contact(gone, email="jones@home.example", email_bill_type="short")
    making.contact(gone, email="twice@home.example")
    making.contact(gone, email="twice@home.example")
    making.send(making.invoice(gone))
    for address in ("jones@home.example", "twice@home.example", "ac2@acme.example"):
        making.send(making.invoice(other), recipients=[address])
    making.run(customers.delete_customer, customer_id=gone)
    with making.unaudited():
        for message in making.messages():
            message.state = "sent"
        db.session.commit()
    # Two of its own, of which its invoice and its contact tell too, and two that were typed in for its contacts.
    lines = announced(Customer, gone)
    assert lines[-1] == "4 messages: addresses, names and mails"
    assert len([line for line in lines if "messages:" in line or "message:" in line]) == 1
    making.run(customers.purge_customer, customer_id=gone, reason="They asked us to.")
    assert len([one for one in making.messages() if one.purged_at is not None]) == 4
