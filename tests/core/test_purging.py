"""Purging for good: what is wiped and where, what stays, what is in the way, and what the audit trail says of it."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from app.access.models import StaffUser
from app.contacts import service as contacts
from app.contacts.models import Contact, ContactLink
from app.core import purging, soft_delete
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.records import Record
from app.core.unit_of_work import unit_of_work
from app.customers import service as customers
from app.customers.models import Customer
from app.extensions import Model, db
from app.invoices import service as invoices
from app.invoices.models import Invoice
from app.lookups import service as lookups
from app.lookups.models import LOOKUP_MODELS, Lookup
from app.mailer import queries as messages
from app.mailer.delivery import sending as delivery
from app.mailer.models import Content, Message, Rendition
from app.mailer.purging import PURGED, purge_message
from app.mailer.service import retry_message
from app.mailer.smtp.connection import connect
from tests.conftest import actor
from tests.core import making
from tests.mailer.smtp_servers import Server, running

pytestmark = pytest.mark.usefixtures("app")

REASON = "They asked us to."
MARK = "Zanzibarius"
# The audit trail stays, and says who did what: see docs/adr/0011.
TRAIL = {"audit_entry", "audit_record"}


def planted(**more):
    """Return a value with the mark for every text that a person's record can hold."""
    texts = ("first_name", "last_name", "company_name", "postcode", "number_1", "number_2", "number_3", "number_4")
    given = {name: f"{MARK[:9]} {name[:8]}" for name in texts} | {
        f"address_line_{line}": f"{MARK} lane {line}" for line in range(1, 6)
    }
    return given | {"website": f"https://{MARK.lower()}.example", "email": f"{MARK.lower()}@home.example"} | more


def left_of(word: str, *, beside: set[str] = TRAIL) -> dict[str, list[str]]:
    """Return in which tables and columns a word still stands, whatever its case and the column's type."""
    db.session.rollback()
    found: dict[str, list[str]] = {}
    for table in Model.metadata.sorted_tables:
        if table.name in beside:
            continue
        for row in db.session.execute(select(table)).mappings():
            for name, value in row.items():
                shown = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                if word.lower() in shown.lower():
                    found.setdefault(table.name, []).append(name)
    return found


def deliver(app):
    """Send all that is due to a server that takes it."""
    with running(Server()) as port:
        state = app.extensions["mail"]
        state.server, state.port = "127.0.0.1", port
        with connect(app) as connection:
            delivery.drain(db.session, connection, worker="test", sender=None, stop=threading.Event())
    assert set(making.states().values()) <= {"sent"}


def refused(kind, verb, who=None, **arguments):
    with pytest.raises(kind) as refusal:
        making.run(verb, who, **arguments)
    return refusal.value


def get(model, number):
    db.session.rollback()
    return db.session.get(model, number)


@pytest.fixture
def sent(app):
    """Return a customer with a direct contact, a shared one and an invoice that all of them have got."""
    for name in LOOKUP_MODELS:
        making.lookup(name, f"First {name}", **({"code": "EAST"} if name == "dealer" else {}))
    chosen = {"contact_regarding": [1], "copy_correspondence": [1], "copy_ticket_updates": [1], "contact_type": 1}
    ids = {"customer": making.billed("AC1", "bills@acme.example", company_name="Acme")}
    person = planted(email_bill_type="short", title=1, number_1_type=1, **chosen, account_password="Zanzibarius-1")
    ids["direct"] = making.contact(ids["customer"], **person)
    ids["shared"] = making.contact(last_name="Shared", email="shared@home.example", email_bill_type="short")
    making.run(contacts.add_shared_contact, customer_id=ids["customer"], contact_id=ids["shared"])
    ids["invoice"] = making.invoice(ids["customer"])
    making.send(ids["invoice"])
    deliver(app)
    return ids


def purge_contact(number):
    making.run(contacts.delete_contact, contact_id=number)
    making.run(contacts.purge_contact, contact_id=number, reason=REASON)


