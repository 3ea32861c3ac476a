"""The verbs of the mailer: plan, put into the outbox, try again, cancel."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from app.access.ask import ensure
from app.access.table import DOCUMENT_RESOURCES, Operation
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
from app.mailer.documents import DocumentSource, source_of
from app.mailer.holding import MISSING, because, wait_for
from app.mailer.message_states import STATE_NAMES, MessageState, may_follow
from app.mailer.models import Message, message_contact
from app.mailer.planning import plan_model
from app.mailer.planning.choices import Choices
from app.mailer.planning.facts import (
    Defaults,
    circumstances_of,
    contacts_of,
    customer_of,
    latest_messages,
    lock_people,
    skipped_roads,
)
from app.mailer.planning.lost import reasons_lost_by
from app.mailer.planning.plan_again import plan_again
from app.mailer.planning.plan_output import as_dict, with_messages
from app.mailer.planning.refusals import ensure_fingerprint, refuse_again, refuse_skipped
from app.mailer.planning.rules import Document, Made, Plan, explain, plan
from app.mailer.smtp.compose import make_message_id


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
) -> tuple[Plan, list[Touch]]:
    """Execute a document's plan; return it with its messages, and what the caller's audit entry says of them.

    The caller holds the document, and before it `lock_customer`. Raises Conflict (`plan_changed`).
    """
    lock_people(session, customer)
    chosen = plan_document(session, document=document, customer=customer, choices=choices, defaults=defaults)
    base = chosen
    if choices != Choices():
        base = plan_document(session, document=document, customer=customer, choices=Choices(), defaults=defaults)
    ensure_fingerprint(chosen, base, fingerprint)
    return put_into_outbox(session, chosen=chosen, customer=customer, defaults=defaults)


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
) -> tuple[Plan, list[Touch]]:
    """Send a document once more to addresses that have had it, each by a message of its own; return as above.

    Raises Invalid (one never had it, or must not get it), Conflict (`on_its_way`).
    """
    lock_people(session, customer)
    had = latest_messages(session, document)
    refuse_again([(address, had.get(normalise(address))) for address in addresses])
    again = plan_document_again(session, document=document, customer=customer, addresses=addresses, defaults=defaults)
    refuse_skipped(again)
    return put_into_outbox(session, chosen=again, customer=customer, defaults=defaults, again=True)


def put_into_outbox(
    session: Session, *, chosen: Plan, customer: customer_models.Customer, defaults: Defaults, again: bool = False
) -> tuple[Plan, list[Touch]]:
    """Write a message for each address of a plan; return the plan with its messages, and what the trail says of them.

    Who was skipped is kept beside them. The caller's verb leaves the audit entry, for the document and its messages
    together.
    """
    source = source_of(chosen.document.kind.value)
    version = _content_version(session, chosen.document, source)
    made_before = queries.messages_of_document(session, kind=chosen.document.kind.value, document_id=chosen.document.id)
    earlier: dict[str, list[Message]] = {}
    for one in made_before:
        earlier.setdefault(one.address_normalised, []).append(one)
    rows = []
    for planned, told in zip(chosen.messages, as_dict(chosen)["messages"], strict=True):
        row = _row(
            chosen.document,
            planned,
            customer=customer,
            defaults=defaults,
            earlier=earlier.get(planned.key, ()),
            again=again,
        )
        row.reasons = told["recipients"]
        rows.append(row)
    before = [row.state for row in rows]
    for row in rows:
        row.document_version = version
        _first_state(row, source)
    session.add_all(rows)
    session.flush()
    _keep_contacts(session, rows)
    if rows:
        session.add_all(skipped_roads(chosen, customer_id=customer.id))
    made = {row.address_normalised: Made(row.id, row.state) for row in rows}
    touched = [
        Touch("message", row.id, row.label, {"state": (state, row.state)})
        for row, state in zip(rows, before, strict=True)
    ]
    return with_messages(chosen, made), touched


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
    if after != MessageState.HELD:
        message.held_code = message.held_because = None
    message.lost_reasons = None


def _message_to_change(
    session: Session, actor: Actor, message_id: int, operation: Operation, version: int | None
) -> Message:
    ensure(actor, operation, "message")
    message = queries.message(session, actor, message_id=message_id, lock=True)
    ensure(actor, Operation.SEND, DOCUMENT_RESOURCES[message.document_kind])
    check_version(message, version)
    return message


def _touch(message: Message, before: str) -> Touch:
    return Touch("message", message.id, message.label, {"state": (before, message.state)})


def _row(
    document: Document,
    planned: plan_model.Message,
    *,
    customer: customer_models.Customer,
    defaults: Defaults,
    earlier: Sequence[Message],
    again: bool,
) -> Message:
    """Return the outbox row of one message: a fresh one, or the one that was cancelled."""
    # The next revision when it is sent again on purpose; otherwise all earlier ones were cancelled, or there is none.
    revision = max((one.revision for one in earlier), default=-1) + 1 if again else 0
    row = next((one for one in earlier if one.revision == revision), None) or Message(
        document_kind=document.kind.value,
        document_id=document.id,
        customer_id=customer.id,
        revision=revision,
        address_normalised=planned.key,
        message_id=make_message_id(
            document.kind.value, document.id, token=secrets.token_hex(8), domain=defaults.domain
        ),
    )
    row.address = planned.address
    row.recipient_name = planned.name
    row.language = planned.language
    row.document_number = document.number
    row.format = planned.format.value if planned.format else None
    row.usage_reports = list(planned.usage_reports)
    row.lost_reasons = None
    row.content_digest = None
    # One that was tried before it was cancelled starts counting its tries anew.
    row.tries_from = clock.now()
    return row


def _keep_contacts(session: Session, rows: Sequence[Message]) -> None:
    """Note which contacts the messages are for, so that theirs are found."""
    ids = [row.id for row in rows]
    named = sorted({(why["contact_id"], row.id) for row in rows for why in row.reasons if why["contact_id"]})
    session.execute(delete(message_contact).where(message_contact.c.message_id.in_(ids)))
    if named:
        session.execute(
            insert(message_contact), [{"contact_id": contact, "message_id": message} for contact, message in named]
        )


def _content_version(session: Session, document: Document, source: DocumentSource) -> int:
    """Return the version of what a document says; that of a final one stays the one that was sent first.

    Its status goes on raising the record's version, yet whoever gets it later must get the very same rendition.
    """
    if not source.is_final(session, document.id):
        return document.version
    sent = queries.messages_of_document(session, kind=document.kind.value, document_id=document.id)
    return sent[-1].document_version if sent else document.version


def _first_state(row: Message, source: DocumentSource) -> None:
    """Queue a message, or hold it when what goes along can't be made yet: never a mail without its attachments."""
    wait = wait_for(source, format_=row.format, usage_reports=row.usage_reports)
    row.held_code, row.held_because = wait or (None, None)
    row.state = (MessageState.HELD if wait else MessageState.QUEUED).value
    row.next_attempt_at = None if wait else clock.now()
