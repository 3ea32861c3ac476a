"""The verbs of the mailer: plan, put into the outbox, try again, cancel."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.access.ask import ensure
from app.access.table import DOCUMENT_RESOURCES, Operation
from app.contacts import models as contact_models
from app.contacts import queries as contacts
from app.core import audit, clock
from app.core.actor import Actor
from app.core.addresses import check_address, normalise, split_addresses
from app.core.audit import Touch, Verb
from app.core.bill_format import BillFormat
from app.core.errors import Conflict, FieldErrors, Invalid
from app.core.records import check_version
from app.customers import models as customer_models
from app.mailer import queries
from app.mailer.compose import make_message_id
from app.mailer.documents import DocumentSource, source_of
from app.mailer.holding import MISSING, wait_for
from app.mailer.message_states import MessageState, may_follow
from app.mailer.models import Message, Suppression
from app.mailer.plan_output import as_dict, with_messages
from app.mailer.rules import Circumstances, Contact, Customer, Document, Link, Made, Plan, plan

MAX_TYPED_IN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What staff chose before sending: addresses typed in instead of the plan's own, and addresses unticked."""

    recipients: tuple[str, ...] = ()
    untick: tuple[str, ...] = ()

    @classmethod
    def checked(cls, *, recipients: object, untick: object) -> Choices:
        """Return the choices of a request. Raises Invalid with the error of each list."""
        errors: FieldErrors = {}
        if recipients == []:
            # Whoever names nobody doesn't mean everybody.
            errors["recipients"] = ["Give at least one address, or leave this out to send to those of the plan."]
        chosen = cls(
            recipients=_addresses(recipients, "recipients", errors), untick=_addresses(untick, "untick", errors)
        )
        if errors:
            raise Invalid("Some of these addresses can't be used.", errors=errors)
        return chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What the settings say where a record is silent."""

    language: str
    usage_module: bool
    domain: str


def plan_document(
    session: Session,
    *,
    document: Document,
    customer: customer_models.Customer,
    choices: Choices,
    defaults: Defaults,
) -> Plan:
    """Return who gets a document and who does not, with the messages that it has made already."""
    people = _contacts(session, customer, defaults)
    made = _made(session, document)
    addresses = {
        *split_addresses(customer.email or ""),
        *choices.recipients,
        *(one.email for one in people if one.email),
    }
    suppressed = session.scalars(
        select(Suppression).where(
            Suppression.address_normalised.in_({normalise(address) for address in addresses}),
            Suppression.deleted_at.is_(None),
        )
    )
    circumstances = Circumstances(
        suppressed={one.address_normalised: one.reason for one in suppressed},
        already_made=made,
        usage_module=defaults.usage_module,
        unticked=frozenset(choices.untick),
        typed_in=choices.recipients,
    )
    return plan(document, _customer(customer, defaults), people, circumstances)


def ensure_fingerprint(current: Plan, base: Plan, fingerprint: str | None) -> None:
    """Raise Conflict (`plan_changed`), with the plan as it is, when it isn't the one that was looked at.

    What was looked at may be the plan with the choices made in it (`current`), or the one without any (`base`), from
    which they were made: unticking an address of a plan that still holds changes nothing that wasn't seen.
    """
    if fingerprint is not None and fingerprint not in (current.fingerprint, base.fingerprint):
        raise Conflict(
            "The plan has changed since you looked at it. Look at it as it is now, and send it again.",
            code="plan_changed",
            detail={"result": as_dict(current)},
        )


def put_into_outbox(
    session: Session, *, chosen: Plan, customer: customer_models.Customer, defaults: Defaults
) -> tuple[Plan, list[Touch]]:
    """Write a message for each address of a plan; return the plan with its messages, and what the trail says of them.

    The caller's verb leaves the audit entry, for the document and its messages together.
    """
    source = source_of(chosen.document.kind.value)
    version = _content_version(session, chosen.document, source)
    rows = [_row(session, chosen, index, customer=customer, defaults=defaults) for index in range(len(chosen.messages))]
    before = [row.state for row in rows]
    for row in rows:
        row.document_version = version
        _first_state(row, source)
    session.add_all(rows)
    session.flush()
    made = {row.address_normalised: Made(row.id, row.state) for row in rows}
    touched = [
        Touch("message", row.id, row.label, {"state": (state, row.state)})
        for row, state in zip(rows, before, strict=True)
    ]
    return with_messages(chosen, made), touched


def retry_message(session: Session, actor: Actor, *, message_id: int, version: int | None = None) -> Message:
    """Have a message tried at once. Raises Forbidden, NotFound, Stale, Conflict where it makes no sense."""
    message = _message_to_change(session, actor, message_id, Operation.RETRY, version)
    if message.state == MessageState.HELD and message.held_code in MISSING:
        raise Conflict(f"{message.held_because} It leaves by itself once it can.", code="not_possible")
    if message.state not in (MessageState.FAILED, MessageState.WAITING, MessageState.UNCERTAIN, MessageState.HELD):
        raise Conflict(f"A message that is {message.state} can't be tried again.", code="not_possible")
    before = message.state
    change_state(message, MessageState.QUEUED)
    message.next_attempt_at = clock.now()
    audit.record(session, actor, verb=Verb.MESSAGE_RETRIED, touched=[_touch(message, before)])
    return message


def cancel_message(session: Session, actor: Actor, *, message_id: int, version: int | None = None) -> Message:
    """Keep a message from leaving. Raises Forbidden, NotFound, Stale, Conflict where it makes no sense."""
    message = _message_to_change(session, actor, message_id, Operation.CANCEL, version)
    if not may_follow(message.state, MessageState.CANCELLED):
        raise Conflict(f"A message that is {message.state} can't be cancelled.", code="not_possible")
    before = message.state
    change_state(message, MessageState.CANCELLED)
    message.next_attempt_at = None
    audit.record(session, actor, verb=Verb.MESSAGE_CANCELLED, touched=[_touch(message, before)])
    return message


def change_state(message: Message, after: MessageState) -> None:
    """Move a message to another state. Raises Conflict when the table of states doesn't allow it."""
    if not may_follow(message.state, after):
        raise Conflict(f"A message that is {message.state} can't become {after}.", code="not_possible")
    message.state = after.value
    if after != MessageState.HELD:
        message.held_code = message.held_because = None


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


