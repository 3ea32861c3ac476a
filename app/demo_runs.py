"""A billing run of the sample data: what one dealer's customers have not had yet, sent to its end."""

from __future__ import annotations

import threading

from app.core.actor import Actor
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.invoices.billing_runs.jobs import Advance
from app.invoices.billing_runs.service import create_run, start_run
from app.mailer.sending_defaults import sending_defaults

CHOSEN = {"filters": {"dealer_code": "SEVERN", "already_sent": False}}


def fill_run(actor: Actor) -> None:
    """Plan and start a run, and do all of what a worker does of it."""
    with unit_of_work(db.session) as session:
        number = create_run(session, actor, values=CHOSEN, defaults=sending_defaults()).id
    with unit_of_work(db.session) as session:
        start_run(session, actor, run_id=number)
    advance, never = Advance(), threading.Event()
    while advance(never):
        pass