class TestContact:
    def test_nothing_of_a_person_is_left_but_the_trail(self, sent):
        before = left_of(MARK)
        assert {"contact", "message", "content", "search_term"} <= set(before)
        purge_contact(sent["direct"])
        assert left_of(MARK) == {}
        assert "audit_record" in left_of(MARK, beside=set())

    def test_every_column_of_the_row_is_blank_by_default(self, sent):
        purge_contact(sent["direct"])
        row = get(Contact, sent["direct"])
        kept = {name: value for name, value in vars(row).items() if value is not None and not name.startswith("_")}
        system = {"id", "created_at", "last_modified_at", "deleted_at", "last_deleted_at", "purged_at", "version"}
        assert set(kept) - system == {"deletion_id", "customer_id", "email_bill_type"}
        assert row.contact_regarding == row.copy_correspondence == row.copy_ticket_updates == []

    def test_what_was_sent_stays_as_a_row_without_the_person(self, sent):
        purge_contact(sent["direct"])
        rows = {one.address: one for one in making.messages()}
        assert set(rows) == {"bills@acme.example", "shared@home.example", PURGED}
        row = rows[PURGED]
        assert (row.state, row.document_number, row.recipient_name, row.subject) == ("sent", "AC1/1", "", None)
        assert row.content_digest is None
        assert [one.answer for one in row.attempts] == [None]
        assert [(one["name"], one["reason"]) for one in row.reasons] == [("", "copy_email_bill")]
        # The others' copies are as they were sent.
        assert rows["shared@home.example"].recipient_name == "Shared"
        assert rows["shared@home.example"].content_digest is not None
        assert db.session.scalar(messages.messages(actor()).where(Message.id == row.id)) is row

    def test_a_former_address_is_forgotten_too(self, app):
        customer_id = making.customer()
        number = making.contact(customer_id, email="old-zanzibarius@home.example", email_bill_type="short")
        making.send(making.invoice(customer_id))
        deliver(app)
        making.run(contacts.update_contact, contact_id=number, values={"email": "new@home.example"})
        typed = making.invoice(customer_id)
        making.send(typed, recipients=["old-zanzibarius@home.example"])
        deliver(app)
        assert len(left_of(MARK)["message"]) > 3
        purge_contact(number)
        assert left_of(MARK) == {}

    def test_an_address_that_is_somebody_elses_too_stays_theirs(self, app):
        customer_id = making.billed("AC1", "office@acme.example", company_name="Acme")
        first = making.contact(customer_id, last_name=MARK, email="office@acme.example", email_bill_type="short")
        second = making.contact(customer_id, last_name="Later", email="office@acme.example", email_bill_type="short")
        making.send(making.invoice(customer_id))
        deliver(app)
        (message,) = making.messages()
        assert message.recipient_name == MARK
        purge_contact(first)
        (message,) = making.messages()
        assert message.address == "office@acme.example"
        assert message.purged_at is None
        assert left_of(MARK) == {}
        assert {one["name"] for one in message.reasons} == {"Acme", "", "Later"}
        purge_contact(second)
        (message,) = making.messages()
        assert message.address == "office@acme.example"

    def test_a_shared_contact_loses_its_links(self, sent):
        purge_contact(sent["shared"])
        db.session.rollback()
        assert db.session.query(ContactLink).count() == 0
        assert left_of("shared@home.example") == {}
        verb, touched = making.last_entry()
        assert verb == "contact:purged"
        assert touched[:2] == [("contact", sent["shared"]), ("customer", sent["customer"])]
        assert touched[2][0] == "message"

    def test_the_entry_of_a_purge_names_nobody(self, sent):
        purge_contact(sent["direct"])
        entry = making.trail()[-1]
        assert entry.reason == REASON
        assert entry.touched[0].label == f"contact {sent['direct']}"
        assert not [one for one in entry.touched if MARK in f"{one.label}{one.changes}"]

    def test_the_entry_repeats_no_address_where_that_is_somebody_elses_too(self, app):
        customer_id = making.billed("AC1", "office@acme.example", company_name="Acme")
        number = making.contact(customer_id, email="office@acme.example", email_bill_type="short")
        making.send(making.invoice(customer_id))
        deliver(app)
        purge_contact(number)
        (message,) = making.messages()
        assert message.address == "office@acme.example"
        labels = {one.resource: one.label for one in making.trail()[-1].touched}
        assert labels == {"contact": f"contact {number}", "message": f"AC1/1, message {message.id}"}

    def test_not_while_a_copy_is_under_way(self):
        customer_id = making.billed()
        number = making.contact(customer_id, email="jones@home.example", email_bill_type="short")
        making.send(making.invoice(customer_id))
        with making.unaudited(), unit_of_work(db.session) as session:
            for message in session.scalars(select(Message)):
                message.state = "uncertain"
        making.run(contacts.delete_contact, contact_id=number)
        with making.unaudited(), unit_of_work(db.session) as session:
            session.execute(text("UPDATE message SET state = 'uncertain'"))
        error = refused(Conflict, contacts.purge_contact, contact_id=number, reason=REASON)
        assert error.code == "still_needed"
        assert "1 message is still under way" in error.message
        assert get(Contact, number).last_name == "Jones"

    @pytest.mark.parametrize("state", ["queued", "waiting", "held"])
    def test_not_while_a_copy_typed_in_for_them_is_to_leave(self, state):
        customer_id = making.billed()
        number = making.contact(customer_id, email="jones@home.example")
        for address in ("jones@home.example", "bills@acme.example"):
            making.send(making.invoice(customer_id), recipients=[address])
        making.run(contacts.delete_contact, contact_id=number)
        with making.unaudited(), unit_of_work(db.session) as session:
            for message in session.scalars(select(Message)):
                message.state = state
        error = refused(Conflict, contacts.purge_contact, contact_id=number, reason=REASON)
        assert error.code == "still_needed"
        assert "1 message is still under way" in error.message
        assert making.states() == {"jones@home.example": state, "bills@acme.example": state}

    def test_the_copies_of_others_at_a_former_address_keep_nobody(self):
        customer_id = making.billed("AC1", "office@acme.example")
        number = making.contact(customer_id, email="office@acme.example")
        making.run(contacts.update_contact, contact_id=number, values={"email": "jones@home.example"})
        making.send(making.invoice(customer_id))
        purge_contact(number)
        assert making.states() == {"office@acme.example": "queued"}
        assert get(Contact, number).purged_at is not None


