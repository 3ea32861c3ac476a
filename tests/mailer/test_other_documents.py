"""Letters and ticket updates go the same way as invoices: planned, put into the outbox, delivered, cancelled."""

from __future__ import annotations

import email
import threading
from datetime import UTC, datetime
from email.policy import default as mail_policy

import pytest

from app.contacts import service as contacts
from app.contacts.models import Contact
from app.core import audit
from app.core.audit import Touch, Verb
from app.core.unit_of_work import unit_of_work
from app.customers.models import Customer
from app.customers.service import update_customer
from app.extensions import db
from app.mailer import documents, service
from app.mailer.delivery import sending as delivery
from app.mailer.models import Rendition, SkippedRoad
from app.mailer.planning.choices import Choices
from app.mailer.smtp.connection import connect
from tests.conftest import actor
from tests.core import making
from tests.mailer import other_documents
from tests.mailer.smtp_servers import Server, running

MAIN, FURTHER = "main@acme.example", "further@acme.example"


@pytest.fixture
def letters(app, monkeypatch):
    source = other_documents.letters()
    monkeypatch.setitem(documents._sources, source.kind.value, source)
    return source


@pytest.fixture
def updates(app, monkeypatch):
    source = other_documents.updates()
    monkeypatch.setitem(documents._sources, source.kind.value, source)
    return source


def send(document, customer_id, **choices):
    """Send a document as its feature's verb would; return the plan."""
    chosen = Choices.checked(recipients=choices.get("recipients"), untick=choices.get("untick"))
    with unit_of_work(db.session) as work:
        plan, made = service.send_document(
            work,
            document=document,
            customer=work.get_one(Customer, customer_id),
            choices=chosen,
            fingerprint=choices.get("fingerprint"),
            defaults=making.DEFAULTS,
        )
        touched = [Touch(str(document.kind), document.id, document.number), *made]
        audit.record(work, actor(), verb=Verb.INVOICE_SENT, touched=touched)
        return plan


def consent(model, number):
    with making.unaudited(), unit_of_work(db.session) as work:
        work.get_one(model, number).marketing_consent_at = datetime(2026, 1, 1, tzinfo=UTC)


def deliver(app):
    """Send what is due by SMTP; return address and mail of each."""
    server = Server()
    with running(server) as port:
        state = app.extensions["mail"]
        state.server, state.port = "127.0.0.1", port
        with connect(app) as connection:
            delivery.drain(db.session, connection, worker="test", sender=None, stop=threading.Event())
    return {recipients[0]: email.message_from_bytes(data, policy=mail_policy) for _, recipients, data in server.mails}


def outcome(plan):
    got = {one.address: sorted(str(way.reason) for way in one.recipients) for one in plan.messages}
    return got, sorted((one.address, str(one.reason)) for one in plan.skipped)


def test_a_letter_of_each_class_leaves_with_its_own_bytes(app, letters):
    kinds = {
        name: making.lookup("correspondence_type", name, correspondence_class=name)
        for name in ("billing", "credit_control", "customer_services", "marketing")
    }
    customer_id = making.customer(email=f"{MAIN}, {FURTHER}")
    for number, (name, type_id) in enumerate(kinds.items(), start=1):
        making.contact(customer_id, email=f"{name}@acme.example", copy_correspondence=[type_id], language="de")
        document = letters.hold(id=number, number=f"AC1/C00{number}", type_id=type_id, marketing=name == "marketing")
        plan = send(document, customer_id)
        got, skipped = outcome(plan)
        assert (FURTHER, "bills_only") in skipped
        if name == "marketing":
            assert got == {}
            assert {(MAIN, "no_marketing_consent"), ("marketing@acme.example", "no_marketing_consent")} <= set(skipped)
            continue
        assert got == {MAIN: ["customer_email"], f"{name}@acme.example": ["copy_correspondence"]}
        mails = deliver(app)
        assert set(mails) == set(got)
        (attachment,) = mails[MAIN].iter_attachments()
        assert (attachment.get_filename(), attachment.get_content()) == ("letter.pdf", b"%PDF en")
        (german,) = mails[f"{name}@acme.example"].iter_attachments()
        assert german.get_content() == b"%PDF de"
        assert mails[MAIN]["Subject"] == f"letter {document.number}"
    assert letters.rendered == [(number, "", language) for number in (1, 2, 3) for language in ("en", "de")]
    assert {one.format for one in db.session.query(Rendition)} == {""}


