"""Sending executes the very plan that was looked at, puts one message for each address into the outbox, and once."""

from __future__ import annotations

import pytest

from app.contacts import service as contacts
from app.core.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from app.core.unit_of_work import unit_of_work
from app.customers.service import update_customer
from app.extensions import db
from app.invoices import queries as invoice_queries
from app.invoices import service as invoices
from app.invoices.models import Invoice
from app.invoices.source import InvoiceSource
from app.mailer import service
from app.mailer.message_states import MessageState
from app.mailer.models import Message
from tests.conftest import actor
from tests.core import making

pytestmark = pytest.mark.usefixtures("app")
ALL_STATES = [state.value for state in MessageState]


def plan(invoice_id, **choices):
    db.session.rollback()
    invoice = invoice_queries.invoice(db.session, actor(), invoice_id=invoice_id)
    chosen = service.Choices.checked(recipients=choices.get("recipients"), untick=choices.get("untick"))
    return invoices.plan_invoice(db.session, actor(), invoice=invoice, choices=chosen, defaults=making.DEFAULTS)


def skipped(one):
    return sorted((skip.address or "", skip.reason.value) for skip in one.skipped)


def copied(customer_id, email, **values):
    return making.contact(customer_id, email=email, **{"email_bill_type": "short", **values})


def refused(kind, verb, who=None, **arguments):
    with pytest.raises(kind) as refusal:
        making.run(verb, who, **arguments)
    return refusal.value


def set_state(message_id, state):
    with making.unaudited(), unit_of_work(db.session) as work:
        work.get_one(Message, message_id).state = state


class TestTheOutbox:
    def test_a_message_for_each_address_with_its_reasons(self):
        customer_id = making.billed(email="bills@acme.example, second@acme.example")
        ann = copied(customer_id, "Ann@acme.example", first_name="Ann", language="de")
        bea = copied(None, " BILLS@acme.example", last_name="Bea")
        making.run(contacts.add_shared_contact, customer_id=customer_id, contact_id=bea)
        making.contact(customer_id, last_name="Nobody")
        invoice_id = making.invoice(customer_id)
        shown = plan(invoice_id)
        done = making.send(invoice_id, fingerprint=shown.fingerprint)
        rows = making.messages()
        assert making.states() == dict.fromkeys(
            ["Ann@acme.example", "BILLS@acme.example", "second@acme.example"], "queued"
        )
        assert {one.message_id for one in done.messages} == {one.id for one in rows}
        assert {one.state for one in done.messages} == {"queued"}
        by_address = {one.address: one for one in rows}
        first = by_address["BILLS@acme.example"]
        assert {(why["road"], why["contact_id"], why["reason"]) for why in first.reasons} == {
            ("customer", None, "customer_email"),
            ("contact", bea, "copy_email_bill"),
        }
        assert by_address["Ann@acme.example"].language == "de"
        assert by_address["Ann@acme.example"].recipient_name == "Ann Jones"
        assert {why["contact_id"] for why in by_address["Ann@acme.example"].reasons} == {ann}
        assert len({one.message_id for one in rows}) == 3
        assert all(one.message_id.endswith("@mail.example>") for one in rows)
        assert db.session.get_one(Invoice, invoice_id).status == "sent"

    @pytest.mark.parametrize("wanted", ["long", "full"])
    def test_a_format_that_cannot_be_made_yet_is_held_with_the_reason(self, wanted, monkeypatch):
        monkeypatch.setattr(InvoiceSource, "formats", lambda _: frozenset({"short"}))
        customer_id = making.billed(email_bill_type=wanted)
        copied(customer_id, "short@acme.example")
        making.send(making.invoice(customer_id))
        held, queued = sorted(making.messages(), key=lambda one: one.state)
        assert (held.address, held.state, held.held_code) == ("bills@acme.example", "held", "format_missing")
        assert wanted.capitalize() in held.held_because
        assert held.next_attempt_at is None
        assert (queued.address, queued.state, queued.held_because) == ("short@acme.example", "queued", None)
        refusal = refused(Conflict, service.retry_message, message_id=held.id)
        assert refusal.code == "not_possible"
        assert wanted.capitalize() in refusal.message

    def test_sending_twice_makes_none_and_says_so(self):
        invoice_id = making.invoice(making.billed())
        making.send(invoice_id)
        entries = len(making.trail())
        again = making.send(invoice_id)
        assert (again.messages, skipped(again)) == ((), [("bills@acme.example", "already_sent")])
        assert (len(making.messages()), len(making.trail())) == (1, entries)

    def test_who_comes_later_gets_theirs_alone(self):
        customer_id = making.billed()
        invoice_id = making.invoice(customer_id)
        making.send(invoice_id)
        copied(customer_id, "late@acme.example")
        assert [one.address for one in making.send(invoice_id).messages] == ["late@acme.example"]
        assert len(making.messages()) == 2

    def test_nobody_to_send_to_leaves_a_draft(self):
        invoice_id = making.invoice(making.customer())
        done = making.send(invoice_id)
        assert (done.messages, done.reaches_nobody) == ((), True)
        assert db.session.get_one(Invoice, invoice_id).status == "draft"

    def test_a_suppressed_address_and_a_status_stand_in_the_way(self):
        making.suppress("bills@acme.example", "It bounced in May.")
        customer_id = making.billed()
        invoice_id = making.invoice(customer_id)
        done = making.send(invoice_id)
        assert skipped(done) == [("bills@acme.example", "suppressed")]
        assert done.skipped[0].detail == "It bounced in May."
        closed = making.lookup("customer_status", "Closed", allows_correspondence=False)
        making.run(update_customer, customer_id=customer_id, values={"status": closed})
        assert skipped(plan(invoice_id)) == [("bills@acme.example", "status_forbids")]

    def test_a_cancelled_message_is_revived_and_stays_the_same_one(self):
        invoice_id = making.invoice(making.billed())
        message_id = making.send(invoice_id).messages[0].message_id
        name = making.messages()[0].message_id
        making.run(service.cancel_message, message_id=message_id)
        assert making.states() == {"bills@acme.example": "cancelled"}
        done = making.send(invoice_id)
        assert [one.message_id for one in done.messages] == [message_id]
        assert making.states() == {"bills@acme.example": "queued"}
        assert making.messages()[0].message_id == name
        touched = making.trail()[-1].touched[1]
        assert (touched.resource, touched.changes) == ("message", {"state": ["cancelled", "queued"]})

    def test_a_sender_who_may_not_send_makes_nothing(self):
        invoice_id = making.invoice(making.billed())
        for who in ("support", "auditor"):
            with pytest.raises(Forbidden):
                making.send(invoice_id, actor(who))
        assert making.messages() == []


