"""The verbs of the mailer: plan, put into the outbox, try again, cancel."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session, object_session

from app.access.ask import ensure
from app.access.table import Operation, document_resource
from app.core import audit, clock
from app.core.actor import Actor
from app.core.addresses import normalise
from app.core.audit import Touch, Verb
from app.core.bill_format import BillFormat
from app.core.errors import Conflict
from app.core.records import check_version
from app.core.words import say
from app.customers import models as customer_models
from app.mailer import queries
from app.mailer.attaching import NewFile
from app.mailer.documents import takes_files
from app.mailer.engines.work import there_is_work
from app.mailer.extra_files import drop_extra, extra_files, good_extra, keep_extra
from app.mailer.holding import MISSING, because
from app.mailer.message_states import STATE_NAMES, MessageState, may_follow
from app.mailer.models import Message
from app.mailer.outbox import log_sending, put_into_outbox
from app.mailer.planning.choices import Choices
from app.mailer.planning.facts import (
    Defaults,
    circumstances_of,
    contacts_of,
    customer_of,
    latest_messages,
    lock_people,
)
from app.mailer.planning.lost import reasons_lost_by
from app.mailer.planning.plan_again import plan_again
from app.mailer.planning.refusals import ensure_fingerprint, refuse_again, refuse_skipped
from app.mailer.planning.rules import Document, Plan, about, explain, plan


def plan_document(
    session: Session,
    *,
    document: Document,
    customer: customer_models.Customer,
    choices: Choices,
    defaults: Defaults,
) -> Plan:
    """Return who gets a document and who does not, with the messages that it has made already."""
    people = contacts_of(session, customer, language=defaults.language)
    return plan(
        document,
        customer_of(customer, language=defaults.language),
        people,
        circumstances_of(session, document, customer, people, choices=choices, usage_module=defaults.usage_module),
    )


def send_document(
    session: Session,
    *,
    document: Document,
    customer: customer_models.Customer,
    choices: Choices,
    fingerprint: str | None,
    defaults: Defaults,
    looked_at_as: Document | None = None,
) -> tuple[Plan, list[Touch]]:
    """Execute a document's plan; return it with its messages, and what the caller's audit entry says of them.

    `looked_at_as` is the document as its plan was shown, where it was only written since. The caller holds the
    document, and before it `lock_customer`. Raises Conflict (`plan_changed`), Invalid (`extra_attachments`).
    """
    lock_people(session, customer)
    good = good_extra(session, document, choices.files)
    chosen = plan_document(session, document=document, customer=customer, choices=choices, defaults=defaults)
    base = chosen
    if choices != Choices():
        base = plan_document(session, document=document, customer=customer, choices=Choices(), defaults=defaults)
    seen = looked_at_as or document
    ensure_fingerprint(about(seen, chosen), about(seen, base), fingerprint)
    log_sending(chosen)
    done, touched = put_into_outbox(session, chosen=chosen, customer=customer, defaults=defaults)
    # A message that was cancelled, and is sent anew, goes with what is chosen this time.
    anew = [one.record_id for one in touched if one.changes["state"][0] is not None]
    if anew:
        drop_extra(session, anew)
    keep_extra(session, done, good)
    return done, touched


def plan_document_again(
    session: Session,
    *,
    document: Document,
    customer: customer_models.Customer,
    addresses: tuple[str, ...],
    defaults: Defaults,
) -> Plan:
    """Return the plan of sending a document once more to addresses that have had it."""
    had = latest_messages(session, document)
    people = contacts_of(session, customer, language=defaults.language)
    only = Choices(recipients=addresses)
    return plan_again(
        document,
        customer_of(customer, language=defaults.language),
        people,
        circumstances_of(session, document, customer, people, choices=only, usage_module=defaults.usage_module),
        {
            key: (had[key].address, BillFormat(had[key].format or BillFormat.NONE))
            for key in dict.fromkeys(normalise(address) for address in addresses)
        },
    )


def send_document_again(
    session: Session,
    *,
    document: Document,
    customer: customer_models.Customer,
    addresses: tuple[str, ...],
    defaults: Defaults,
    files: Sequence[NewFile] = (),
) -> tuple[Plan, list[Touch]]:
    """Send a document once more to addresses that have had it, each by a message of its own; return as above.

    What went along with an address's latest copy goes along again, and `files` after it. Raises Invalid (one never had
    it, or must not get it; `extra_attachments`), Conflict (`on_its_way`).
    """
    lock_people(session, customer)
    had = latest_messages(session, document)
    refuse_again([(address, had.get(normalise(address))) for address in addresses])
    again = plan_document_again(session, document=document, customer=customer, addresses=addresses, defaults=defaults)
    refuse_skipped(again)
    log_sending(again)
    kept = extra_files(session, [had[one.key].id for one in again.messages]) if takes_files(document.kind) else {}
    along = {one.key: kept.get(had[one.key].id, []) for one in again.messages}
    good = good_extra(session, document, files, had=along.values())
    done, touched = put_into_outbox(session, chosen=again, customer=customer, defaults=defaults, again=True)
    keep_extra(session, done, good, had=along)
    return done, touched


def retry_message(session: Session, actor: Actor, *, message_id: int, version: int | None = None) -> Message:
    """Have a message tried at once; giving up counts anew. Raises Forbidden, NotFound, Stale, Conflict."""
    message = _message_to_change(session, actor, message_id, Operation.RETRY, version)
    if message.purged_at is not None:
        raise Conflict(say("This message was purged: it holds no address any more."), code="not_possible")
    if message.state == MessageState.HELD and message.held_code in MISSING:
        raise Conflict(say("{because} It leaves by itself once it can.", because=because(message)), code="not_possible")
    if message.state not in (MessageState.FAILED, MessageState.WAITING, MessageState.UNCERTAIN, MessageState.HELD):
        raise Conflict(
            say("A message that is {state} can't be tried again.", state=STATE_NAMES[message.state]),
            code="not_possible",
        )
    became = reasons_lost_by(session, message)
    if became is not None:
        raise Conflict(
            say("Nobody is to get this copy any more. {because}", because=explain(became[0])), code="not_possible"
        )
    before = message.state
    change_state(message, MessageState.QUEUED)
    message.next_attempt_at = message.tries_from = clock.now()
    audit.record(session, actor, verb=Verb.MESSAGE_RETRIED, touched=[_touch(message, before)])
    return message


def cancel_message(session: Session, actor: Actor, *, message_id: int, version: int | None = None) -> Message:
    """Keep a message from leaving. Raises Forbidden, NotFound, Stale, Conflict where it makes no sense."""
    message = _message_to_change(session, actor, message_id, Operation.CANCEL, version)
    if not may_follow(message.state, MessageState.CANCELLED):
        raise Conflict(
            say("A message that is {state} can't be cancelled.", state=STATE_NAMES[message.state]), code="not_possible"
        )
    before = message.state
    change_state(message, MessageState.CANCELLED)
    message.next_attempt_at = None
    audit.record(session, actor, verb=Verb.MESSAGE_CANCELLED, touched=[_touch(message, before)])
    return message


def change_state(message: Message, after: MessageState) -> None:
    """Move a message to another state. Raises Conflict when the table of states doesn't allow it."""
    if not may_follow(message.state, after):
        raise Conflict(
            say(
                "A message that is {state} can't become {after}.",
                state=STATE_NAMES[message.state],
                after=STATE_NAMES[after],
            ),
            code="not_possible",
        )
    message.state = after.value
    session = object_session(message)
    if after == MessageState.QUEUED and session is not None:
        there_is_work(session)
    if after != MessageState.HELD:
        message.held_code = message.held_because = None
    message.failure_cause = None
    message.lost_reasons = None


def _message_to_change(
    session: Session, actor: Actor, message_id: int, operation: Operation, version: int | None
) -> Message:
    ensure(actor, operation, "message")
    message = queries.message(session, actor, message_id=message_id, lock=True)
    ensure(actor, Operation.SEND, document_resource(message.document_kind, message.document_class))
    check_version(message, version)
    return message


def _touch(message: Message, before: str) -> Touch:
    return Touch("message", message.id, message.label, {"state": (before, message.state)})
