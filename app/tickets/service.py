"""The verbs of tickets: open, answer, note, close, reopen, and what every record can be done to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.orm import Session

from app.access.ask import ensure
from app.access.table import Operation
from app.core import audit, clock, purging, soft_delete
from app.core.actor import Actor
from app.core.audit import Touch, Verb
from app.core.errors import Conflict, Invalid, NotFound
from app.core.records import check_version
from app.core.words import say
from app.customers import queries as customers
from app.lookups.editing import Edit, prepare_change, prepare_new
from app.mailer import service as mailer
from app.mailer.attaching import GoodFile, NewFile, good_files
from app.mailer.kept_files import keep
from app.mailer.planning.choices import Again, Choices
from app.mailer.planning.facts import Defaults, lock_customer
from app.mailer.planning.rules import Plan
from app.tickets import queries
from app.tickets.documents import Author, author_of, document_of, draft_of
from app.tickets.fields import TICKET_FIELDS, clean_body, no_rule
from app.tickets.models import Ticket, TicketUpdate, UpdateFile
from app.tickets.rules import UpdateKind, edit_error, next_number
from app.tickets.statuses import chosen_status, status_to_open

_VERBS = {
    UpdateKind.TEXT: Verb.TICKET_ANSWERED,
    UpdateKind.CLOSED: Verb.TICKET_CLOSED,
    UpdateKind.REOPENED: Verb.TICKET_REOPENED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """How the copies of an update go: what was chosen, the fingerprint of the plan looked at, and the settings."""

    defaults: Defaults
    choices: Choices = field(default_factory=Choices)
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What an update says: its kind, its text as given, the status chosen, and its author if not the actor."""

    kind: UpdateKind = UpdateKind.TEXT
    body: object = None
    internal: bool = False
    status: object = None
    author: Author | None = None


def open_ticket(
    session: Session, actor: Actor, *, values: Mapping[str, object], copies: Copies, files: Sequence[NewFile] = ()
) -> Ticket:
    """Open a ticket with its first text, and send the copies of it, with its files; the number is ours.

    Raises Forbidden, Invalid, Conflict (`plan_changed`).
    """
    ensure(actor, Operation.CREATE, "ticket")
    edit = prepare_new(session, actor, resource="ticket", fields=TICKET_FIELDS, given=values, rule=no_rule)
    good = good_files(files)
    # The customer is locked: two tickets opened at once take turns at the next number.
    try:
        customer = customers.customer(session, actor, customer_id=edit.changes["customer_id"][1], lock=True)
    except NotFound as error:
        raise Invalid(say("There is no customer with this id."), field="customer_id") from error
    status = status_to_open(session, edit.changes.get("ticket_status", (None, None))[1])
    ticket = Ticket()
    edit.apply(ticket)
    ticket.ticket_status_id = status.id
    used = queries.last_series(session, customer_id=customer.id)
    ticket.series, ticket.number = used + 1, next_number(customer.account_number, used)
    session.add(ticket)
    session.flush()
    update = _written(session, actor, ticket, Wording(body=edit.changes["body"][1]), good)
    _, made = _copied(session, update, copies)
    trail = {**_trail(edit), "ticket_status": (None, status.id)}
    touched = [_touch(ticket, trail), Touch("customer", customer.id, customer.label), *made]
    audit.record(session, actor, verb=Verb.TICKET_CREATED, touched=touched)
    return ticket


def update_ticket(
    session: Session, actor: Actor, *, ticket_id: int, values: Mapping[str, object], version: int | None = None
) -> Ticket:
    """Change subject, type, requester or status; closing and reopening are verbs of their own.

    What was sent stays as it was. Raises Forbidden, NotFound, Stale, Invalid.
    """
    ensure(actor, Operation.UPDATE, "ticket")
    # A ticket always has a status: none given leaves the one that it has.
    values = {name: value for name, value in values.items() if name != "ticket_status" or value not in (None, "")}
    ticket = queries.ticket(session, actor, ticket_id=ticket_id, lock=True)
    check_version(ticket, version)
    edit = prepare_change(
        session, actor, resource="ticket", fields=TICKET_FIELDS, record=ticket, given=values, rule=no_rule
    )
    if "ticket_status" in edit.changes:
        before, after = (queries.status(session, number) for number in edit.changes["ticket_status"])
        refused = edit_error(before, after)
        if refused:
            raise Invalid(refused, field="ticket_status")
    if edit.changes:
        edit.apply(ticket)
        audit.record(session, actor, verb=Verb.TICKET_UPDATED, touched=[_touch(ticket, _trail(edit))])
    return ticket


