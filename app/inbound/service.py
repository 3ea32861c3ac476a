"""The verbs of mails that came in: take one in, add it to a ticket, be done with it, and what every record can be."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from app.access.ask import ensure
from app.access.table import Operation
from app.core import audit, purging, soft_delete
from app.core.actor import Actor
from app.core.addresses import normalise
from app.core.audit import Touch, Verb
from app.core.errors import Conflict, DomainError, Invalid, NotFound
from app.core.records import check_version
from app.core.words import say
from app.inbound import queries
from app.inbound.files import sorted_files
from app.inbound.matching import Match, answered_message_id, match
from app.inbound.models import InboundMail
from app.inbound.reading import Mail, read
from app.inbound.rules import Became, MailState, Unmatched, checked_note, shortened, state_of
from app.mailer.attaching import NewFile
from app.mailer.bounces import service as bounces
from app.mailer.bounces.reading import Incoming
from app.mailer.bounces.service import Taken
from app.mailer.delivery.contents import store
from app.mailer.models import Message
from app.mailer.planning.facts import Defaults
from app.mailer.planning.rules import Plan
from app.tickets import queries as tickets
from app.tickets.documents import Author
from app.tickets.models import Ticket, TicketUpdate
from app.tickets.rules import MAX_BODY, UpdateKind
from app.tickets.service import Copies, Wording, add_update

RAW = "message/rfc822"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A mail that came in: read as an answer, read as a report of another server, and as it came."""

    mail: Mail
    report: Incoming
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """What the token of an answer proves: which message, and so which ticket; and the files that go along."""

    message: Message
    ticket: Ticket
    files: Sequence[NewFile]


def take_in(
    session: Session, actor: Actor, *, arrival: Arrival, secret: str, defaults: Defaults, suppressing: bool = True
) -> Became | Taken:
    """Take in one mail, and say what became of it; one that was taken in before does nothing. Raises Forbidden.

    A report of another server is taken in as `bounces` does. A mail whose address has a token of ours becomes an
    update of that ticket. All else is listed for staff. Where another reader takes in the same at the same time, the
    database refuses one of them (IntegrityError).
    """
    ensure(actor, Operation.CREATE, "inbound_mail")
    mail = arrival.mail
    answered_id = answered_message_id(mail, secret=secret)
    reported = bounces.take_in(session, actor, mail=arrival.report, secret=secret, suppressing=suppressing)
    if reported == Taken.OWN or mail.is_ours:
        return Became.OWN
    if reported == Taken.ANSWER and answered_id is None:
        return Became.AUTOMATIC
    if reported not in (Taken.UNKNOWN, Taken.ANSWER):
        return reported
    identity = hashlib.sha256(f"{answered_id} {mail.identity}".encode()).hexdigest()
    if queries.is_known(session, identity):
        return Became.REPEATED
    files, refused = sorted_files(mail)
    found = match(session, mail, answered_id=answered_id, says_something=bool(mail.answer or files))
    if found.reason in (Unmatched.AUTOMATIC, Unmatched.EMPTY) and arrival.report.failures:
        found = Match(reason=Unmatched.BOUNCE, message=found.message, ticket=found.ticket)
    row = _row(session, arrival, identity=identity, found=found)
    row.not_taken = refused
    # Where another reader was faster, the database refuses the row, and with it all of this.
    session.add(row)
    session.flush()
    return _settled(session, actor, row, files, found=found, defaults=defaults)


def add_to_ticket(
    session: Session,
    actor: Actor,
    *,
    mail_id: int,
    ticket_id: int,
    internal: bool,
    copies: Copies,
    version: int | None = None,
) -> tuple[InboundMail, Plan]:
    """Add a mail to a ticket that staff choose, as a public update or an internal note; return it with the plan.

    Its author is who it says that it is from, whom nothing has proven. Raises Forbidden, NotFound, Stale, Invalid
    (`ticket_id`, `body`), Conflict (`already_added`, `plan_changed`).
    """
    ensure(actor, Operation.UPDATE, "inbound_mail")
    row = queries.inbound_mail(session, actor, mail_id=mail_id, lock=True)
    check_version(row, version)
    _ensure_open(row)
    try:
        ticket = tickets.ticket(session, actor, ticket_id=ticket_id)
    except NotFound as error:
        raise Invalid(error.message, field="ticket_id") from error
    before = row.state
    files, row.not_taken = sorted_files(read(queries.raw_of(session, row)))
    body, is_cut = shortened(row.answer or row.text or _names_of(files), MAX_BODY)
    row.state, row.ticket_id, row.is_cut = MailState.ADDED.value, ticket.id, row.is_cut or is_cut
    closed = tickets.status(session, ticket.ticket_status_id).closed
    kind = UpdateKind.REOPENED if closed and not internal else UpdateKind.TEXT
    wording = Wording(kind=kind, body=body, internal=internal, author=author_of_mail(row))
    also = [_touch(row, {"state": (before, row.state)})]
    update, done = add_update(
        session, actor, ticket_id=ticket.id, wording=wording, copies=copies, files=files, also=also
    )
    row.ticket_update_id = update.id
    session.flush()
    return row, done


def finish(session: Session, actor: Actor, *, mail_id: int, note: object, version: int | None = None) -> InboundMail:
    """Be done with a mail that belongs to no ticket; the note says what was done about it.

    Raises Forbidden, NotFound, Stale, Invalid (`note`), Conflict (`already_added`, `already_done`).
    """
    ensure(actor, Operation.UPDATE, "inbound_mail")
    row = queries.inbound_mail(session, actor, mail_id=mail_id, lock=True)
    check_version(row, version)
    _ensure_open(row)
    if row.state == MailState.DONE:
        raise Conflict(say("This mail is done already."), code="already_done")
    before = row.state
    row.note, row.state = checked_note(note), MailState.DONE.value
    changes = {"state": (before, row.state), "note": (None, row.note)}
    session.flush()
    audit.record(session, actor, verb=Verb.INBOUND_MAIL_DONE, touched=[_touch(row, changes)])
    return row


