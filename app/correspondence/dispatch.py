"""The verbs by which letters leave the house: planned, sent, sent again, and handed over."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.access.ask import ensure
from app.access.table import Operation
from app.core import audit, clock
from app.core.actor import Actor
from app.core.audit import Verb
from app.core.errors import Conflict, Invalid
from app.core.fields import Text
from app.core.words import said, say
from app.correspondence import queries
from app.correspondence.models import Correspondence
from app.correspondence.rules import MAX_NOTE, LetterStatus, may_send, status_after_sending
from app.correspondence.service import NAME, document_of, letter_for, touch_of
from app.mailer import service as mailer
from app.mailer.attaching import NewFile, clean_name
from app.mailer.planning.choices import Again, Choices
from app.mailer.planning.facts import Defaults, lock_customer
from app.mailer.planning.rules import Plan


def plan_letter(
    session: Session, actor: Actor, *, letter: Correspondence, choices: Choices, defaults: Defaults
) -> Plan:
    """Return who would get a letter and who would not. Raises Forbidden."""
    ensure(actor, Operation.READ, letter.resource)
    return mailer.plan_document(
        session, document=document_of(letter), customer=letter.customer, choices=choices, defaults=defaults
    )


def plan_letter_again(
    session: Session, actor: Actor, *, letter: Correspondence, addresses: tuple[str, ...], defaults: Defaults
) -> Plan:
    """Return what addresses that have had a letter would get if it was sent again. Raises Forbidden."""
    ensure(actor, Operation.READ, letter.resource)
    return mailer.plan_document_again(
        session, document=document_of(letter), customer=letter.customer, addresses=addresses, defaults=defaults
    )


def send_letter(
    session: Session,
    actor: Actor,
    *,
    letter_id: int,
    choices: Choices,
    fingerprint: str | None,
    defaults: Defaults,
    version: int | None = None,
) -> Plan:
    """Execute a letter's plan: put its messages into the outbox. To addresses that have it, it does nothing.

    The chosen files go along with these messages alone. Raises Forbidden, NotFound, Stale, Invalid, Conflict
    (`plan_changed`, `not_ready`).
    """
    letter = _to_send(session, actor, letter_id, version)
    done, made = mailer.send_document(
        session,
        document=document_of(letter),
        customer=letter.customer,
        choices=choices,
        fingerprint=fingerprint,
        defaults=defaults,
    )
    if made:
        before, letter.status = letter.status, status_after_sending(letter.status).value
        changes = _extra(choices.files)
        if before != letter.status:
            changes["status"] = (before, letter.status)
        audit.record(session, actor, verb=Verb.LETTER_SENT, touched=[touch_of(letter, changes), *made])
    return done


def send_letter_again(
    session: Session, actor: Actor, *, letter_id: int, again: Again, defaults: Defaults, version: int | None = None
) -> Plan:
    """Send a letter once more to addresses that have had it, for a reason.

    Raises Forbidden, NotFound, Stale, Invalid (never had it, or must not get it), Conflict (`on_its_way`).
    """
    letter = _to_send(session, actor, letter_id, version)
    done, made = mailer.send_document_again(
        session,
        document=document_of(letter),
        customer=letter.customer,
        addresses=again.addresses,
        defaults=defaults,
        files=again.files,
    )
    touched = [touch_of(letter, _extra(again.files)), *made]
    audit.record(session, actor, verb=Verb.LETTER_SENT_AGAIN, touched=touched, reason=again.reason)
    return done


def mark_delivered(
    session: Session, actor: Actor, *, letter_id: int, note: object = None, version: int | None = None
) -> Correspondence:
    """Note that a letter was handed over by post or by hand.

    Raises Forbidden, NotFound, Stale, Invalid, Conflict (`not_ready`, `already_delivered`).
    """
    letter = _to_send(session, actor, letter_id, version)
    try:
        text = Text(limit=MAX_NOTE, multiline=True).clean(note)
    except ValueError as error:
        raise Invalid(said(error), field="note") from error
    if letter.status == LetterStatus.DELIVERED:
        raise Conflict(say("This letter is marked as delivered already."), code="already_delivered")
    before, letter.status = letter.status, LetterStatus.DELIVERED.value
    letter.delivered_at, letter.delivered_note = clock.now(), text if isinstance(text, str) else None
    changes = {"status": (before, letter.status), "delivered_note": (None, letter.delivered_note)}
    audit.record(session, actor, verb=Verb.LETTER_DELIVERED, touched=[touch_of(letter, changes)])
    return letter


def _extra(files: Sequence[NewFile]) -> dict[str, tuple[object, object]]:
    """Return what the trail says of the files of a sending."""
    names = ", ".join(clean_name(one.filename) for one in files)
    return {"extra_attachments": (None, names)} if names else {}


def _to_send(session: Session, actor: Actor, letter_id: int, version: int | None) -> Correspondence:
    """Return a letter to send, locked after its customer, as in every verb that needs both. Raises Conflict."""
    ensure(actor, Operation.SEND, NAME)
    lock_customer(session, queries.letter(session, actor, letter_id=letter_id).customer_id)
    letter = letter_for(session, actor, letter_id, Operation.SEND, version)
    if not may_send(letter.status):
        raise Conflict(say("This letter is a draft: write its text first."), code="not_ready")
    return letter