def test_marketing_waits_for_each_ones_own_consent(app, letters):
    type_id = making.lookup("correspondence_type", "News", correspondence_class="marketing")
    customer_id = making.customer(email=MAIN)
    ann = making.contact(customer_id, email="ann@acme.example", copy_correspondence=[type_id])
    document = letters.hold(id=1, number="AC1/C001", type_id=type_id, marketing=True)
    consent(Contact, ann)
    assert outcome(send(document, customer_id)) == (
        {"ann@acme.example": ["copy_correspondence"]},
        [(MAIN, "no_marketing_consent")],
    )
    kept = db.session.query(SkippedRoad).one()
    assert (kept.address, kept.reason, kept.document_number) == (MAIN, "no_marketing_consent", "AC1/C001")
    consent(Customer, customer_id)
    assert outcome(send(document, customer_id)) == (
        {MAIN: ["customer_email"]},
        [("ann@acme.example", "already_sent")],
    )
    assert set(deliver(app)) == {MAIN, "ann@acme.example"}


def test_a_ticket_update_is_words_alone_and_its_author_gets_none(app, updates):
    fault = making.lookup("ticket_type", "Fault")
    customer_id = making.customer(email=f"{MAIN}, {FURTHER}")
    for name in ("ann", "ben"):
        making.contact(customer_id, email=f"{name}@acme.example", copy_ticket_updates=[fault])
    making.contact(customer_id, email="carl@acme.example")
    document = updates.hold(
        id=7, number="T7", type_id=fault, requester_email="asks@x.example", author_address="BEN@acme.example"
    )
    assert outcome(send(document, customer_id)) == (
        {"asks@x.example": ["requester"], "ann@acme.example": ["copy_ticket_updates"]},
        [("ben@acme.example", "author"), ("carl@acme.example", "type_not_selected"), (FURTHER, "bills_only")],
    )
    mails = deliver(app)
    assert set(mails) == {"asks@x.example", "ann@acme.example"}
    assert list(mails["asks@x.example"].iter_attachments()) == []
    assert mails["asks@x.example"].get_body(("plain",)).get_content().strip() == "Words of T7"


def test_a_suppressed_requester_gets_none(updates):
    making.suppress("asks@x.example", "It bounced.")
    customer_id = making.customer(email=MAIN)
    document = updates.hold(id=7, number="T7", type_id=1, requester_email="asks@x.example")
    assert outcome(send(document, customer_id)) == ({}, [("asks@x.example", "suppressed")])


def test_an_internal_note_never_leaves(app, updates):
    customer_id = making.customer(email=MAIN)
    document = updates.hold(id=8, number="T8", type_id=1, internal=True)
    for choices in ({}, {"recipients": ["x@y.example"]}):
        got, skipped = outcome(send(document, customer_id, **choices))
        assert got == {}
        assert {reason for _, reason in skipped} == {"internal"}
    assert deliver(app) == {}


def test_a_letter_loses_its_reasons_as_a_bill_does(letters):
    type_id = making.lookup("correspondence_type", "Reminder", correspondence_class="billing")
    customer_id = making.customer(email=f"{MAIN}, {FURTHER}")
    ann = making.contact(customer_id, email="ann@acme.example", copy_correspondence=[type_id])
    send(letters.hold(id=1, number="AC1/C001", type_id=type_id), customer_id)
    making.run(contacts.update_contact, contact_id=ann, values={"copy_correspondence": []})
    assert making.states() == {MAIN: "queued", "ann@acme.example": "cancelled"}
    assert making.messages()[1].lost_reasons == ["type_not_selected"]
    making.run(update_customer, customer_id=customer_id, values={"email": f"{FURTHER}, {MAIN}"})
    assert making.messages()[0].lost_reasons == ["bills_only"]
