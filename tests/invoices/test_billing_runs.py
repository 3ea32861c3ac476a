"""Billing runs: what they take, their plan, and what becomes of each invoice, whoever comes in between."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from app.extensions import db
from app.invoices.billing_runs import progress, service
from app.invoices.billing_runs.jobs import Advance
from app.invoices.billing_runs.models import BillingRun, RunInvoice
from tests.conftest import actor
from tests.core import making


def plan(who=None, **values):
    """Choose invoices; return the run's id."""
    return making.run(service.create_run, who or actor("finance"), values=values, defaults=making.DEFAULTS).id


def start(run_id, who=None):
    return making.run(service.start_run, who or actor("finance"), run_id=run_id)


def advance():
    """Advance all runs until there is nothing to do."""
    turn, never = Advance(), threading.Event()
    while turn(never):
        pass
    db.session.remove()


def states(run_id):
    """Return state and reason of each invoice of a run, by its number."""
    db.session.rollback()
    rows = db.session.scalars(select(RunInvoice).where(RunInvoice.run_id == run_id).order_by(RunInvoice.id))
    return {row.invoice.number: (row.state, row.reason) for row in rows}


def status(run_id):
    db.session.rollback()
    return db.session.get_one(BillingRun, run_id).status


def sums(run_id):
    db.session.rollback()
    return progress.sums(db.session(), db.session.get_one(BillingRun, run_id))


@pytest.fixture
def three(app):
    """Three customers with an invoice each: with one address, with two contacts, and with nobody."""
    first = making.billed("AC1", email="one@a.example, two@a.example")
    second = making.billed("AC2", email="bills@b.example")
    for name in ("ann", "ben"):
        making.contact(second, last_name=name, email=f"{name}@b.example", email_bill_type="long")
    third = making.customer("AC3", email="silent@c.example")
    return [making.invoice(one) for one in (first, second, third)]


def test_a_run_is_planned_started_and_finished(three):
    run_id = plan(filters={"status": "draft"})
    found = sums(run_id)
    assert (found.invoices, found.copies, found.reaching_nobody) == (3, 5, 1)
    assert found.by_format == {"short": 3, "long": 2}
    assert found.by_reason == {"email_billing_off": 1}
    assert making.messages() == []
    start(run_id)
    advance()
    assert status(run_id) == "finished"
    assert states(run_id) == {
        "AC1/1": ("sent", None),
        "AC2/1": ("sent", None),
        "AC3/1": ("nothing_to_send", "reaches_nobody"),
    }
    assert len(making.messages()) == 5
    verbs = [one.verb for one in making.trail() if one.verb.startswith(("billing_run", "invoice:sent"))]
    assert verbs == ["billing_run:created", "billing_run:started", "invoice:sent", "billing_run:finished"]


def test_what_changed_meanwhile_is_not_sent_but_named_and_can_be_started_again(three):
    run_id = plan(filters={"status": "draft"})
    with_contact = making.contact(1, last_name="late", email="late@a.example", email_bill_type="short")
    assert with_contact
    start(run_id)
    advance()
    assert states(run_id)["AC1/1"] == ("changed", "plan_changed")
    assert states(run_id)["AC2/1"] == ("sent", None)
    assert len(making.messages()) == 3
    making.run(service.plan_run_again, actor("finance"), run_id=run_id, defaults=making.DEFAULTS)
    assert status(run_id) == "planned"
    assert sums(run_id).copies == 3
    start(run_id)
    advance()
    assert states(run_id)["AC1/1"] == ("sent", None)
    assert len(making.messages()) == 6


def test_run_again_it_says_that_they_have_it(three):
    first = plan(filters={"status": "draft"})
    second = plan(filters={"status": "draft"})
    for run_id in (first, second):
        start(run_id)
    advance()
    assert len(making.messages()) == 5
    assert states(second) == {
        "AC1/1": ("nothing_to_send", "already_sent"),
        "AC2/1": ("nothing_to_send", "already_sent"),
        "AC3/1": ("nothing_to_send", "reaches_nobody"),
    }
    third = plan(account_numbers=["ac1", "AC2"])
    assert sums(third).by_reason == {"already_sent": 5}
    assert sums(third).copies == 0
    start(third)
    advance()
    assert {state for state, _ in states(third).values()} == {"nothing_to_send"}
    assert len(making.messages()) == 5
