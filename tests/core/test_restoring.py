"""Deleting and restoring as a table of states and outcomes: what each act takes, and what comes back with it."""

from __future__ import annotations

import pytest

from app.contacts import service as contacts
from app.contacts.models import Contact, ContactLink
from app.core.errors import Conflict, DomainError, NotFound, Stale
from app.customers import service as customers
from app.customers.models import Customer
from app.extensions import db
from app.invoices import service as invoices
from app.invoices.models import Invoice
from app.lookups import service as lookups
from app.lookups.models import Topic
from tests.core import making

pytestmark = pytest.mark.usefixtures("app")

REASON = "They asked us to."


@pytest.fixture
def ids(app):
    """Return a customer with two direct contacts, a linked shared one, one linked to another customer too, invoices."""
    found = {"customer": making.customer("AC1"), "other": making.customer("AC2")}
    found |= {"direct": making.contact(found["customer"]), "direct2": making.contact(found["customer"])}
    found |= {"shared": making.contact(), "both": making.contact()}
    for customer, contact in (("customer", "shared"), ("customer", "both"), ("other", "both")):
        making.run(contacts.add_shared_contact, customer_id=found[customer], contact_id=found[contact])
    return found | {"invoice": making.invoice(found["customer"]), "invoice2": making.invoice(found["customer"])}


MODELS = {"customer": Customer, "other": Customer, "invoice": Invoice, "invoice2": Invoice}
VERBS = {
    Customer: ("customer_id", customers.delete_customer, customers.restore_customer, customers.purge_customer),
    Contact: ("contact_id", contacts.delete_contact, contacts.restore_contact, contacts.purge_contact),
    Invoice: ("invoice_id", invoices.delete_invoice, invoices.restore_invoice, invoices.purge_invoice),
}
ACTS = {"-": 1, "+": 2, "!": 3}


def do(ids, step: str) -> str:
    """Take a step, such as `-direct` (delete), `+direct` (restore) or `!direct` (purge); return what came of it."""
    name = step[1:]
    verbs = VERBS[MODELS.get(name, Contact)]
    extra = {"reason": REASON} if step[0] == "!" else {}
    try:
        making.run(verbs[ACTS[step[0]]], **{verbs[0]: ids[name]}, **extra)
    except DomainError as error:
        return error.code
    return "ok"


def alive(ids) -> set[str]:
    db.session.rollback()
    return {
        name for name, number in ids.items() if db.session.get(MODELS.get(name, Contact), number).deleted_at is None
    }


ALL = {"customer", "other", "direct", "direct2", "shared", "both", "invoice", "invoice2"}
OF_CUSTOMER = {"customer", "direct", "direct2", "invoice", "invoice2"}


@pytest.mark.parametrize(
    ("steps", "outcomes", "gone"),
    [
        # A record by itself.
        ("-direct", "ok", {"direct"}),
        ("-direct +direct", "ok ok", set()),
        ("-direct -direct", "ok not_found", {"direct"}),
        ("+direct", "not_deleted", set()),
        ("-direct +direct +direct", "ok ok not_deleted", set()),
        ("-shared +shared", "ok ok", set()),
        ("-invoice +invoice", "ok ok", set()),
        # The customer takes what is its own, and leaves shared contacts.
        ("-customer", "ok", OF_CUSTOMER),
        ("-customer +customer", "ok ok", set()),
        ("-customer -customer", "ok not_found", OF_CUSTOMER),
        ("-customer -direct", "ok not_found", OF_CUSTOMER),
        ("-customer -shared +customer", "ok ok ok", {"shared"}),
        # What went along comes back with the customer alone.
        ("-customer +direct", "ok parent_deleted", OF_CUSTOMER),
        ("-customer +invoice", "ok parent_deleted", OF_CUSTOMER),
        ("-customer +direct +customer", "ok parent_deleted ok", set()),
        # What another act took before stays where it is.
        ("-direct -customer +customer", "ok ok ok", {"direct"}),
        ("-direct -customer +direct", "ok ok parent_deleted", OF_CUSTOMER),
        ("-direct -customer +customer +direct", "ok ok ok ok", set()),
        ("-invoice -customer +customer", "ok ok ok", {"invoice"}),
        ("-invoice -customer +invoice", "ok ok parent_deleted", OF_CUSTOMER),
        ("-direct +direct -customer +customer", "ok ok ok ok", set()),
        ("-customer +customer -direct", "ok ok ok", {"direct"}),
        ("-customer +customer -customer +customer", "ok ok ok ok", set()),
        # Shared contacts keep their customers.
        ("-both -customer +both", "ok ok ok", OF_CUSTOMER),
        ("-both +both -other +other", "ok ok ok ok", set()),
        # Purging is the end.
        ("!direct", "not_deleted", set()),
        ("-direct !direct", "ok ok", {"direct"}),
        ("-direct !direct +direct", "ok ok not_found", {"direct"}),
        ("-direct !direct !direct", "ok ok not_found", {"direct"}),
        ("-direct !direct -customer +customer", "ok ok ok ok", {"direct"}),
        ("-customer !customer +customer", "ok ok not_found", OF_CUSTOMER),
        ("-customer !customer +direct", "ok ok not_found", OF_CUSTOMER),
        ("-customer !customer +invoice", "ok ok not_found", OF_CUSTOMER),
        ("-direct -customer !customer +direct", "ok ok ok not_found", OF_CUSTOMER),
        ("-customer !direct +customer", "ok ok ok", {"direct"}),
        ("-invoice !invoice +invoice", "ok ok not_found", {"invoice"}),
        ("-both !both +both", "ok ok not_found", {"both"}),
    ],
)
def test_states_and_outcomes(ids, steps, outcomes, gone):
    assert [do(ids, step) for step in steps.split()] == outcomes.split()
    assert alive(ids) == ALL - gone


