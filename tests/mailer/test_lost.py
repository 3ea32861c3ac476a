"""A message that has lost its every reason before it left is cancelled by the verb that took the last one."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from app.contacts import service as contacts
from app.core import clock
from app.core.errors import Conflict
from app.core.reach import Reach, lessened
from app.core.unit_of_work import unit_of_work
from app.customers import service as customers
from app.extensions import db
from app.lookups.service import update_lookup
from app.mailer import service
from app.mailer.delivery.claims import claim
from app.mailer.delivery.journal import Journal, Outcome
from app.mailer.delivery.settling import settle
from app.mailer.message_states import MessageState
from app.mailer.models import Message
from tests.core import making

pytestmark = pytest.mark.usefixtures("app")
OWN, ANN = "bills@acme.example", "ann@acme.example"


class House:
    """A customer with an address of its own, a contact of either kind, and an invoice sent to both."""

    def __init__(self, *, shared=False, **values):
        self.customer = making.billed(email=OWN)
        given = {"email": ANN, "email_bill_type": "short", **values}
        self.contact = making.contact(None if shared else self.customer, **given)
        if shared:
            making.run(contacts.add_shared_contact, customer_id=self.customer, contact_id=self.contact)
        self.invoice = making.invoice(self.customer)

    def send(self):
        making.send(self.invoice)
        return self

    def act(self, name):
        return ACTS[name](self)


def _update(**values):
    return lambda house: making.run(contacts.update_contact, contact_id=house.contact, values=values)


def _update_customer(**values):
    return lambda house: making.run(customers.update_customer, customer_id=house.customer, values=values)


def _closed(house):
    status = making.lookup("customer_status", "Closed", allows_correspondence=False)
    making.run(customers.update_customer, customer_id=house.customer, values={"status": status})


def _status_closes(house):
    status = making.lookup("customer_status", "Open", allows_correspondence=True)
    making.run(customers.update_customer, customer_id=house.customer, values={"status": status})
    values = {"allows_correspondence": False}
    making.run(update_lookup, resource="customer_status", lookup_id=status, values=values)


def _suppress(house):
    making.suppress(ANN)
    number = house_message(ANN).id
    with making.unaudited(), unit_of_work(db.session) as work:
        assert [one.record_id for one in lessened(work, Reach(address=ANN))] == [number]


def house_message(address):
    return next(one for one in making.messages() if one.address == address)


ACTS = {
    "set to none": _update(email_bill_type="none"),
    "other format": _update(email_bill_type="long"),
    "other address": _update(email="new@acme.example"),
    "other name": _update(first_name="Anna", number_1="0161"),
    "deleted": lambda house: making.run(contacts.delete_contact, contact_id=house.contact),
    "unlinked": lambda house: making.run(
        contacts.remove_shared_contact, customer_id=house.customer, contact_id=house.contact
    ),
    "converted": lambda house: making.run(contacts.convert_to_shared, contact_id=house.contact),
    "restored": lambda house: (
        making.run(contacts.delete_contact, contact_id=house.contact),
        making.run(contacts.restore_contact, contact_id=house.contact),
    ),
    "customer deleted": lambda house: making.run(customers.delete_customer, customer_id=house.customer),
    "customer restored": lambda house: (
        making.run(customers.delete_customer, customer_id=house.customer),
        making.run(customers.restore_customer, customer_id=house.customer),
    ),
    "billing off": _update_customer(email_billing=False),
    "customer's format none": _update_customer(email_bill_type="none"),
    "customer's address": _update_customer(email="other@acme.example"),
    "customer's name": _update_customer(company_name="New"),
    "status forbids": _closed,
    "status is closed": _status_closes,
    "suppressed": _suppress,
}
# For each act: what becomes of the customer's own message and of the contact's, and why.
OUTCOMES = [
    ("set to none", False, None, "format_none"),
    ("other format", False, None, None),
    ("other address", False, None, "address_changed"),
    ("other name", False, None, None),
    ("deleted", False, None, "contact_deleted"),
    ("deleted", True, None, "contact_deleted"),
    ("unlinked", True, None, "unlinked"),
    ("converted", False, None, None),
    ("restored", False, None, "contact_deleted"),
    ("customer deleted", False, "customer_deleted", "customer_deleted"),
    ("customer deleted", True, "customer_deleted", "customer_deleted"),
    ("customer restored", False, "customer_deleted", "customer_deleted"),
    ("billing off", False, "email_billing_off", None),
    ("customer's format none", False, "format_none", None),
    ("customer's address", False, "address_changed", None),
    ("customer's name", False, None, None),
    ("status forbids", False, "status_forbids", "status_forbids"),
    ("status is closed", False, "status_forbids", "status_forbids"),
    ("suppressed", False, None, "suppressed"),
]
WAYS = pytest.mark.parametrize(("act", "shared", "own", "theirs"), OUTCOMES, ids=str)


def set_states(state):
    with making.unaudited(), unit_of_work(db.session) as work:
        for message in work.query(Message):
            message.state = state


def outcome(state="queued"):
    found = {}
    for one in making.messages():
        assert (one.state == "cancelled") == (one.lost_reasons is not None)
        assert one.lost_reasons is not None or one.state == state
        found[one.address] = one.lost_reasons[0] if one.lost_reasons else None
    return found


@pytest.mark.parametrize("state", ["queued", "waiting", "held"])
@WAYS
def test_after_sending_while_it_waits(act, shared, own, theirs, state):
    house = House(shared=shared).send()
    set_states(state)
    house.act(act)
    assert outcome(state) == {OWN: own, ANN: theirs}
    assert all(one.next_attempt_at is None for one in making.messages() if one.state == "cancelled")


@pytest.mark.parametrize("state", ["sending", "sent", "failed", "bounced", "uncertain"])
@WAYS
def test_what_has_left_or_is_leaving_is_left_alone(act, shared, own, theirs, state):
    if act == "suppressed":
        return
    house = House(shared=shared).send()
    set_states(state)
    house.act(act)
    assert set(making.states().values()) == {state}


@WAYS
def test_before_sending_there_is_nothing_to_cancel(act, shared, own, theirs):
    if act == "suppressed":
        return
    house = House(shared=shared)
    house.act(act)
    assert making.messages() == []


@pytest.mark.parametrize(
    ("act", "shared", "verb"),
    [
        ("set to none", False, "contact:updated"),
        ("deleted", False, "contact:deleted"),
        ("unlinked", True, "customer:shared_contact_removed"),
        ("customer deleted", False, "customer:deleted"),
        ("status is closed", False, "lookup:updated"),
    ],
)
def test_the_verbs_own_entry_names_what_was_cancelled(act, shared, verb):
    house = House(shared=shared).send()
    number = house_message(ANN).id
    house.act(act)
    entry = making.trail()[-1]
    assert entry.verb == verb
    (touched,) = [one for one in entry.touched if (one.resource, one.record_id) == ("message", number)]
    assert touched.changes["state"] == ["queued", "cancelled"]
    assert touched.label == f"AC1/1 to {ANN}"


def test_a_message_with_one_reason_left_leaves_as_planned():
    house = House(email=f" {OWN.upper()}").send()
    (message,) = making.messages()
    assert len(message.reasons) == 2
    house.act("set to none")
    assert outcome() == {message.address: None}
    house.act("billing off")
    assert making.messages()[0].lost_reasons == ["email_billing_off", "format_none"]


def test_an_address_typed_in_keeps_its_reason_until_the_customer_goes():
    house = House()
    making.send(house.invoice, recipients=[ANN])
    for act in ("set to none", "deleted", "billing off", "status forbids"):
        house.act(act)
    assert making.states() == {ANN: "queued"}
    house.act("customer deleted")
    assert outcome() == {ANN: "customer_deleted"}


def test_restoring_resurrects_nothing_and_sending_takes_the_same_row():
    house = House().send()
    before = {one.address: (one.id, one.message_id) for one in making.messages()}
    house.act("customer restored")
    assert set(making.states().values()) == {"cancelled"}
    assert {one.key for one in making.send(house.invoice).messages} == {OWN, ANN}
    assert {one.address: (one.id, one.message_id) for one in making.messages()} == before
    assert outcome() == {OWN: None, ANN: None}


def test_a_claimed_message_leaves_and_is_not_tried_again_without_a_reason(app):
    house = House().send()
    with making.unaudited(), unit_of_work(db.session) as work:
        own = work.query(Message).filter_by(address=OWN).one()
        own.next_attempt_at = None
    (claimed,) = claim(db.session, worker="w", sender=None, size=10).claimed
    assert claimed.address == ANN
    house.act("deleted")
    assert making.states()[ANN] == "sending"
    with Journal(db.engine, worker="w") as journal:
        attempt_id = journal.intend(claimed.message_id, after=None)
    later = Outcome(
        attempt_id=attempt_id,
        message_id=claimed.message_id,
        state=MessageState.WAITING,
        answer="451 later",
        at=clock.now(),
        deferred=True,
    )
    with unit_of_work(db.session) as work:
        settle(work, [later])
    assert (house_message(ANN).state, house_message(ANN).lost_reasons) == ("cancelled", ["contact_deleted"])
    assert making.trail()[-1].verb == "message:cancelled"


def test_nobody_retries_what_nobody_is_to_get():
    house = House().send()
    set_states("failed")
    house.act("deleted")
    with pytest.raises(Conflict, match=r"The contact is deleted\."):
        making.run(service.retry_message, message_id=house_message(ANN).id)
    making.run(service.retry_message, message_id=house_message(OWN).id)


@pytest.mark.parametrize("act", ["deleted", "set to none"])
def test_a_change_and_a_claim_at_once_end_in_one_of_two_ways(app, act):
    house = House().send()
    set_states("queued")
    db.session.remove()
    results = making.at_once(
        app,
        [lambda: house.act(act), *[lambda: claim(db.session, worker="w", sender=None, size=1) for _ in range(2)]],
    )
    assert not [one for one in results if isinstance(one, BaseException)], results
    claimed = {one.address for batch in results[1:] for one in batch.claimed}
    assert making.states()[ANN] == ("sending" if ANN in claimed else "cancelled")


@pytest.mark.parametrize("act", ["deleted", "set to none", "customer deleted"])
def test_a_change_and_a_sending_at_once_leave_no_message_without_a_reason(app, act):
    house = House()
    db.session.remove()

    def send():
        try:
            return making.send(house.invoice)
        except Exception as error:  # noqa: BLE001  a customer deleted first makes the invoice unfindable
            return error

    making.at_once(app, [lambda: house.act(act), send])
    assert making.states().get(ANN, "cancelled") == "cancelled"


def test_the_statements_do_not_grow_with_what_others_have_pending(app):
    shared = making.contact(email=ANN, email_bill_type="short")
    for number in range(30):
        customer = making.billed(f"AC{number}", f"a{number}@acme.example, b{number}@acme.example")
        making.run(contacts.add_shared_contact, customer_id=customer, contact_id=shared)
        making.send(making.invoice(customer))
    statements = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    making.run(contacts.update_contact, contact_id=shared, values={"email_bill_type": "none"})
    # The trail's rows are one for each record that it names.
    done = [one for one in statements if "INTO audit_record" not in one]
    assert sum(one.state == "cancelled" for one in making.messages()) == 30
    assert len(done) < 25, done
    assert sum("UPDATE message" in one for one in done) == 1
