"""Nothing is stuck in silence: whatever happens, each message that isn't final has an owner or a next time.

A random walk over the verbs of staff, a worker that does its work or dies at any step, a mail server in any mood, and
time; after each step the tables are looked at, and at the end all that may leave has left.
"""

from __future__ import annotations

import os
import shutil
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select

from app import create_app
from app.contacts import service as contacts
from app.core import clock
from app.core.errors import DomainError
from app.customers import service as customers
from app.extensions import db
from app.invoices.service import send_invoice, send_invoice_again
from app.invoices.source import InvoiceSource
from app.mailer.delivery import claims, recovery, sending
from app.mailer.delivery.backoff import MOST_COPIES
from app.mailer.delivery.journal import Journal
from app.mailer.holding import MISSING, RENDERING_FAILED
from app.mailer.message_states import FINAL, MessageState
from app.mailer.models import Message, MessageAttempt
from app.mailer.planning.choices import Again, Choices
from app.mailer.service import cancel_message, retry_message
from app.mailer.smtp.answers import Timeouts
from app.mailer.smtp.connection import connect
from app.mailer.suppressions import service as suppressions
from app.mailer.suppressions.models import Suppression
from tests.conftest import settings_for
from tests.core import making
from tests.mailer.smtp_servers import Server, hanging_up, running, saying

FULL = os.environ.get("COUNTERPART_TEST_FULL") == "1"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADDRESSES = ("bills@acme.example", "ann@acme.example", "ben@else.example")
WHICH = st.integers(0, 7)
# What the server says to a recipient, and to a mail.
MOODS = {
    "takes it": (None, None),
    "not now": (saying("450 4.2.1 Try later"), None),
    "never": (saying("550 5.1.1 No such mailbox"), None),
    "too busy": (saying("421 4.3.2 Closing"), None),
    "not this mail": (None, saying("554 5.6.0 Refused")),
    "hangs up": (None, hanging_up),
}