class TestTheFingerprint:
    @pytest.fixture
    def house(self):
        customer_id = making.billed()
        contact_id = copied(customer_id, "ann@acme.example")
        return customer_id, contact_id, making.invoice(customer_id)

    def test_a_changed_phone_number_stops_nothing(self, house):
        customer_id, contact_id, invoice_id = house
        shown = plan(invoice_id).fingerprint
        values = {"number_1": "0161 496 0000", "first_name": "Anna"}
        making.run(contacts.update_contact, contact_id=contact_id, values=values)
        making.run(update_customer, customer_id=customer_id, values={"number_1": "0161", "company_name": "New"})
        assert len(making.send(invoice_id, fingerprint=shown).messages) == 2

    @pytest.mark.parametrize(
        "change",
        [
            lambda house: making.run(contacts.update_contact, contact_id=house[1], values={"email_bill_type": "none"}),
            lambda house: making.run(contacts.update_contact, contact_id=house[1], values={"email": "b@x.example"}),
            lambda house: making.run(contacts.update_contact, contact_id=house[1], values={"email_bill_type": "long"}),
            lambda house: making.run(contacts.delete_contact, contact_id=house[1]),
            lambda house: copied(house[0], "new@acme.example"),
            lambda house: making.run(update_customer, customer_id=house[0], values={"email_billing": False}),
            lambda _: making.suppress("ann@acme.example"),
            lambda house: making.run(
                invoices.update_invoice, invoice_id=house[2], values={"purchase_order_number": "PO 7"}
            ),
        ],
        ids=["set to none", "address", "format", "deleted", "added", "billing off", "suppressed", "document"],
    )
    def test_a_changed_outcome_does(self, house, change):
        shown = plan(house[2]).fingerprint
        change(house)
        with pytest.raises(Conflict) as refusal:
            making.send(house[2], fingerprint=shown)
        assert (refusal.value.code, making.messages()) == ("plan_changed", [])
        now = plan(house[2])
        told = refusal.value.detail["result"]
        assert told["fingerprint"] == now.fingerprint != shown
        assert {one["address"] for one in told["messages"]} == {one.address for one in now.messages}
        assert db.session.get_one(Invoice, house[2]).status == "draft"
        making.send(house[2], fingerprint=now.fingerprint)

    @pytest.mark.parametrize("choices", [{"untick": ["ann@acme.example"]}, {"recipients": ["x@y.example"]}])
    def test_choices_may_be_made_from_the_plan_that_was_looked_at(self, house, choices):
        shown = plan(house[2]).fingerprint
        assert making.send(house[2], fingerprint=shown, **choices).messages

    @pytest.mark.parametrize("choices", [{"untick": ["ann@acme.example"]}, {"recipients": ["x@y.example"]}])
    def test_choices_from_a_plan_that_has_changed_are_refused(self, house, choices):
        shown = plan(house[2]).fingerprint
        making.suppress("bills@acme.example")
        with pytest.raises(Conflict) as refusal:
            making.send(house[2], fingerprint=shown, **choices)
        assert refusal.value.code == "plan_changed"
        assert making.messages() == []

    def test_without_one_it_is_sent_as_it_is(self, house):
        assert len(making.send(house[2]).messages) == 2


