"""What a worker takes next: what has been due longest, past lanes that wait, and one message for each to be probed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, bindparam, func, or_, select
from sqlalchemy.orm import Session

from app.core import clock
from app.mailer.delivery import lanes
from app.mailer.message_states import MessageState
from app.mailer.models import ACCOUNT, Lane, Message

# Written out, since the indexes of what is due are over these alone, and a database must see that.
_DUE_STATES: BindParameter[Any] = bindparam(
    "due_states", [MessageState.QUEUED.value, MessageState.WAITING.value], expanding=True, literal_execute=True
)
# So many of those that have been due longest are looked through for some whose lanes are open.
HEAD = 2_000
# So many gaps between the domains that wait are looked into at a time; the next claim looks into others.
GAPS = 50


def due_messages(session: Session, *, worker: str, size: int) -> Sequence[Message]:
    """Lock what is due, is in nobody's hand and may go; the lanes that it probes are noted as being probed."""
    known = lanes.known_lanes(session)
    if not known:
        return _longest(session, size)
    now = clock.now()
    account = next((lane for lane in known if lane.name == ACCOUNT), None)
    domains = [lane for lane in known if lane is not account]
    shut = [lane.name for lane in domains if lane.failures or lane.waits_until > now]
    if account is not None and account.waits_until > now:
        return ()
    if account is not None and account.failures:
        return _probing_the_server(session, account, domains, shut, worker=worker)
    probing = _probing(session, domains, worker=worker, size=size)
    return [*probing, *_past(session, shut, size - len(probing))]


def _probing_the_server(
    session: Session, account: Lane, domains: Sequence[Lane], shut: Sequence[str], *, worker: str
) -> Sequence[Message]:
    """Take one message to try the server by, unless another worker is trying it."""
    for lane in lanes.probes(session, [account], worker=worker):
        found = _past(session, shut, 1) or _probing(session, domains, worker=worker, size=1)
        if found:
            lanes.begin_probe(lane, worker=worker)
        return found
    return ()


def _probing(session: Session, domains: Sequence[Lane], *, worker: str, size: int) -> Sequence[Message]:
    """Take one message for each domain that has waited long enough and that nobody is trying."""
    found: list[Message] = []
    for lane in lanes.probes(session, domains, worker=worker):
        if len(found) == size:
            break
        one = _longest(session, 1, Message.address_domain == lane.name)
        if one:
            lanes.begin_probe(lane, worker=worker)
            found += one
    return found


def _past(session: Session, shut: Sequence[str], size: int) -> Sequence[Message]:
    """Lock what has been due longest among that whose lanes are open.

    Where thousands wait for lanes that are shut, they are those that have been due longest. They are not read through:
    what lies between their domains is taken, from one of the gaps on, so that none is always the last.
    """
    if size <= 0:
        return ()
    if not shut:
        return _longest(session, size)
    head = select(Message.id).where(*_is_due()).order_by(Message.next_attempt_at, Message.id).limit(HEAD)
    # Asked of the table, since there may be hundreds of names.
    waiting = select(Lane.name).where(or_(Lane.failures > 0, Lane.waits_until > clock.now()))
    open_ = Message.address_domain.not_in(waiting)
    found = list(_longest(session, size, Message.id.in_(head), open_))
    if found or not _is_full(session, head):
        return found
    gaps = list(zip([None, *shut], [*shut, None], strict=True))
    first = random.randrange(len(gaps))  # noqa: S311  # no secret: where to begin
    for low, high in (gaps[first:] + gaps[:first])[:GAPS]:
        within = [Message.address_domain > low] if low is not None else []
        within += [Message.address_domain < high] if high is not None else []
        found += _locked(
            session, size - len(found), within, (Message.address_domain, Message.next_attempt_at, Message.id)
        )
        if len(found) == size:
            break
    return found


def _is_full(session: Session, head: Any) -> bool:  # noqa: ANN401  # a select of ids
    return session.scalar(select(func.count()).select_from(head.subquery())) == HEAD


def _longest(session: Session, size: int, *which: ColumnElement[bool]) -> Sequence[Message]:
    return _locked(session, size, which, (Message.next_attempt_at, Message.id))


def _locked(
    session: Session, size: int, which: Sequence[ColumnElement[bool]], order: Sequence[Any]
) -> Sequence[Message]:
    """Lock what is due and in nobody's hand, in this order."""
    return session.scalars(
        select(Message)
        .where(*_is_due(), *which)
        .order_by(*order)
        .limit(size)
        .with_for_update(skip_locked=True, of=Message)
    ).all()


def _is_due() -> tuple[ColumnElement[bool], ...]:
    return (
        Message.state.in_(_DUE_STATES),
        Message.next_attempt_at <= clock.now(),
        Message.deleted_at.is_(None),
    )