def delete_mail(session: Session, actor: Actor, *, mail_id: int, version: int | None = None) -> InboundMail:
    """Delete a mail that belongs to no ticket. Raises Forbidden, NotFound, Stale, Conflict (`already_added`)."""
    ensure(actor, Operation.DELETE, "inbound_mail")
    row = queries.inbound_mail(session, actor, mail_id=mail_id, lock=True)
    check_version(row, version)
    _ensure_open(row)
    soft_delete.delete(session, actor, record=row, touch=_touch(row), verb=Verb.INBOUND_MAIL_DELETED)
    return row


def restore_mail(
    session: Session, actor: Actor, *, mail_id: int, version: int | None = None, act: int | None = None
) -> InboundMail:
    """Bring back a deleted mail; with `act`, only after that very deletion.

    Raises Forbidden, NotFound, Stale, Conflict (`not_deleted`, `other_deletion`).
    """
    ensure(actor, Operation.RESTORE, "inbound_mail")
    row = queries.deleted_mail(session, actor, mail_id=mail_id)
    verb = Verb.INBOUND_MAIL_RESTORED
    soft_delete.restore(session, actor, record=row, touch=_touch(row), verb=verb, version=version, act=act)
    return row


def purge_mail(session: Session, actor: Actor, *, mail_id: int, reason: object, version: int | None = None) -> None:
    """Wipe a deleted mail for good; what is left keeps it from being taken in once more.

    Raises Forbidden, NotFound, Invalid, Stale, Conflict (`not_deleted`).
    """
    ensure(actor, Operation.PURGE, "inbound_mail")
    row = queries.deleted_mail(session, actor, mail_id=mail_id)
    purging.purge(session, actor, record=row, verb=Verb.INBOUND_MAIL_PURGED, reason=reason, version=version)


def author_of_mail(row: InboundMail) -> Author:
    """Return who a mail says that it is from, as the author of an update; readers of copies see no address."""
    name = row.from_name if "@" not in row.from_name else ""
    return Author(name=name or str(say("Somebody by mail")), address=row.from_address or None)


def _row(session: Session, arrival: Arrival, *, identity: str, found: Match) -> InboundMail:
    mail = arrival.mail
    body, is_cut = shortened(mail.answer, MAX_BODY)
    return InboundMail(
        identity=identity,
        state=(MailState.ADDED if found.reason is None else state_of(found.reason)).value,
        reason=found.reason,
        message_id=mail.message_id,
        from_name=mail.from_name,
        from_address=mail.from_address,
        from_normalised=normalise(mail.from_address)[:320],
        to_address=next(iter(mail.delivered_to), ""),
        subject=mail.subject,
        sent_at=mail.sent_at,
        text=mail.text,
        answer=body,
        is_cut=mail.is_cut or is_cut,
        size=mail.size,
        answered_id=found.message.id if found.message else None,
        ticket_id=found.ticket.id if found.ticket else None,
        content_digest=store(session, arrival.data, RAW),
    )


def _settled(
    session: Session, actor: Actor, row: InboundMail, files: Sequence[NewFile], *, found: Match, defaults: Defaults
) -> Became:
    """Have a proven answer become an update, or leave the mail for staff; one audit entry either way."""
    if found.reason is None and found.message is not None and found.ticket is not None:
        try:
            with session.begin_nested():
                proven = Proven(message=found.message, ticket=found.ticket, files=files)
                update = _answer(session, actor, row, proven, defaults)
                row.ticket_update_id = update.id
        except DomainError as refusal:
            row.state, row.reason = MailState.WAITING.value, Unmatched.REFUSED.value
            row.detail = " ".join([refusal.message, *(text for texts in refusal.errors.values() for text in texts)])
        else:
            session.flush()
            return Became.ANSWERED
    session.flush()
    changes = {"state": (None, row.state), "reason": (None, row.reason)}
    audit.record(session, actor, verb=Verb.INBOUND_MAIL_LISTED, touched=[_touch(row, changes)])
    return Became.AUTOMATIC if row.state == MailState.AUTOMATIC else Became.LISTED


def _answer(session: Session, actor: Actor, row: InboundMail, proven: Proven, defaults: Defaults) -> TicketUpdate:
    """Add a proven answer to its ticket: its author is whom the message was sent to, whatever `From` says."""
    message, ticket = proven.message, proven.ticket
    other = row.from_normalised not in ("", message.address_normalised)
    author = Author(
        name=message.recipient_name or message.customer.name,
        address=message.address,
        sent_from=row.from_address if other else None,
    )
    closed = tickets.status(session, ticket.ticket_status_id).closed
    body = row.answer or _names_of(proven.files)
    update, _ = add_update(
        session,
        actor,
        ticket_id=ticket.id,
        wording=Wording(kind=UpdateKind.REOPENED if closed else UpdateKind.TEXT, body=body, author=author),
        copies=Copies(defaults=defaults),
        files=proven.files,
        also=[_touch(row, {"state": (None, row.state)})],
    )
    return update


def _names_of(files: Sequence[NewFile]) -> str:
    """Return what a mail says that has nothing but files."""
    return "\n".join(str(one.filename) for one in files)


def _ensure_open(row: InboundMail) -> None:
    if row.state == MailState.ADDED:
        raise Conflict(say("This mail belongs to a ticket already."), code="already_added")


def _touch(row: InboundMail, changes: audit.Changes | None = None) -> Touch:
    return Touch("inbound_mail", row.id, row.label, changes or {})
