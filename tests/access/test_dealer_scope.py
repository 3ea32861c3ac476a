"""A user with a dealer code sees that dealer's customers, their contacts, and shared contacts of that dealer alone."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from app.contacts import queries as contact_queries
from app.contacts import service as contacts
from app.contacts.models import Contact
from app.core.errors import Invalid, NotFound
from app.customers import queries as customer_queries
from app.customers import service as customers
from app.customers.models import Customer
from app.extensions import db
from app.invoices import queries as invoice_queries
from app.invoices import service as invoices
from app.invoices.models import Invoice
from app.mailer import queries as message_queries
from app.mailer import service as mailer
from app.web.pickers import _pickers
from tests.conftest import actor
from tests.core import making

WHO = ["north_finance", "north_support"]


@pytest.fixture
def house(app):
    """Two dealers; for each a customer with a direct contact, a shared contact, a sent invoice and its message."""
    making.dealers("NORTH", "SOUTH")
    made = SimpleNamespace()
    for name, code in (("ours", "NORTH"), ("theirs", "SOUTH"), ("nobodys", None)):
        customer = making.billed(name.upper(), f"{name}@x.example", dealer_code=code)
        shared = making.contact(last_name=f"Shared {name}", dealer_code=code)
        linked = making.contact(last_name=f"Linked {name}")
        making.run(contacts.add_shared_contact, customer_id=customer, contact_id=linked)
        invoice = making.invoice(customer)
        message = making.send(invoice).messages[0].message_id
        one = SimpleNamespace(
            customer=customer,
            shared=shared,
            linked=linked,
            direct=making.contact(customer, last_name=f"Direct {name}"),
            invoice=invoice,
            draft=making.invoice(customer),
            message=message,
        )
        setattr(made, name, one)
    db.session.rollback()
    return made


def ids(statement):
    return {one.id for one in db.session.scalars(statement)}


@pytest.mark.parametrize("who", WHO)
def test_lists_show_ours_alone(house, who):
    ours = house.ours
    assert ids(customer_queries.customers(actor(who))) == {ours.customer}
    assert ids(contact_queries.contacts(actor(who))) == {ours.direct, ours.shared, ours.linked}


def test_invoices_and_messages_show_ours_alone(house):
    who = actor("north_finance")
    assert ids(invoice_queries.invoices(who)) == {house.ours.invoice, house.ours.draft}
    assert ids(message_queries.messages(who)) == {house.ours.message}
    assert ids(invoice_queries.invoices_of_customer(who, customer_id=house.theirs.customer)) == set()


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("whose", ["theirs", "nobodys"])
def test_what_is_not_ours_is_not_there_in_any_verb_of_contacts_and_links(house, who, whose):
    their, ours, me = getattr(house, whose), house.ours, actor(who)
    for contact_id in (their.direct, their.shared, their.linked):
        for act in (
            lambda c=contact_id: contact_queries.contact(db.session, me, contact_id=c),
            lambda c=contact_id: making.run(contacts.update_contact, me, contact_id=c, values={"last_name": "X"}),
            lambda c=contact_id: making.run(contacts.delete_contact, me, contact_id=c),
            lambda c=contact_id: making.run(contacts.restore_contact, me, contact_id=c),
            lambda c=contact_id: making.run(contacts.convert_to_shared, me, contact_id=c),
            lambda c=contact_id: making.run(contacts.add_shared_contact, me, customer_id=ours.customer, contact_id=c),
            lambda c=contact_id: making.run(
                contacts.remove_shared_contact, me, customer_id=their.customer, contact_id=c
            ),
        ):
            with pytest.raises(NotFound) as refusal:
                act()
            assert refusal.value.code == "not_found"
    for act in (
        lambda: customer_queries.customer(db.session, me, customer_id=their.customer),
        lambda: making.run(customers.update_customer, me, customer_id=their.customer, values={"last_name": "X"}),
        lambda: making.run(contacts.add_shared_contact, me, customer_id=their.customer, contact_id=ours.shared),
    ):
        with pytest.raises(NotFound):
            act()
    with pytest.raises(Invalid) as refusal:
        making.run(contacts.create_contact, me, values={"last_name": "X", "customer_id": their.customer})
    assert refusal.value.errors == {"customer_id": ["There is no customer with this id."]}


@pytest.mark.parametrize("whose", ["theirs", "nobodys"])
def test_what_is_not_ours_is_not_there_in_any_verb_of_documents(house, whose):
    their, me = getattr(house, whose), actor("north_finance")
    for act in (
        lambda: making.run(customers.delete_customer, me, customer_id=their.customer),
        lambda: making.run(customers.restore_customer, me, customer_id=their.customer),
        lambda: invoice_queries.invoice(db.session, me, invoice_id=their.invoice),
        lambda: making.run(invoices.update_invoice, me, invoice_id=their.draft, values={}),
        lambda: making.run(invoices.approve_invoice, me, invoice_id=their.draft),
        lambda: making.run(invoices.delete_invoice, me, invoice_id=their.draft),
        lambda: making.run(invoices.restore_invoice, me, invoice_id=their.draft),
        lambda: making.send(their.draft, me),
        lambda: message_queries.message(db.session, me, message_id=their.message),
        lambda: making.run(mailer.cancel_message, me, message_id=their.message),
        lambda: making.run(mailer.retry_message, me, message_id=their.message),
    ):
        with pytest.raises(NotFound):
            act()
    with pytest.raises(Invalid) as refusal:
        making.run(
            invoices.create_invoice,
            me,
            values={"customer_id": their.customer, **making.DATES},
            default_currency="GBP",
        )
    assert refusal.value.errors == {"customer_id": ["There is no customer with this id."]}


@pytest.mark.parametrize("who", WHO)
def test_ours_can_be_worked_on(house, who):
    ours, me = house.ours, actor(who)
    making.run(customers.update_customer, me, customer_id=ours.customer, values={"last_name": "Lee"})
    making.run(contacts.add_shared_contact, me, customer_id=ours.customer, contact_id=ours.shared)
    making.run(contacts.remove_shared_contact, me, customer_id=ours.customer, contact_id=ours.shared)
    for contact_id in (ours.direct, ours.shared, ours.linked):
        making.run(contacts.update_contact, me, contact_id=contact_id, values={"first_name": "Ann"})
    making.run(contacts.convert_to_shared, me, contact_id=ours.direct)
    making.run(contacts.delete_contact, me, contact_id=ours.direct)
    making.run(contacts.restore_contact, me, contact_id=ours.direct)
    assert contact_queries.contact(db.session, me, contact_id=ours.direct).kind == "shared"


@pytest.mark.parametrize("code", ["SOUTH", None, ""])
def test_no_record_is_moved_out_of_sight(house, code):
    me = actor("north_finance")
    for verb, key, record_id in (
        (customers.update_customer, "customer_id", house.ours.customer),
        (contacts.update_contact, "contact_id", house.ours.shared),
    ):
        with pytest.raises(Invalid) as refusal:
            making.run(verb, me, **{key: record_id}, values={"dealer_code": code})
        assert list(refusal.value.errors) == ["dealer_code"]


@pytest.mark.parametrize("code", [None, "", "NORTH"])
def test_what_dealers_staff_make_is_their_dealers(house, code):
    me = actor("north_finance")
    given = {} if code is None else {"dealer_code": code}
    made = making.run(customers.create_customer, me, values={"account_number": "NEW", "last_name": "Lee", **given})
    assert db.session.get_one(Customer, made.id).dealer_code == "NORTH"
    shared = making.run(contacts.create_contact, me, values={"last_name": "Lee", **given})
    assert db.session.get_one(Contact, shared.id).dealer_code == "NORTH"


@pytest.mark.parametrize("who", WHO)
def test_a_shared_contact_is_not_made_for_another_dealer(house, who):
    with pytest.raises(Invalid) as refusal:
        making.run(contacts.create_contact, actor(who), values={"last_name": "Lee", "dealer_code": "SOUTH"})
    assert list(refusal.value.errors) == ["dealer_code"]


@pytest.mark.parametrize("who", WHO)
def test_a_direct_contact_is_neither_made_nor_coded_for_another_dealer(house, who):
    me, ours = actor(who), house.ours
    given = {"last_name": "Lee", "customer_id": ours.customer}
    for verb, arguments in (
        (contacts.create_contact, {"values": {**given, "dealer_code": "SOUTH"}}),
        (contacts.update_contact, {"contact_id": ours.direct, "values": {"dealer_code": "SOUTH"}}),
    ):
        with pytest.raises(Invalid) as refusal:
            making.run(verb, me, **arguments)
        assert refusal.value.errors == {"dealer_code": ["You work for the dealer NORTH; choose that one, or none."]}
    assert making.run(contacts.create_contact, me, values=given).dealer_code is None
    assert making.run(contacts.create_contact, me, values={**given, "dealer_code": "NORTH"}).dealer_code == "NORTH"
    for code in ("NORTH", None):
        making.run(contacts.update_contact, me, contact_id=ours.direct, values={"dealer_code": code})
        assert db.session.get_one(Contact, ours.direct).dealer_code == code


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("code", ["NORTH", None])
def test_a_contact_is_not_taken_from_another_dealer(house, who, code):
    me, theirs = actor(who), house.theirs.shared
    making.run(contacts.add_shared_contact, customer_id=house.ours.customer, contact_id=theirs)
    coded = making.contact(house.ours.customer, last_name="Coded", dealer_code="SOUTH")
    for contact_id in (theirs, coded):
        with pytest.raises(Invalid) as refusal:
            making.run(contacts.update_contact, me, contact_id=contact_id, values={"dealer_code": code})
        assert refusal.value.errors == {
            "dealer_code": ["This contact has the code of another dealer, which you can't change."]
        }
        same = {"dealer_code": "SOUTH", "first_name": "Ann"}
        assert making.run(contacts.update_contact, me, contact_id=contact_id, values=same).first_name == "Ann"


@pytest.mark.parametrize("who", WHO)
def test_a_linked_contact_without_a_code_gets_ones_own_alone(house, who):
    change = {"contact_id": house.ours.linked}
    with pytest.raises(Invalid) as refusal:
        making.run(contacts.update_contact, actor(who), **change, values={"dealer_code": "SOUTH"})
    assert list(refusal.value.errors) == ["dealer_code"]
    making.run(contacts.update_contact, actor(who), **change, values={"dealer_code": "NORTH"})
    assert db.session.get_one(Contact, house.ours.linked).dealer_code == "NORTH"


def test_a_contact_of_both_dealers_says_how_many_customers_are_out_of_sight(house):
    for customer_id in (house.ours.customer, house.theirs.customer):
        making.run(contacts.add_shared_contact, customer_id=customer_id, contact_id=house.nobodys.shared)
    contact = db.session.get_one(Contact, house.nobodys.shared)
    me = actor("north_support")
    assert contact_queries.contact(db.session, me, contact_id=contact.id) is contact
    seen, others = contact_queries.touched_customers(db.session, me, contact, named=3)
    assert ([one.id for one in seen], others) == ([house.ours.customer], 1)
    making.run(contacts.update_contact, me, contact_id=contact.id, values={"first_name": "Ann"})


def test_a_deleted_customer_brings_no_contact_into_sight_but_lets_it_be_restored(house):
    making.run(contacts.add_shared_contact, customer_id=house.ours.customer, contact_id=house.nobodys.shared)
    me, linked = actor("north_finance"), house.nobodys.shared
    assert contact_queries.contact(db.session, me, contact_id=linked)
    making.run(customers.delete_customer, customer_id=house.ours.customer)
    db.session.rollback()
    with pytest.raises(NotFound):
        contact_queries.contact(db.session, me, contact_id=linked)
    assert contact_queries.deleted_contact(db.session, me, contact_id=linked).id == linked


@pytest.mark.parametrize("who", WHO)
def test_pickers_offer_ours_alone(house, who):
    def offered(source, **args):
        return {int(one.value) for one in _pickers[source].search(db.session(), actor(who), "", args)}

    ours = house.ours
    assert offered("customer") == {ours.customer}
    assert offered("linkable_contact", customer_id=str(ours.customer)) == {ours.shared}
    assert offered("linked_contact", customer_id=str(ours.customer)) == {ours.linked}
    their = str(house.theirs.customer)
    for source in ("linkable_contact", "linked_contact"):
        try:
            found = offered(source, customer_id=their)
        except NotFound:
            continue
        assert found <= {ours.shared, ours.linked}


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("source", ["customer", "linkable_contact", "linked_contact"])
def test_pickers_name_no_record_of_others(house, who, source):
    key = "customer" if source == "customer" else "shared"
    wanted = str(getattr(house.theirs, key))
    assert list(_pickers[source].chosen(db.session(), actor(who), [wanted])) == []


def test_a_plan_of_ours_is_made_and_names_no_others(house):
    me = actor("north_finance")
    invoice = invoice_queries.invoice(db.session, me, invoice_id=house.ours.draft)
    plan = invoices.plan_invoice(db.session, me, invoice=invoice, choices=mailer.Choices(), defaults=making.DEFAULTS)
    named = {skip.contact_id for skip in plan.skipped} | {one.contact_id for one in plan.messages}
    assert named - {None} == {house.ours.direct, house.ours.linked}
    assert db.session.get_one(Invoice, house.ours.draft).status == "draft"