class TestChoices:
    def test_an_empty_list_of_recipients_is_not_everybody(self):
        with pytest.raises(Invalid) as refusal:
            service.Choices.checked(recipients=[], untick=None)
        assert list(refusal.value.errors) == ["recipients"]

    def test_unticked_addresses_get_nothing(self):
        customer_id = making.billed()
        copied(customer_id, "ann@acme.example")
        done = making.send(making.invoice(customer_id), untick=["ANN@acme.example"])
        assert making.states() == {"bills@acme.example": "queued"}
        assert skipped(done) == [("ann@acme.example", "unticked")]

    def test_typed_in_addresses_replace_the_roads(self):
        customer_id = making.billed(email_bill_type="none")
        done = making.send(making.invoice(customer_id), recipients=["x@y.example", "X@y.example", "z@y.example"])
        assert making.states() == {"x@y.example": "queued", "z@y.example": "queued"}
        assert {why["reason"] for one in making.messages() for why in one.reasons} == {"typed_in"}
        assert {one.format.value for one in done.messages} == {"short"}

    @pytest.mark.parametrize(("name", "most"), [("recipients", 50), ("untick", 10_000)])
    def test_there_is_an_end_to_a_list_of_addresses(self, name, most):
        given = {"recipients": None, "untick": None}
        service.Choices.checked(**given | {name: ["x@y.example"] * most})
        with pytest.raises(Invalid) as refusal:
            service.Choices.checked(**given | {name: ["x@y.example"] * (most + 1)})
        assert f"at most {most}" in refusal.value.errors[name][0].replace(",", "")

    @pytest.mark.parametrize(
        ("raw", "words"),
        [
            ("x@y.example", "Give a list"),
            ([1], "Give a list"),
            ({"a": 1}, "Give a list"),
            (["nobody"], "nobody: "),
            (["a@b.example\r\nBcc: c@d.example"], ": "),
            (["\ud800@x.example"], ": "),
        ],
    )
    @pytest.mark.parametrize("name", ["recipients", "untick"])
    def test_what_is_no_list_of_addresses(self, name, raw, words):
        with pytest.raises(Invalid) as refusal:
            service.Choices.checked(**{"recipients": None, "untick": None, name: raw})
        assert list(refusal.value.errors) == [name]
        assert words in refusal.value.errors[name][0]


class TestRetryAndCancel:
    @pytest.fixture
    def message(self):
        return making.send(making.invoice(making.billed())).messages[0].message_id

    @pytest.mark.parametrize("state", ALL_STATES)
    def test_a_retry_where_it_makes_sense(self, message, state):
        set_state(message, state)
        if state in {"failed", "waiting", "uncertain", "held"}:
            making.run(service.retry_message, message_id=message)
            assert making.messages()[0].state == "queued"
            assert making.trail()[-1].touched[0].changes == {"state": [state, "queued"]}
        else:
            assert refused(Conflict, service.retry_message, message_id=message).code == "not_possible"
            assert making.messages()[0].state == state

    @pytest.mark.parametrize("state", ALL_STATES)
    def test_a_cancel_where_it_makes_sense(self, message, state):
        set_state(message, state)
        if state in {"held", "queued", "waiting", "uncertain"}:
            making.run(service.cancel_message, message_id=message)
            assert (making.messages()[0].state, making.messages()[0].next_attempt_at) == ("cancelled", None)
        else:
            assert refused(Conflict, service.cancel_message, message_id=message).code == "not_possible"
            assert making.messages()[0].state == state

    @pytest.mark.parametrize("verb", [service.retry_message, service.cancel_message])
    def test_who_may_and_what_was_seen(self, message, verb):
        set_state(message, "waiting")
        version = making.messages()[0].version
        refused(Stale, verb, message_id=message, version=version - 1)
        refused(Forbidden, verb, actor("auditor"), message_id=message)
        refused(NotFound, verb, actor("support"), message_id=message)
        refused(NotFound, verb, message_id=999)
        making.run(verb, actor("finance"), message_id=message, version=version)
