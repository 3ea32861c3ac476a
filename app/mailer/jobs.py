"""The outbox worker: what `flask worker` runs."""

from __future__ import annotations

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
from app.mailer.smtp.connection import Connection, connect

SWEEP_SECONDS = 10.0
BEAT_SECONDS = 15.0
EMBEDDED = "embedded"


def run_worker(app: Flask, *, name: str = EMBEDDED, once: bool = False) -> int:
    """Drain the outbox until told to stop by SIGTERM or SIGINT; with `once`, until nothing is due.

    Returns how many messages were tried. `name` is the one that the heartbeat carries. A worker that starts takes over
    what dead ones of this machine have left, and leaves alone those that are at work.
    """
    settings = app.config["SETTINGS"]
    sender = parseaddr(settings.mail_default_sender or "")[1] or None
    resend = settings.uncertain == "resend"
    own = f"{name}@{socket.gethostname()[:40]}:{os.getpid()}"
    for claimant in recovery.claimants(db.session):
        if _is_dead(claimant, own):
            recovery.recover(db.session, worker=claimant)
    with connect(app) as connection:
        if once:
            return _round(app, connection, name=own, sender=sender, resend=resend, portion=None)(threading.Event())
        # In portions: between two of them the heartbeat and the sweep have their turn.
        round_ = _round(app, connection, name=own, sender=sender, resend=resend, portion=sending.Portion())
        return worker.run(round_, heartbeat=_every(BEAT_SECONDS, lambda: sending.beat(db.session, worker=name)))


def _is_dead(claimant: str, own: str) -> bool:
    """Tell whether a worker of this machine is gone; of another machine's only the lease can tell."""
    place, _, process = claimant.rpartition(":")
    if claimant == own:
        # In a container, each start has the same process id.
        return True
    if place != own.rpartition(":")[0] or not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _round(
    app: Flask, connection: Connection, *, name: str, sender: str | None, resend: bool, portion: sending.Portion | None
) -> Callable[[threading.Event], int]:
    sweep = _every(SWEEP_SECONDS, lambda: recovery.sweep(db.session, resend=resend))

    def drain(stop: threading.Event) -> int:
        sweep()
        return sending.drain(
            db.session, connection, worker=name, sender=sender, stop=stop, portion=portion, pace=pace_of(app)
        )

    return drain


def _every(seconds: float, act: Callable[[], None]) -> Callable[[], None]:
    """Return a function that does `act` at its first call, and then no sooner than every so many seconds."""
    due = 0.0

    def maybe() -> None:
        nonlocal due
        if time.monotonic() >= due:
            act()
            due = time.monotonic() + seconds

    return maybe
