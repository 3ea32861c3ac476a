"""The outbox worker: what `flask worker` runs, by itself or in the processes of Celery."""

from __future__ import annotations

import functools
import os
import socket
import threading
import time
from collections.abc import Callable
from email.utils import parseaddr

from flask import Flask

from app.extensions import db
from app.mailer.delivery import loop as worker
from app.mailer.delivery import recovery, sending
from app.mailer.delivery.pace import pace_of
from app.mailer.engines import celery_worker
from app.mailer.engines.background import Background
from app.mailer.smtp.connection import Connection, connect

SWEEP_SECONDS = 10.0
BEAT_SECONDS = 15.0
POLL_SECONDS = 1.0
# Wake-ups tell of what is queued; the timer finds what has waited, and all of it while the broker is away.
TIMER_SECONDS = 5.0
# Who has just sent something looks as often as the embedded worker: more may be due by a rate, or a short pause.
LIVELY_SECONDS = 10.0
PROCESSES = 2
EMBEDDED = "embedded"


def run_worker(app: Flask, *, name: str = EMBEDDED, once: bool = False) -> int:
    """Drain the outbox until told to stop by SIGTERM or SIGINT; with `once`, until nothing is due or left to do.

    Returns how many messages were tried. `name` is the one that the heartbeat carries. A worker takes over what dead
    ones of this machine have left, and leaves alone those that are at work.
    """
    with connect(app) as connection:
        # In portions: between two of them the heartbeat and the sweep have their turn.
        portion = None if once else sending.Portion()
        drain, background = _round(app, connection, name=name, portion=portion), Background()
        if once:
            return _once(drain, background)
        return worker.run(_both(drain, background), poll_seconds=POLL_SECONDS, heartbeat=_heartbeat(name))


def run_celery(app: Flask, *, processes: int = PROCESSES) -> int:
    """Drain the outbox in processes of Celery until told to stop by SIGTERM or SIGINT; return the exit code."""
    return celery_worker.run(app, processes=processes, work_as=lambda name: functools.partial(_work, app, name))


def _work(
    app: Flask,
    name: str,
    stop: threading.Event,
    *,
    idle: Callable[[float, threading.Event], None],
    done: Callable[[int], None],
) -> None:
    """Drain the outbox in a process of Celery until `stop` is set."""
    with app.app_context(), connect(app) as connection:
        drain = _both(_round(app, connection, name=name, portion=sending.Portion()), Background())
        beat = _heartbeat(f"{name}@{_machine()}")
        lively_until = 0.0

        def round_(given: threading.Event) -> int:
            nonlocal lively_until
            handled = 0
            try:
                beat()
                handled = drain(given)
            finally:
                done(handled)
            if handled:
                lively_until = time.monotonic() + LIVELY_SECONDS
            return handled

        def rest(seconds: float, given: threading.Event) -> None:
            idle(min(seconds, POLL_SECONDS) if time.monotonic() < lively_until else seconds, given)

        worker.run(round_, poll_seconds=TIMER_SECONDS, stop=stop, idle=rest)
        db.session.remove()


def _once(drain: Callable[[threading.Event], int], background: Background) -> int:
    """Send what is due, and what the work beside it makes due, until there is neither; return how many were tried."""
    never = threading.Event()
    tried = drain(never)
    while background.round(never):
        tried += drain(never)
    return tried


def _both(drain: Callable[[threading.Event], int], background: Background) -> Callable[[threading.Event], int]:
    """Return a round that sends a portion of the mails, and then does a portion of the work beside them."""

    def round_(stop: threading.Event) -> int:
        return drain(stop) + background.round(stop)

    return round_


def _round(
    app: Flask, connection: Connection, *, name: str, portion: sending.Portion | None
) -> Callable[[threading.Event], int]:
    """Return what a worker does again and again: put right what dead ones left, and send what is due."""
    settings = app.config["SETTINGS"]
    sender = parseaddr(settings.mail_default_sender or "")[1] or None
    own = f"{name}@{_machine()}:{os.getpid()}"

    def put_right() -> None:
        for claimant in recovery.claimants(db.session):
            if _is_dead(claimant, own):
                recovery.recover(db.session, worker=claimant)
        recovery.sweep(db.session, resend=settings.uncertain == "resend")

    sweep = _every(SWEEP_SECONDS, put_right)

    def drain(stop: threading.Event) -> int:
        sweep()
        return sending.drain(
            db.session, connection, worker=own, sender=sender, stop=stop, portion=portion, pace=pace_of(app)
        )

    return drain


def _is_dead(claimant: str, own: str) -> bool:
    """Tell whether a worker of this machine is gone; of another machine's only the lease can tell."""
    place, _, process = claimant.rpartition(":")
    if claimant == own:
        # Between two rounds this one has nothing in hand. In a container, each start has the same process id.
        return True
    if place.rpartition("@")[2] != own.rpartition(":")[0].rpartition("@")[2] or not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _machine() -> str:
    return socket.gethostname()[:40]


def _heartbeat(name: str) -> Callable[[], None]:
    return _every(BEAT_SECONDS, lambda: sending.beat(db.session, worker=name))


def _every(seconds: float, act: Callable[[], None]) -> Callable[[], None]:
    """Return a function that does `act` at its first call, and then no sooner than every so many seconds."""
    due = 0.0

    def maybe() -> None:
        nonlocal due
        if time.monotonic() >= due:
            act()
            due = time.monotonic() + seconds

    return maybe