class TestCustomer:
    def test_all_that_is_its_own_goes_and_its_number_stays_taken(self, sent):
        making.run(contacts.delete_contact, contact_id=sent["direct"])
        making.run(customers.delete_customer, customer_id=sent["customer"])
        making.run(customers.purge_customer, customer_id=sent["customer"], reason=REASON)
        assert left_of(MARK) == left_of("acme") == {}
        row = get(Customer, sent["customer"])
        assert (row.account_number, row.company_name, row.email) == ("AC1", None, None)
        assert get(Contact, sent["direct"]).purged_at is not None
        assert get(Contact, sent["shared"]).deleted_at is None
        taken = refused(Conflict, customers.create_customer, values={"account_number": "AC1", "last_name": "B"})
        assert taken.code == "duplicate"
        entry = making.trail()[-1]
        named = [(one.resource, one.record_id) for one in entry.touched]
        assert named[:3] == [("customer", sent["customer"]), ("contact", sent["direct"]), ("invoice", sent["invoice"])]
        assert ("contact", sent["shared"]) in named
        assert len([one for one in named if one[0] == "message"]) == 3

    def test_what_its_invoices_kept_of_the_day_that_they_were_sent_goes_too(self, sent):
        assert "sent_particulars" in left_of("acme")["invoice"]
        assert left_of("bills@acme.example")["customer_address"] == ["address_normalised"]
        making.run(customers.delete_customer, customer_id=sent["customer"])
        assert "sent_particulars" in left_of("acme")["invoice"]
        making.run(customers.purge_customer, customer_id=sent["customer"], reason=REASON)
        assert left_of("acme") == {}
        assert get(Invoice, sent["invoice"]).sent_particulars is None

    def test_its_documents_leave_amounts_and_numbers(self, sent):
        making.run(customers.delete_customer, customer_id=sent["customer"])
        making.run(customers.purge_customer, customer_id=sent["customer"], reason=REASON)
        invoice = get(Invoice, sent["invoice"])
        assert (invoice.number, invoice.lines, str(invoice.total)) == ("AC1/1", [], "30.0000")
        assert db.session.query(Rendition).count() == db.session.query(Content).count() == 0
        assert db.session.scalars(messages.messages(actor())).all() == []
        assert {one.address for one in making.messages()} == {PURGED}

    def test_not_while_a_copy_is_under_way(self):
        customer_id = making.billed()
        making.send(making.invoice(customer_id))
        making.run(customers.delete_customer, customer_id=customer_id)
        with making.unaudited(), unit_of_work(db.session) as session:
            session.execute(text("UPDATE message SET state = 'sending'"))
        error = refused(Conflict, customers.purge_customer, customer_id=customer_id, reason=REASON)
        assert error.code == "still_needed"
        assert "AC1" in error.message


