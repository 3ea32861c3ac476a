"""The index follows what verbs write: made, changed, deleted, restored, removed for good, and made anew."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.contacts import service as contacts
from app.contacts.models import Contact
from app.contacts.queries import matching
from app.core import search_index
from app.core.errors import Invalid
from app.core.search_index import SearchTerm
from app.core.unit_of_work import unit_of_work
from app.customers import service as customers
from app.extensions import db
from app.invoices import queries as invoices
from app.invoices.models import Invoice
from tests.core import making

PERSON = {
    "first_name": "Zoë",
    "last_name": "Müller-O'Neill",
    "company_name": "Brown & Sons Telecom Ltd",
    "address_line_1": "12 Hauptstraße",
    "postcode": "SW1A 1AA",
    "email": "zoe.mueller@brown-telecom.example",
    "number_1": "0161 496 0123",
    "number_3": "+49 (0)30 901820",
}


def found(text: str, resource: str = "contact") -> list[int]:
    """Return the ids that the index gives for a text."""
    db.session.rollback()
    return sorted({one for ids in search_index.findings(resource, text) for one in db.session.scalars(ids)})


def terms(resource: str, number: int) -> set[str]:
    db.session.rollback()
    statement = select(SearchTerm.term).where(SearchTerm.resource == resource, SearchTerm.record_id == number)
    return set(db.session.scalars(statement))


@pytest.mark.parametrize(
    "text",
    [
        "müll", "MULLER", "muller-o", "o'neill", "neill", "zoe", "Zoë Müller", "muller zoe", "telecom", "brown sons",
        "hauptstrasse", "12 Haupt", "SW1A1AA", "sw1a 1a", "zoe.mueller@brown-telecom.example", "zoe.mue", "mueller",
        "brown-telecom.ex", "496 0123", "0161 496 0123", "+44 161 496 0123", "+44 (0) 161 496 0123", "901820",
    ],
)  # fmt: skip
def test_a_contact_is_found(app, text):
    number = making.contact(**PERSON)
    making.contact(last_name="Other", email="other@elsewhere.example", number_1="0161 496 0999")
    assert found(text) == [number]


@pytest.mark.parametrize(
    "text", ["uller", "muller smith", "telecom xyz", "4960124", "%", "_", "", "   ", "\\", "z%e", "z_e", "#3210"]
)
def test_and_is_not_found(app, text):
    making.contact(**PERSON)
    assert found(text) == []


def test_a_change_is_followed_and_nothing_else_is_written(app):
    number = making.contact(**PERSON)
    before = terms("contact", number)
    making.run(contacts.update_contact, contact_id=number, values={"position": "Buyer"})
    assert terms("contact", number) == before
    making.run(contacts.update_contact, contact_id=number, values={"last_name": "Weber"})
    assert found("weber") == [number]
    assert found("muller") == []
    assert found("zoe") == [number]


def test_what_is_deleted_leaves_and_what_is_restored_comes_back(app):
    customer = making.customer("GONE-1", company_name="Vanishing Ltd")
    direct = making.contact(customer, last_name="Direct")
    invoice = making.invoice(customer)
    making.run(customers.delete_customer, customer_id=customer)
    assert found("vanishing", "customer") == found("direct") == found("gone-1/1", "invoice") == []
    making.run(customers.restore_customer, customer_id=customer)
    assert found("vanishing", "customer") == [customer]
    assert found("direct") == [direct]
    assert found("gone-1/1", "invoice") == [invoice]


def test_what_is_removed_for_good_leaves_no_word(app):
    number = making.contact(**PERSON)
    with making.unaudited(), unit_of_work(db.session) as session:
        session.delete(session.get_one(Contact, number))
    assert terms("contact", number) == set()


def test_what_a_refused_verb_would_have_written_is_not_found(app):
    with pytest.raises(Invalid):
        making.run(contacts.create_contact, values={"first_name": "Nobody", "email": "nobody@x.example"})
    assert found("nobody") == []


def test_a_customer_is_found_by_its_numbers_and_each_address(app):
    number = making.customer("AC-77", crm_reference="CRM 9/1", email="one@a.example, two@b.example")
    for text in ("ac-77", "AC77", "crm 9/1", "one@a.example", "two@b", "b.example"):
        assert found(text, "customer") == [number], text


def test_a_customer_of_many_addresses_is_found_by_everything_else_too(app):
    addresses = [f"depot.{number:02}@accounts-{number:02}.harbour.example" for number in range(40)]
    given = {"number_1": "+44 161 496 0123", "postcode": "M1 1AA", "address_line_1": "12 Quay Street"}
    number = making.customer("MANY-1", email=", ".join(addresses), **given)
    for text in ("0161 496 0123", "m1 1aa", "m11aa", "quay", *addresses):
        assert found(text, "customer") == [number], text


def test_an_invoice_is_found_by_its_number_order_status_and_customer(app):
    number = making.invoice(making.customer("AC1", company_name="Northwind"), purchase_order_number="PO-5512")
    making.invoice(making.customer("AC2", company_name="Southwind"))

    def listed(text: str) -> list[int]:
        db.session.rollback()
        return list(db.session.scalars(select(Invoice.id).where(invoices.matching(text))))

    for text in ("ac1/1", "AC1/", "po-55", "5512", "northwind"):
        assert listed(text) == [number], text
    assert len(listed("draft")) == 2
    assert listed("sent") == listed("%") == listed("'; --") == []


def test_the_index_is_made_anew(app):
    number = making.contact(**PERSON)
    gone = making.contact(last_name="Goner")
    making.run(contacts.delete_contact, contact_id=gone)
    before = terms("contact", number)
    with unit_of_work(db.session) as session:
        session.execute(SearchTerm.__table__.delete())
    assert found("muller") == []
    with unit_of_work(db.session) as session:
        counts = search_index.reindex(session)
    assert counts == {"customer": 0, "contact": 1, "invoice": 0, "correspondence": 0, "ticket": 0}
    assert terms("contact", number) == before
    assert terms("contact", gone) == set()


def test_the_command_makes_it_anew(app):
    making.contact(**PERSON)
    result = app.test_cli_runner().invoke(args=["reindex"])
    assert "contact: 1 in the index" in result.output


def test_many_at_once(app):
    customer = making.customer("MANY")
    for number in range(30):
        making.contact(customer, last_name=f"Crowd{number}")
    making.run(customers.delete_customer, customer_id=customer)
    assert found("crowd") == []
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(SearchTerm)) == 0


def test_a_condition_that_asks_for_nothing_finds_nothing(app):
    making.contact(**PERSON)
    assert list(db.session.scalars(select(Contact.id).where(matching("&&")))) == []
