"""The verb that takes in a mail which came back: the message is bounced, and its address suppressed if it must be."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.access.ask import ensure
from app.access.table import Operation
from app.core import audit, clock
from app.core.actor import Actor
from app.core.audit import Touch, Verb
from app.core.words import say
from app.mailer.bounces import verp
from app.mailer.bounces.models import Bounce
from app.mailer.bounces.reading import Incoming
from app.mailer.bounces.rules import SOFT_WINDOW, Failure, Severity, concerning, suppresses
from app.mailer.bounces.verp import Purpose
from app.mailer.message_states import MessageState, may_follow
from app.mailer.models import Message
from app.mailer.service import change_state
from app.mailer.suppressions.rules import SuppressionKind
from app.mailer.suppressions.service import suppress
from app.mailer.watching.causes import cause_of


class Taken(StrEnum):
    """What became of a mail that came in."""

    BOUNCED = "bounced"
    DELAYED = "delayed"
    REPEATED = "repeated"
    DELIVERED = "delivered"
    ANSWER = "answer"
    OWN = "own"
    # The message has not left the worker's hand: the report is to be read once more later.
    EARLY = "early"
    # Nobody's: left for people.
    UNKNOWN = "unknown"


def take_in(session: Session, actor: Actor, *, mail: Incoming, secret: str, suppressing: bool = True) -> Taken:
    """Take in one mail, and say what became of it; a report that was taken in before does nothing. Raises Forbidden.

    Who it claims to be from is not asked. What belongs to no message of ours changes nothing. With `suppressing` off
    no address is suppressed: mails that were redirected say nothing of their recipients.
    """
    ensure(actor, Operation.CANCEL, "message")
    if mail.message_id and _by_message_id(session, (mail.message_id,)) is not None:
        return Taken.OWN
    message = _message_of(session, mail, secret=secret)
    if message is None or message.purged_at is not None:
        return Taken.UNKNOWN
    if mail.is_answer:
        return Taken.ANSWER
    found = concerning(message.address, mail.failures)
    if found is None:
        return Taken.UNKNOWN
    failure, bad = found
    if bad == Severity.NONE:
        return Taken.DELIVERED
    if session.scalar(select(Bounce.id).where(Bounce.message_id == message.id, Bounce.identity == mail.identity)):
        return Taken.REPEATED
    if message.state == MessageState.SENDING:
        return Taken.EARLY
    _keep(session, actor, message=message, mail=mail, failure=failure, bad=bad, suppressing=suppressing)
    return Taken.DELAYED if bad == Severity.DELAYED else Taken.BOUNCED


def _is_answer_of_person(mail: Incoming, *, secret: str) -> bool:
    """Tell whether somebody answers a ticket: whatever server's words such a mail quotes, it is no report."""
    if mail.by_standard or mail.is_answer:
        return False
    return verp.message_among(mail.delivered_to, secret=secret, purpose=Purpose.ANSWER) is not None


def _message_of(session: Session, mail: Incoming, *, secret: str) -> Message | None:
    """Return the message that a mail is about, locked: by its signed token, or by a Message-ID of ours in it."""
    if _is_answer_of_person(mail, secret=secret):
        return None
    message_id = verp.message_among(mail.delivered_to, secret=secret)
    if message_id is None:
        message_id = _by_message_id(session, mail.answered_ids if mail.is_answer else mail.returned_ids)
    if message_id is None:
        return None
    statement = select(Message).where(Message.id == message_id, Message.deleted_at.is_(None))
    return session.scalar(statement.with_for_update(of=Message).execution_options(populate_existing=True))


def _by_message_id(session: Session, ids: tuple[str, ...]) -> int | None:
    if not ids:
        return None
    found: int | None = session.scalar(select(Message.id).where(Message.message_id.in_(ids)).order_by(Message.id))
    return found


def _keep(
    session: Session,
    actor: Actor,
    *,
    message: Message,
    mail: Incoming,
    failure: Failure,
    bad: Severity,
    suppressing: bool,
) -> None:
    """Keep the report, and do what follows from it; one entry names message and suppression."""
    session.add(
        Bounce(
            message_id=message.id,
            identity=mail.identity,
            address_normalised=message.address_normalised,
            severity=bad.value,
            status=failure.status[:20],
            diagnostic=failure.words,
        )
    )
    session.flush()
    before = message.state
    if bad != Severity.DELAYED and may_follow(before, MessageState.BOUNCED):
        change_state(message, MessageState.BOUNCED)
        message.failure_cause = cause_of(failure.words)
        message.next_attempt_at = None
    touched = [
        Touch(
            "message",
            message.id,
            message.label,
            {"state": (before, message.state), "diagnostic": (None, failure.words)},
        )
    ]
    if suppressing and suppresses(bad, soft_bounces=_soft_in_a_row(session, message)):
        touched += _suppress(session, actor, message=message, failure=failure, bad=bad)
    verb = Verb.MESSAGE_DELAYED if bad == Severity.DELAYED else Verb.MESSAGE_BOUNCED
    audit.record(session, actor, verb=verb, touched=touched)


def _soft_in_a_row(session: Session, message: Message) -> int:
    """Return how many messages to the address came back softly of late, with no delivery between."""
    reported = select(Bounce.message_id).where(Bounce.address_normalised == message.address_normalised)
    delivered = session.scalar(
        select(func.max(Message.sent_at)).where(
            Message.address_normalised == message.address_normalised,
            Message.state == MessageState.SENT.value,
            Message.id.not_in(reported),
            # What left after this one may still come back.
            Message.sent_at < (message.sent_at or clock.now()),
        )
    )
    since = clock.now() - SOFT_WINDOW
    return (
        session.scalar(
            select(func.count(Bounce.message_id.distinct())).where(
                Bounce.address_normalised == message.address_normalised,
                Bounce.received_at >= max(since, delivered or since),
                Bounce.severity.in_((Severity.SOFT.value, Severity.DELAYED.value)),
            )
        )
        or 0
    )


def _suppress(session: Session, actor: Actor, *, message: Message, failure: Failure, bad: Severity) -> list[Touch]:
    """Suppress a message's address unless it is; return that, and the messages that are cancelled for it."""
    given = {"number": message.document_number, "words": failure.words}
    if bad == Severity.HARD:
        kind, reason = SuppressionKind.HARD_BOUNCE, say("{number} came back: {words}", **given)
    else:
        kind, reason = SuppressionKind.SOFT_BOUNCES, say("{number} and others before it came back: {words}", **given)
    _, touched = suppress(
        session,
        actor,
        address=message.address,
        kind=kind,
        reason=str(reason),
        message_id=message.id,
        diagnostic=failure.words,
    )
    return touched