def _addresses(raw: object, name: str, errors: FieldErrors) -> tuple[str, ...]:
    given = [] if raw is None else raw
    if (
        not isinstance(given, list | tuple)
        or len(given) > MAX_TYPED_IN
        or not all(isinstance(one, str) for one in given)
    ):
        errors[name] = [f"Give a list of at most {MAX_TYPED_IN} addresses."]
        return ()
    found: list[str] = []
    for address in given:
        try:
            found.append(check_address(address))
        except ValueError as error:
            errors.setdefault(name, []).append(f"{address[:80]}: {error}")
    return tuple(found)


def _contacts(session: Session, customer: customer_models.Customer, defaults: Defaults) -> list[Contact]:
    model = contact_models.Contact
    statement = select(model).where(model.deleted_at.is_(None), model.id.in_(contacts.ids_of_customer(customer.id)))
    rows = session.scalars(
        statement.options(selectinload(model.copy_correspondence), selectinload(model.copy_ticket_updates))
    )
    return [
        Contact(
            id=row.id,
            name=row.name,
            link=Link.SHARED if row.customer_id is None else Link.DIRECT,
            email=row.email,
            email_bill_type=BillFormat(row.email_bill_type),
            usage_report=row.invoice_usage_report_id,
            copy_correspondence=frozenset(one.id for one in row.copy_correspondence),
            copy_ticket_updates=frozenset(one.id for one in row.copy_ticket_updates),
            marketing_consent=row.marketing_consent_at is not None,
            language=row.language or customer.language or defaults.language,
        )
        for row in rows
    ]


def _customer(row: customer_models.Customer, defaults: Defaults) -> Customer:
    return Customer(
        id=row.id,
        name=row.name,
        emails=tuple(split_addresses(row.email or "")),
        email_billing=row.email_billing,
        email_bill_type=BillFormat(row.email_bill_type),
        usage_report=row.invoice_usage_report_id,
        marketing_consent=row.marketing_consent_at is not None,
        allows_correspondence=row.status is None or row.status.allows_correspondence,
        deleted=row.deleted_at is not None,
        language=row.language or defaults.language,
    )


def _made(session: Session, document: Document) -> dict[str, Made]:
    rows = queries.messages_of_document(session, kind=document.kind.value, document_id=document.id)
    return {row.address_normalised: Made(row.id, row.state) for row in rows}


def _row(
    session: Session, chosen: Plan, index: int, *, customer: customer_models.Customer, defaults: Defaults
) -> Message:
    """Return the outbox row of one message: a fresh one, or the one that was cancelled."""
    planned = chosen.messages[index]
    document = chosen.document
    before = session.scalar(
        select(Message).where(
            Message.document_kind == document.kind.value,
            Message.document_id == document.id,
            Message.revision == 0,
            Message.address_normalised == planned.key,
        )
    )
    row = before or Message(
        document_kind=document.kind.value,
        document_id=document.id,
        customer_id=customer.id,
        revision=0,
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
    row.reasons = as_dict(chosen)["messages"][index]["recipients"]
    row.content_digest = None
    return row


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
