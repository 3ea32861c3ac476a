"""The outbox worker: what `flask worker` runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from email.utils import parseaddr

from flask import Flask

from app.extensions import db
from app.mailer import delivery, worker
from app.mailer.smtp import Connection, connect

SWEEP_SECONDS = 10.0
BEAT_SECONDS = 15.0
EMBEDDED = "embedded"


def run_worker(app: Flask, *, name: str = EMBEDDED, once: bool = False) -> int:
    """Drain the outbox until told to stop by SIGTERM or SIGINT; with `once`, until nothing is due.

    Returns how many messages were tried. `name` tells this worker from others; one that starts takes over what its
    namesake left when it died.
    """
    settings = app.config["SETTINGS"]
    sender = parseaddr(settings.mail_default_sender or "")[1] or None
    resend = settings.uncertain == "resend"
    delivery.recover(db.session, worker=name)
    with connect(app) as connection:
        round_ = _round(connection, name=name, sender=sender, resend=resend)
        if once:
            return round_(threading.Event())
        return worker.run(round_, heartbeat=_every(BEAT_SECONDS, lambda: delivery.beat(db.session, worker=name)))


def _round(connection: Connection, *, name: str, sender: str | None, resend: bool) -> Callable[[threading.Event], int]:
    sweep = _every(SWEEP_SECONDS, lambda: delivery.sweep(db.session, resend=resend))

    def drain(stop: threading.Event) -> int:
        sweep()
        return delivery.drain(db.session, connection, worker=name, sender=sender, stop=stop)

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