class TestInvoice:
    def test_its_number_is_never_used_again(self):
        customer_id = making.customer()
        first, second = making.invoice(customer_id), making.invoice(customer_id, purchase_order_number=MARK)
        making.run(invoices.delete_invoice, invoice_id=second)
        making.run(invoices.purge_invoice, invoice_id=second, reason=REASON)
        assert left_of(MARK) == left_of("Line rental", beside=TRAIL | {"invoice_line"}) == {}
        third = making.invoice(customer_id)
        assert [get(Invoice, one).number for one in (first, second, third)] == ["AC1/1", "AC1/2", "AC1/3"]
        refused(NotFound, invoices.restore_invoice, invoice_id=second)


class TestMessage:
    def test_one_that_failed_and_was_wiped_is_neither_tried_nor_sent_again(self, login):
        customer_id = making.billed()
        number = making.contact(customer_id, email="jones@home.example", email_bill_type="short")
        invoice = making.invoice(customer_id)
        making.send(invoice)
        with making.unaudited(), unit_of_work(db.session) as session:
            for message in session.scalars(select(Message)):
                message.state = "failed"
        purge_contact(number)
        wiped = next(one for one in making.messages() if one.address == PURGED)
        error = refused(Conflict, retry_message, message_id=wiped.id)
        assert (error.code, error.message) == ("not_possible", "This message was purged: it holds no address any more.")
        assert get(Message, wiped.id).state == "failed"
        browser = login("admin")
        page = browser.get(f"/messages/show/{wiped.id}").text
        for task in ("/retry", "/cancel", "/purge", "send-again"):
            assert f"/messages/{wiped.id}{task}" not in page
            assert f"{task}?address" not in page
        assert f"/trash/message/{wiped.id}/purge" not in page
        again = browser.get(f"/invoices/{invoice}/send-again").text
        assert "bills@acme.example" in again
        assert PURGED not in again

    def test_only_what_has_come_to_an_end(self, app):
        making.send(making.invoice(making.billed()))
        (message,) = making.messages()
        error = refused(Conflict, purge_message, message_id=message.id, reason=REASON)
        assert error.code == "under_way"
        deliver(app)
        making.run(purge_message, message_id=message.id, reason=REASON)
        (message,) = making.messages()
        assert (message.address, message.content_digest) == (PURGED, None)
        assert making.last_entry() == ("message:purged", [("message", message.id)])
        refused(NotFound, purge_message, message_id=message.id, reason=REASON)
        assert db.session.scalars(messages.messages(actor())).all() == []