class Walk(RuleBasedStateMachine):
    """One customer, a direct and a shared contact, two invoices, one worker and one server."""

    app: ClassVar[Any]
    database: ClassVar[Path]
    server: ClassVar[Server]
    seen: ClassVar[dict[str, int]] = {}

    @initialize()
    def begin(self) -> None:
        db.session.remove()
        db.engine.dispose()
        for leftover in self.database.parent.glob(f"{self.database.name}-*"):
            leftover.unlink()
        shutil.copy(self.database.with_name("fresh.sqlite"), self.database)
        self.now = NOON
        self.can_render = True
        self.send(invoice=1, untick=None)

    def do(self, verb: Any, **given: Any) -> None:
        """Do what staff do; a refusal is an answer too."""
        with clock.frozen(self.now):
            try:
                making.run(verb, **given)
            except DomainError as refusal:
                self._count(f"{verb.__name__} {refusal.code}")
            else:
                self._count(verb.__name__)

    def _count(self, what: str) -> None:
        self.seen[what] = self.seen.get(what, 0) + 1

    @rule(invoice=st.integers(1, 2), untick=st.sampled_from([None, [ADDRESSES[1]]]))
    def send(self, invoice: int, untick: Any) -> None:
        chosen = Choices.checked(recipients=None, untick=untick)
        self.do(send_invoice, invoice_id=invoice, choices=chosen, fingerprint=None, defaults=making.DEFAULTS)

    @rule(invoice=st.integers(1, 2), address=st.sampled_from(ADDRESSES))
    def send_again(self, invoice: int, address: str) -> None:
        again = Again.checked(addresses=[address], reason="Lost.")
        self.do(send_invoice_again, invoice_id=invoice, again=again, defaults=making.DEFAULTS)

    @rule(which=WHICH)
    def retry(self, which: int) -> None:
        """Retry one that came to grief, if there is one: the others answer with a refusal alone."""
        grief = [one for one in making.messages() if one.state in ("failed", "uncertain", "waiting")]
        if grief:
            self.do(retry_message, message_id=grief[which % len(grief)].id)
        else:
            self._on_message(retry_message, which)

    @rule(which=WHICH)
    def cancel(self, which: int) -> None:
        self._on_message(cancel_message, which)

    def _on_message(self, verb: Any, which: int) -> None:
        rows = making.messages()
        if rows:
            self.do(verb, message_id=rows[which % len(rows)].id)

    @rule(bills=st.sampled_from(["none", "short", "short", "long"]), contact=st.integers(1, 2))
    def set_bills(self, bills: str, contact: int) -> None:
        self.do(contacts.update_contact, contact_id=contact, values={"email_bill_type": bills})

    @rule(contact=st.integers(1, 2), restore=st.sampled_from([True, True, False]))
    def delete_or_restore(self, *, contact: int, restore: bool) -> None:
        self.do(contacts.restore_contact if restore else contacts.delete_contact, contact_id=contact)

    @rule(add=st.booleans())
    def link_or_unlink(self, *, add: bool) -> None:
        verb = contacts.add_shared_contact if add else contacts.remove_shared_contact
        self.do(verb, customer_id=1, contact_id=2)

    @rule(restore=st.sampled_from([True, True, True, False]))
    def lose_the_customer(self, *, restore: bool) -> None:
        self.do(customers.restore_customer if restore else customers.delete_customer, customer_id=1)

    @rule(address=st.sampled_from(ADDRESSES), lift=st.sampled_from([True, True, False]))
    def suppress_or_lift(self, *, address: str, lift: bool) -> None:
        if not lift:
            self.do(suppressions.add_suppression, values={"address": address, "reason": "Asked for."})
            return
        living = select(Suppression.id).where(Suppression.address == address, Suppression.deleted_at.is_(None))
        for number in db.session.scalars(living).all():
            self.do(suppressions.lift_suppression, suppression_id=number, reason="The mailbox works.")

    @rule(can=st.sampled_from([True, True, False]))
    def rendering(self, *, can: bool) -> None:
        self.can_render = can

    @rule(minutes=st.sampled_from([1, 20, 60, 60 * 24, 60 * 24 * 6]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(resend=st.booleans())
    def sweep(self, *, resend: bool) -> None:
        with clock.frozen(self.now):
            recovery.sweep(db.session, resend=resend)

    @rule(mood=st.sampled_from(sorted(MOODS)))
    def work(self, mood: str) -> None:
        self._drain(mood)

    @rule(after=st.sampled_from(["the claim", "the intent", "the answer"]))
    def a_worker_dies(self, after: str) -> None:
        """Leave the tables as a worker leaves them that is killed at one of its steps."""
        self._count(f"a worker dies after {after}")
        with clock.frozen(self.now), self._rendering():
            batch = claims.claim(db.session, worker="mortal", sender=None, size=2)
            if after == "the claim" or not batch or not batch.claimed:
                return
            with Journal(db.engine, worker="mortal") as journal:
                one = batch.claimed[0]
                attempt = journal.intend(one.message_id, after=None)
                if after == "the answer" and attempt is not None:
                    journal.conclude(
                        sending.Outcome(
                            attempt_id=attempt,
                            message_id=one.message_id,
                            state=MessageState.SENT,
                            answer="250 OK",
                            at=clock.now(),
                        )
                    )

    @rule()
    def its_death_is_known(self) -> None:
        with clock.frozen(self.now):
            recovery.recover(db.session, worker="mortal")

    def _drain(self, mood: str) -> None:
        self.server.on_rcpt, self.server.on_data = MOODS[mood]
        quick = Timeouts(connect=5.0, command=5.0, answer=5.0)
        with clock.frozen(self.now), self._rendering(), connect(self.app, timeouts=quick) as connection:
            sending.drain(db.session, connection, worker="able", sender=None, stop=threading.Event())

    def _rendering(self) -> Any:
        return _cannot_render() if not self.can_render else _can_render()

    @invariant()
    def each_row_is_in_one_piece(self) -> None:
        if not hasattr(self, "now"):
            return
        rows = making.messages()
        keys = {(one.document_kind, one.document_id, one.revision, one.address_normalised) for one in rows}
        assert len(keys) == len(rows), "one message for each document, revision and address"
        for one in rows:
            _check(one)
        unsettled = select(MessageAttempt.message_id).where(MessageAttempt.settled.is_(False))
        in_hand = {one.id for one in rows if one.state == MessageState.SENDING}
        assert set(db.session.scalars(unsettled)) <= in_hand, "an attempt is settled, or its message in somebody's hand"
        db.session.rollback()

    def teardown(self) -> None:
        """Let time pass with a server that takes all: whatever may leave leaves, without a hand."""
        if not hasattr(self, "now"):
            return
        self.can_render = True
        for _ in range(8):
            self.now += timedelta(days=1)
            with clock.frozen(self.now):
                recovery.sweep(db.session, resend=True)
            self._drain("takes it")
        for one in making.messages():
            self._count(f"ends {one.state}")
            stays = one.state in FINAL or (one.state == MessageState.HELD and one.held_code in MISSING)
            assert stays or _tried_often(one), f"{one} is {one.state} for ever"


def _check(one: Message) -> None:
    """Check one row: who has it in hand, or when it is its turn."""
    owned = one.claimed_by is not None and one.lease_until is not None
    free = one.claimed_by is None and one.lease_until is None
    state = MessageState(one.state)
    if state in FINAL:
        assert free, f"{one} is {state}, and in somebody's hand"
        assert one.next_attempt_at is None, f"{one} is {state}, and has a next time"
    elif state == MessageState.SENDING:
        assert owned, f"{one} is being sent by nobody"
    elif state in (MessageState.QUEUED, MessageState.WAITING):
        assert free
        assert one.next_attempt_at is not None, f"{one} is {state}, and has no next time"
    elif state == MessageState.HELD:
        assert free
        assert one.held_code in {*MISSING, RENDERING_FAILED}
        assert one.held_because, f"{one} is held, and nobody knows why"
        assert one.next_attempt_at is not None or one.held_code in MISSING
    else:
        # Uncertain: the sweep's turn, or a person's, both of whom find it by its state.
        assert free
    assert (one.state == MessageState.SENT) == (one.sent_at is not None and state != MessageState.BOUNCED)


def _tried_often(one: Message) -> bool:
    """Tell whether a message stays uncertain since so many copies of it may be with the server already."""
    outcomes = db.session.scalar(
        select(func.count()).where(
            MessageAttempt.message_id == one.id, MessageAttempt.outcome == MessageState.UNCERTAIN.value
        )
    )
    return one.state == MessageState.UNCERTAIN and (outcomes or 0) >= MOST_COPIES


class _can_render:  # noqa: N801  used as a function
    def __enter__(self) -> None:
        self.render = InvoiceSource.render

    def __exit__(self, *_: object) -> None:
        InvoiceSource.render = self.render  # type: ignore[method-assign]


class _cannot_render(_can_render):  # noqa: N801  used as a function
    def __enter__(self) -> None:
        super().__enter__()
        InvoiceSource.render = _fails  # type: ignore[method-assign]


def _fails(*_: Any, **__: Any) -> Any:
    raise RuntimeError("no fonts")


def _begin(folder: Path, template: Path) -> None:
    shutil.copy(template, folder / "counterpart.sqlite")
    app = create_app(settings_for(folder))
    Walk.app, Walk.database, Walk.server, Walk.seen = app, folder / "counterpart.sqlite", Server(), {}
    with app.app_context():
        customer_id = making.billed(email=ADDRESSES[0])
        making.contact(customer_id, last_name="Ann", email=ADDRESSES[1], email_bill_type="short")
        shared = making.contact(last_name="Ben", email=ADDRESSES[2], email_bill_type="short")
        making.run(contacts.add_shared_contact, customer_id=customer_id, contact_id=shared)
        for _ in range(2):
            making.invoice(customer_id)
        db.session.remove()
        db.engine.dispose()
    shutil.copy(Walk.database, Walk.database.with_name("fresh.sqlite"))


def test_nothing_is_stuck_in_silence(template, tmp_path):
    _begin(tmp_path, template)
    with Walk.app.app_context(), running(Walk.server) as port:
        state = Walk.app.extensions["mail"]
        state.server, state.port = "127.0.0.1", port
        run_state_machine_as_test(
            Walk,
            settings=settings(
                max_examples=1_000 if FULL else 80,
                stateful_step_count=60 if FULL else 40,
                deadline=None,
                derandomize=not FULL,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
        db.session.remove()
        db.engine.dispose()
    # A walk that never gets anywhere proves nothing.
    for what in ("ends sent", "ends failed", "ends cancelled", "a worker dies after the intent", "retry_message"):
        assert Walk.seen.get(what, 0) > 0, dict(sorted(Walk.seen.items()))