def add_update(
    session: Session,
    actor: Actor,
    *,
    ticket_id: int,
    wording: Wording,
    copies: Copies,
    files: Sequence[NewFile] = (),
    version: int | None = None,
    also: Sequence[Touch] = (),
) -> tuple[TicketUpdate, Plan]:
    """Answer, note, close or reopen, and send the copies; return the update and the plan that was executed.

    Each copy carries the files. An internal note has a plan in which nobody gets it. The audit entry names `also` what
    the update came by. Files that may not go along are Invalid at `attachments`. Raises Forbidden, NotFound, Stale,
    Invalid, Conflict (`plan_changed`, `already_closed`, `not_closed`).
    """
    ensure(actor, Operation.UPDATE, "ticket")
    lock_customer(session, queries.ticket(session, actor, ticket_id=ticket_id).customer_id)
    ticket = queries.ticket(session, actor, ticket_id=ticket_id, lock=True)
    check_version(ticket, version)
    body = clean_body(wording.body, required=wording.kind is UpdateKind.TEXT)
    good = good_files(files)
    trail = _moved(session, ticket, wording)
    update = _written(session, actor, ticket, replace(wording, body=body), good)
    done, made = _copied(session, update, copies)
    verb = Verb.TICKET_NOTED if update.internal else _VERBS[wording.kind]
    touched = [_touch(ticket, {**trail, "update": (None, update.number)}), *also, *made]
    audit.record(session, actor, verb=verb, touched=touched)
    return update, done


def send_update(session: Session, actor: Actor, *, update_id: int, copies: Copies, version: int | None = None) -> Plan:
    """Send an update to those who do not have it yet, or to addresses typed in; never an internal note.

    Raises Forbidden, NotFound, Stale, Invalid, Conflict (`plan_changed`).
    """
    update = _to_send(session, actor, update_id, version)
    done, made = mailer.send_document(
        session,
        document=document_of(update),
        customer=update.customer,
        choices=copies.choices,
        fingerprint=copies.fingerprint,
        defaults=copies.defaults,
    )
    if made:
        touched = [_touch(update.ticket, {"update": (None, update.number)}), *made]
        audit.record(session, actor, verb=Verb.TICKET_UPDATE_SENT, touched=touched)
    return done


def send_update_again(
    session: Session, actor: Actor, *, update_id: int, again: Again, defaults: Defaults, version: int | None = None
) -> Plan:
    """Send an update once more to addresses that have had it, for a reason.

    Raises Forbidden, NotFound, Stale, Invalid (never had it, or must not get it), Conflict (`on_its_way`).
    """
    update = _to_send(session, actor, update_id, version)
    done, made = mailer.send_document_again(
        session,
        document=document_of(update),
        customer=update.customer,
        addresses=again.addresses,
        defaults=defaults,
    )
    touched = [_touch(update.ticket, {"update": (None, update.number)}), *made]
    audit.record(session, actor, verb=Verb.TICKET_UPDATE_SENT_AGAIN, touched=touched, reason=again.reason)
    return done


def delete_ticket(session: Session, actor: Actor, *, ticket_id: int, version: int | None = None) -> Ticket:
    """Delete a ticket with its updates; its number is never used again. Raises Forbidden, NotFound, Stale."""
    ensure(actor, Operation.DELETE, "ticket")
    ticket = queries.ticket(session, actor, ticket_id=ticket_id, lock=True)
    check_version(ticket, version)
    soft_delete.delete(session, actor, record=ticket, touch=_touch(ticket), verb=Verb.TICKET_DELETED)
    return ticket