class TestLists:
    @pytest.mark.parametrize("resource", LOOKUP_MODELS)
    def test_a_row_goes_once_nothing_has_it_chosen(self, sent, resource):
        at = {"resource": resource, "lookup_id": 1}
        if resource == "customer_status":
            making.run(customers.update_customer, customer_id=sent["customer"], values={"status": 1})
        elif resource == "dealer":
            making.run(customers.update_customer, customer_id=sent["customer"], values={"dealer_code": "EAST"})
        elif resource == "usage_report_profile":
            making.run(customers.update_customer, customer_id=sent["customer"], values={"invoice_usage_report": 1})
        making.run(lookups.delete_lookup, **at)
        if resource == "ticket_status":
            making.run(lookups.purge_lookup, **at, reason=REASON)
            return
        error = refused(Conflict, lookups.purge_lookup, **at, reason=REASON)
        assert error.code == "still_needed"
        assert "has it" in error.message
        assert error.detail["needed_by"]
        for one in ("direct", "shared"):
            purge_contact(sent[one])
        making.run(customers.delete_customer, customer_id=sent["customer"])
        making.run(customers.purge_customer, customer_id=sent["customer"], reason=REASON)
        making.run(lookups.purge_lookup, **at, reason=REASON)
        row = db.session.get(LOOKUP_MODELS[resource], 1)
        assert isinstance(row, Lookup)
        assert (row.name, row.purged_at is not None) == ("", True)

    def test_a_dealer_with_staff_stays_and_its_code_stays_taken(self):
        number = making.lookup("dealer", "North", code="NORTH")
        at = {"resource": "dealer", "lookup_id": number}
        making.run(lookups.delete_lookup, **at)
        error = refused(Conflict, lookups.purge_lookup, **at, reason=REASON)
        assert "2 users work for it" in error.message
        db.session.execute(StaffUser.__table__.update().values(dealer_code=None))
        db.session.commit()
        making.run(lookups.purge_lookup, **at, reason=REASON)
        given = {"name": "Other", "code": "NORTH"}
        assert refused(Conflict, lookups.create_lookup, resource="dealer", values=given).code == "duplicate"


class TestWhoAndWhy:
    @pytest.mark.parametrize("who", ["finance", "support", "auditor", "north_finance"])
    def test_administrators_alone(self, sent, who):
        for verb, at in (
            (customers.purge_customer, {"customer_id": sent["customer"]}),
            (contacts.purge_contact, {"contact_id": sent["direct"]}),
            (invoices.purge_invoice, {"invoice_id": sent["invoice"]}),
            (lookups.purge_lookup, {"resource": "topic", "lookup_id": 1}),
            (purge_message, {"message_id": 1}),
        ):
            refused(Forbidden, verb, actor(who), **at, reason=REASON)

    @pytest.mark.parametrize("reason", [None, "", "   ", 7, ["x"], "x" * 501, {"a": 1}])
    def test_not_without_a_reason(self, reason):
        number = making.contact()
        making.run(contacts.delete_contact, contact_id=number)
        error = refused(Invalid, contacts.purge_contact, contact_id=number, reason=reason)
        assert "reason" in error.errors
        assert get(Contact, number).last_name == "Jones"


def test_looking_at_what_would_go_keeps_nobody_waiting(sent):
    making.run(customers.delete_customer, customer_id=sent["customer"])
    locked = []

    def note(act):
        if act.is_select and act.statement._for_update_arg is not None:
            locked.append(act.statement)

    event.listen(Session, "do_orm_execute", note)
    try:
        record = db.session.get(Customer, sent["customer"])
        assert purging.preview(db.session(), actor(), record=record)
        assert purging.ensure_purgeable(db.session(), record)
        assert soft_delete.gone_along(db.session(), record)
        assert locked == []
        making.run(customers.restore_customer, customer_id=sent["customer"])
        assert locked
    finally:
        event.remove(Session, "do_orm_execute", note)


def test_every_record_that_can_be_deleted_says_how_it_is_purged(app):
    from app.web.trash import _bins

    assert set(purging._wipings) == {one.model for one in _bins.values() if one.trash}
    # What has no verb to delete it has no trash: keys are revoked, messages are purged as they are.
    assert {one.__tablename__ for one in Record.__subclasses__() if one.__dict__.get("__tablename__")} - {
        model.__tablename__ for model in purging._wipings
    } == {"api_key", "issuer", "mail_template", "message"}