def test_links_outlive_every_restore(ids):
    def linked():
        db.session.rollback()
        return {(one.customer_id, one.contact_id) for one in db.session.query(ContactLink)}

    every = linked()
    for step in ("-both", "-customer", "-other"):
        do(ids, step)
        assert linked() == every
        do(ids, f"+{step[1:]}")
        assert linked() == every


def test_a_restored_contact_has_its_settings(app):
    kind, topic = making.lookup("correspondence_type", "Price change"), making.lookup("topic", "Bills")
    given = {"copy_correspondence": [kind], "contact_regarding": [topic], "email_bill_type": "long"}
    contact_id = making.contact(email="ann@acme.example", **given)
    making.run(contacts.delete_contact, contact_id=contact_id)
    making.run(contacts.restore_contact, contact_id=contact_id)
    back = db.session.get(Contact, contact_id)
    assert [one.id for one in back.copy_correspondence] == [kind]
    assert [one.id for one in back.contact_regarding] == [topic]
    assert (back.email_bill_type, back.email) == ("long", "ann@acme.example")


def test_the_refusal_says_what_to_restore(ids):
    do(ids, "-direct2")
    do(ids, "-customer")
    with pytest.raises(Conflict, match=r"Jones went along with AC1 Company AC1\. Restore AC1 Company AC1"):
        making.run(contacts.restore_contact, contact_id=ids["direct"])
    with pytest.raises(Conflict, match=r"belongs to AC1 Company AC1, which is deleted too"):
        making.run(contacts.restore_contact, contact_id=ids["direct2"])


@pytest.mark.parametrize("name", ["customer", "direct", "invoice"])
def test_a_stale_version_restores_and_purges_nothing(ids, name):
    key, delete, restore, purge = VERBS[MODELS.get(name, Contact)]
    making.run(delete, **{key: ids[name]})
    for verb, extra in ((restore, {}), (purge, {"reason": REASON})):
        with pytest.raises(Stale):
            making.run(verb, **{key: ids[name]}, version=99, **extra)
    assert name not in alive(ids)
    version = db.session.get(MODELS.get(name, Contact), ids[name]).version
    making.run(restore, **{key: ids[name]}, version=version)
    assert name in alive(ids)


@pytest.mark.parametrize("name", ["customer", "direct", "invoice"])
def test_undo_takes_back_that_very_act(ids, name):
    key, delete, restore, purge = VERBS[MODELS.get(name, Contact)]
    act = making.run(delete, **{key: ids[name]}).deletion_id
    with pytest.raises(Conflict) as refusal:
        making.run(restore, **{key: ids[name]}, act=act + 1)
    assert refusal.value.code == "other_deletion"
    making.run(restore, **{key: ids[name]}, act=act)
    assert name in alive(ids)
    with pytest.raises(Conflict) as refusal:
        making.run(restore, **{key: ids[name]}, act=act)
    assert refusal.value.code == "not_deleted"
    making.run(delete, **{key: ids[name]})
    with pytest.raises(Conflict) as refusal:
        making.run(restore, **{key: ids[name]}, act=act)
    assert refusal.value.code == "other_deletion"
    making.run(purge, **{key: ids[name]}, reason=REASON)
    with pytest.raises(NotFound):
        making.run(restore, **{key: ids[name]}, act=act)


def test_a_row_of_a_list_comes_back_unless_its_name_is_taken(app):
    first = making.lookup("topic", "Bills")
    at = {"resource": "topic", "lookup_id": first}
    act = making.run(lookups.delete_lookup, **at).deletion_id
    making.run(lookups.restore_lookup, **at, act=act)
    making.run(lookups.delete_lookup, **at)
    making.lookup("topic", "Bills")
    with pytest.raises(Conflict) as refusal:
        making.run(lookups.restore_lookup, **at)
    assert refusal.value.code == "duplicate"
    making.run(lookups.purge_lookup, **at, reason=REASON)
    with pytest.raises(NotFound):
        making.run(lookups.restore_lookup, **at)
    assert db.session.get(Topic, first).name == ""