def restore_ticket(
    session: Session, actor: Actor, *, ticket_id: int, version: int | None = None, act: int | None = None
) -> Ticket:
    """Bring back a deleted ticket; with `act`, only after that very deletion.

    Raises Forbidden, NotFound, Stale, Conflict (`not_deleted`, `other_deletion`, `parent_deleted`).
    """
    ensure(actor, Operation.RESTORE, "ticket")
    ticket = _deleted_ticket(session, actor, ticket_id)
    soft_delete.restore(
        session, actor, record=ticket, touch=_touch(ticket), verb=Verb.TICKET_RESTORED, version=version, act=act
    )
    return ticket


def purge_ticket(session: Session, actor: Actor, *, ticket_id: int, reason: object, version: int | None = None) -> None:
    """Wipe a deleted ticket for good, with its updates and messages; its number stays taken.

    Raises Forbidden, NotFound, Invalid, Stale, Conflict (`not_deleted`, `still_needed`).
    """
    ensure(actor, Operation.PURGE, "ticket")
    ticket = _deleted_ticket(session, actor, ticket_id)
    purging.purge(session, actor, record=ticket, verb=Verb.TICKET_PURGED, reason=reason, version=version)


def _deleted_ticket(session: Session, actor: Actor, ticket_id: int) -> Ticket:
    """Return a ticket that may be in the trash, locked after its customer, as in every verb that needs both."""
    customer_id = queries.deleted_ticket(session, actor, ticket_id=ticket_id, lock=False).customer_id
    customers.deleted_customer(session, actor, customer_id=customer_id)
    return queries.deleted_ticket(session, actor, ticket_id=ticket_id)


def _to_send(session: Session, actor: Actor, update_id: int, version: int | None) -> TicketUpdate:
    """Return an update to send, its ticket locked after its customer, as in every verb that needs both."""
    ensure(actor, Operation.SEND, "ticket")
    update = queries.update(session, actor, update_id=update_id)
    lock_customer(session, update.customer.id)
    ticket = queries.ticket(session, actor, ticket_id=update.ticket_id, lock=True)
    check_version(ticket, version)
    return update


def _moved(session: Session, ticket: Ticket, wording: Wording) -> dict[str, tuple[Any, Any]]:
    """Give a ticket the status of its closing or reopening; return what the trail says of it."""
    if wording.kind is UpdateKind.TEXT:
        return {}
    closes = wording.kind is UpdateKind.CLOSED
    before = queries.status(session, ticket.ticket_status_id)
    if before.closed == closes:
        if closes:
            raise Conflict(say("This ticket is closed already."), code="already_closed")
        raise Conflict(say("This ticket is not closed."), code="not_closed")
    after = chosen_status(session, wording.status, closed=closes)
    ticket.ticket_status_id = after.id
    return {"ticket_status": (before.id, after.id)}


def _written(
    session: Session, actor: Actor, ticket: Ticket, wording: Wording, files: Sequence[GoodFile]
) -> TicketUpdate:
    """Write an update below a ticket, with its files, which counts as a change of the ticket."""
    author = wording.author or author_of(session, actor)
    update = TicketUpdate(
        ticket=ticket,
        position=queries.last_position(session, ticket_id=ticket.id) + 1,
        kind=wording.kind.value,
        body=wording.body,
        internal=wording.internal,
        user_id=actor.user_id,
        author_name=author.name,
        author_address=author.address,
        sent_from=author.sent_from,
        door=actor.door.value,
        attachments=keep(session, UpdateFile, files),
    )
    ticket.last_modified_at = clock.now()
    session.add(update)
    session.flush()
    return update


def _copied(session: Session, update: TicketUpdate, copies: Copies) -> tuple[Plan, list[Touch]]:
    """Send the copies of a fresh update, if its plan is the one that was looked at."""
    document = document_of(update)
    return mailer.send_document(
        session,
        document=document,
        customer=update.customer,
        choices=copies.choices,
        fingerprint=copies.fingerprint,
        defaults=copies.defaults,
        looked_at_as=draft_of(document),
    )


def _trail(edit: Edit) -> dict[str, tuple[Any, Any]]:
    """Return an edit's changes for the trail: the first text stands in its update, and goes with it."""
    return {name: change for name, change in edit.trail().items() if name != "body"}


def _touch(ticket: Ticket, changes: Mapping[str, tuple[Any, Any]] | None = None) -> Touch:
    return Touch("ticket", ticket.id, ticket.label, changes or {})
