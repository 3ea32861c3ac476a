"""Lanes: the mail server's and those of the domains behind it; after trouble one waits, and one message probes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, or_, select, text, update
from sqlalchemy.orm import Session

from app.core import clock
from app.core.records import UtcDateTime
from app.mailer.delivery import backoff
from app.mailer.models import ACCOUNT, Lane

# The longest that a probe can take, by the timeouts of its connection; then its worker is taken for dead.
LONGEST_PROBE = timedelta(minutes=10)
# How long a lane that was over its rate is remembered: `/health` must not take what waited for it for forgotten.
REMEMBERED = timedelta(minutes=5)

_AT, _UNTIL = bindparam("at", type_=UtcDateTime()), bindparam("until", type_=UtcDateTime())
# Workers may note the same trouble at the same time.
_NOTE = text(
    "INSERT INTO lane (name, waits_until, failures, answer, closed_at) VALUES (:name, :at, 0, '', :at)"
    " ON CONFLICT (name) DO NOTHING"
).bindparams(_AT)
_SLOW = text(
    "INSERT INTO lane (name, waits_until, failures, answer, closed_at) VALUES (:name, :until, 0, :answer, :at)"
    " ON CONFLICT (name) DO UPDATE SET waits_until = excluded.waits_until"
    " WHERE lane.waits_until < excluded.waits_until"
).bindparams(_AT, _UNTIL)


def known_lanes(session: Session) -> Sequence[Lane]:
    """Return the lanes of which there is something to be said, by name; most of the time there are none."""
    return session.scalars(select(Lane).order_by(Lane.name)).all()


def probes(session: Session, lanes: Iterable[Lane], *, worker: str) -> Sequence[Lane]:
    """Lock those of some lanes that are to be probed and that nobody probes; `begin_probe` says that one is.

    What this worker had in hand counts as nobody's: it does one thing at a time, and is past that.
    """
    now = clock.now()
    names = [lane.name for lane in lanes if lane.failures and lane.waits_until <= now]
    if not names:
        return ()
    free = or_(Lane.probe_until.is_(None), Lane.probe_until <= now, Lane.probed_by == worker)
    statement = select(Lane).where(Lane.name.in_(names), Lane.failures > 0, Lane.waits_until <= now, free)
    locked = statement.order_by(Lane.waits_until, Lane.name).with_for_update(skip_locked=True)
    return session.scalars(locked.execution_options(populate_existing=True)).all()


def begin_probe(lane: Lane, *, worker: str) -> None:
    """Note that one message of a lane is tried, and that all others wait for what comes of it."""
    lane.probed_by, lane.probe_until = worker, clock.now() + LONGEST_PROBE


def is_probing_the_server(session: Session, *, worker: str) -> bool:
    """Tell whether a worker has the one mail in hand by which the server is tried."""
    statement = select(Lane.name).where(Lane.name == ACCOUNT, Lane.probed_by == worker, Lane.failures > 0)
    return session.scalar(statement) is not None


def close_lane(session: Session, answer: str, *, name: str = ACCOUNT, worker: str | None = None) -> datetime:
    """Note trouble on a lane; return until when everything waits that goes its way.

    What workers have in hand when it begins fails for all of them: that is one failure, and so no longer pause.
    """
    now = clock.now()
    session.execute(_NOTE, {"name": name, "at": now})
    lane = session.get_one(Lane, name, with_for_update=True, populate_existing=True)
    probed = lane.probe_until is not None and lane.probe_until > now and lane.probed_by != worker
    if lane.failures and (lane.waits_until > now or probed):
        return lane.waits_until
    if not lane.failures:
        lane.closed_at = now
    lane.failures += 1
    lane.answer = answer
    lane.waits_until = max(lane.waits_until, backoff.after_trouble(tries=lane.failures, now=now, share=0.0))
    lane.probed_by = lane.probe_until = None
    return lane.waits_until


def slow_lanes(session: Session, waits: Mapping[str, datetime], *, answer: str) -> None:
    """Note lanes that are over their rates, each with when it has room again."""
    at = clock.now()
    if waits:
        rows = [{"name": name, "until": waits[name], "at": at, "answer": answer} for name in sorted(waits)]
        session.execute(_SLOW, rows)


def reopen_lanes(session: Session, worked: Mapping[str, datetime], *, worker: str) -> None:
    """Open lanes that have let a mail pass since they were closed, and give back the probes of this worker."""
    rows = session.execute(select(Lane.name, Lane.closed_at, Lane.failures, Lane.probed_by)).all()
    done = [row.name for row in rows if row.failures and row.name in worked and row.closed_at <= worked[row.name]]
    if done:
        session.execute(delete(Lane).where(Lane.name.in_(done)))
    if any(row.probed_by == worker for row in rows):
        release_probes(session, worker=worker)


def release_probes(session: Session, *, worker: str) -> None:
    """Let others probe what a worker had in hand."""
    session.execute(update(Lane).where(Lane.probed_by == worker).values(probed_by=None, probe_until=None))


def forget_slow_lanes(session: Session) -> None:
    """Forget lanes that are over no rate any more."""
    session.execute(delete(Lane).where(Lane.failures == 0, Lane.waits_until < clock.now() - REMEMBERED))
