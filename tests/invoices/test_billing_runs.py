"""Billing runs: what they take, their plan, and what becomes of each invoice, whoever comes in between."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from app.access.models import StaffUser
from app.contacts.service import add_shared_contact
from app.core.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.invoices.billing_runs import outcomes, progress, queries, sending, service
from app.invoices.billing_runs.jobs import Advance
from app.invoices.billing_runs.models import BillingRun, RunInvoice
from app.invoices.models import Invoice
from app.invoices.service import delete_invoice, document_of, restore_invoice, update_invoice
from app.lookups.service import update_lookup
from app.mailer.planning.choices import Choices
from app.mailer.planning.many import Wanted, plans_of_many
from app.mailer.service import plan_document
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


def test_an_address_that_had_it_meanwhile_by_half_is_a_change(three):
    run_id = plan(account_numbers=["AC1"])
    making.send(three[0], untick=["two@a.example"])
    start(run_id)
    advance()
    assert states(run_id) == {"AC1/1": ("changed", "plan_changed")}
    assert len(making.messages()) == 1


def test_what_is_left_out_is_not_sent_and_can_be_taken_in_again(three):
    run_id = plan(filters={"status": "draft"})
    making.run(service.choose_invoices, run_id=run_id, untick=[three[0], 99_999], untick_accounts=["ac2"])
    found = sums(run_id)
    assert (found.invoices, found.unticked, found.copies) == (1, 2, 0)
    making.run(service.choose_invoices, run_id=run_id, tick=[three[0]])
    assert sums(run_id).copies == 2
    start(run_id)
    advance()
    assert {state for state, _ in states(run_id).values()} == {"sent", "unticked", "nothing_to_send"}
    assert [one.document_number for one in making.messages()] == ["AC1/1", "AC1/1"]
    with pytest.raises(Conflict):
        making.run(service.choose_invoices, run_id=run_id, tick=[three[1]])


def test_of_a_run_that_leaves_out_everything_nothing_starts(three):
    run_id = plan(account_numbers=["AC1"])
    making.run(service.choose_invoices, run_id=run_id, untick=three)
    with pytest.raises(Conflict) as refused:
        start(run_id)
    assert refused.value.code == "nothing_left"


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({}, {"filters"}),
        ({"filters": {}}, {"filters"}),
        ({"filters": {"already_sent": None}}, {"filters"}),
        ({"filters": []}, {"filters"}),
        (
            {"filters": {"total_from": "abc", "status": "paid", "invoice_date_to": "1 May"}},
            {"filters.total_from", "filters.status", "filters.invoice_date_to"},
        ),
        ({"filters": {"nonsense": 1}}, {"filters.nonsense"}),
        ({"filters": {"dealer_code": "NOBODY"}}, {"filters.dealer_code"}),
        ({"filters": {"currency": "XX1"}}, {"filters.currency"}),
        ({"filters": {"already_sent": "perhaps"}}, {"filters.already_sent"}),
        (
            {"filters": {"invoice_date_from": "2026-02-01", "invoice_date_to": "2026-01-01"}},
            {"filters.invoice_date_to"},
        ),
        ({"filters": {"total_from": "10", "total_to": "9.99"}}, {"filters.total_to"}),
        ({"account_numbers": ["AC1", "NOPE", "NADA"]}, {"account_numbers"}),
        ({"account_numbers": [1]}, {"account_numbers"}),
        ({"account_numbers": "AC1"}, {"account_numbers"}),
        (
            {"filters": {"total_from": 5, "already_sent": "yes", "status": ""}},
            {"filters.total_from", "filters.already_sent", "filters.status"},
        ),
        ({"account_numbers": ["A" * 41]}, {"account_numbers"}),
        ({"nonsense": 1}, {"nonsense"}),
    ],
)
def test_what_is_wrong_is_said_at_its_name(three, values, where):
    with pytest.raises(Invalid) as refused:
        plan(**values)
    assert set(refused.value.errors) == where
    db.session.rollback()
    assert db.session.scalars(select(BillingRun)).all() == []


def test_unknown_account_numbers_are_named(three):
    with pytest.raises(Invalid) as refused:
        plan(account_numbers=["AC1", "NOPE", "NADA"])
    assert "NOPE, NADA" in refused.value.errors["account_numbers"][0]
    with pytest.raises(Invalid) as refused:
        plan(account_numbers=[f"N{number}" for number in range(25)])
    assert "and 5 more" in refused.value.errors["account_numbers"][0]


def test_no_invoice_and_too_many_are_refused(three, monkeypatch):
    with pytest.raises(Invalid) as refused:
        plan(filters={"status": "sent"})
    assert refused.value.code == "nothing_matches"
    monkeypatch.setattr(service, "MAX_INVOICES", 2)
    with pytest.raises(Invalid) as refused:
        plan(filters={"status": "draft"})
    assert refused.value.code == "too_many"


def test_paused_it_goes_no_further_and_resumed_from_where_it_was(three, monkeypatch):
    monkeypatch.setattr("app.invoices.billing_runs.jobs.CHUNK", 1)
    run_id = plan(filters={"status": "draft"})
    start(run_id)
    assert Advance()(threading.Event()) == 1
    making.run(service.pause_run, actor("finance"), run_id=run_id)
    assert Advance()(threading.Event()) == 0
    assert [state for state, _ in states(run_id).values()] == ["sent", "waiting", "waiting"]
    making.run(service.resume_run, actor("admin"), run_id=run_id)
    advance()
    assert status(run_id) == "finished"
    assert len(making.messages()) == 5
    assert [one.username for one in making.trail() if one.verb == "invoice:sent"] == ["finance", "admin"]


def test_several_runs_take_turns(three, monkeypatch):
    monkeypatch.setattr("app.invoices.billing_runs.jobs.CHUNK", 1)
    large = plan(filters={"status": "draft"})
    small = plan(account_numbers=["AC2"])
    for run_id in (large, small):
        start(run_id)
    turn, never = Advance(), threading.Event()
    turn(never)
    turn(never)
    assert states(small) == {"AC2/1": ("sent", None)}
    assert [state for state, _ in states(large).values()].count("waiting") == 2


def test_a_run_pauses_when_whoever_started_it_may_not_send_any_more(three):
    run_id = plan(filters={"status": "draft"})
    start(run_id)
    with making.unaudited(), unit_of_work(db.session) as session:
        session.get_one(StaffUser, actor("finance").user_id).active = False
    advance()
    assert status(run_id) == "paused"
    assert db.session.get_one(BillingRun, run_id).pause_reason == "may_not_send"
    assert making.messages() == []
    making.run(service.resume_run, actor("admin"), run_id=run_id)
    advance()
    assert (status(run_id), len(making.messages())) == ("finished", 5)


def test_a_run_of_a_user_who_is_gone_pauses_and_is_nobodys(three):
    run_id = plan(filters={"status": "draft"})
    start(run_id)
    with making.unaudited(), unit_of_work(db.session) as session:
        session.get_one(BillingRun, run_id).started_by_id = 999_999
    advance()
    assert (status(run_id), making.messages()) == ("paused", [])


def test_what_is_gone_or_empty_by_its_turn_fails_and_says_why(three):
    empty = making.invoice(making.billed("AC4", email="x@d.example"), lines=[])
    run_id = plan(filters={"status": "draft"})
    making.run(delete_invoice, invoice_id=three[0])
    start(run_id)
    advance()
    assert states(run_id)["AC1/1"] == ("failed", "gone")
    assert states(run_id)["AC4/1"] == ("failed", "no_lines")
    assert states(run_id)["AC2/1"] == ("sent", None)
    making.run(restore_invoice, invoice_id=three[0])
    making.run(update_invoice, invoice_id=empty, values={"lines": [making.LINE]})
    making.run(service.plan_run_again, run_id=run_id, defaults=making.DEFAULTS)
    start(run_id)
    advance()
    assert {state for state, _ in states(run_id).values()} == {"sent", "nothing_to_send"}


def test_one_invoice_that_breaks_holds_up_no_other(three, monkeypatch):
    real = sending.mark_sent

    def break_the_second(session, invoices):
        if any(one.id == three[1] for one in invoices):
            raise RuntimeError("this one")
        return real(session, invoices)

    monkeypatch.setattr(sending, "mark_sent", break_the_second)
    run_id = plan(filters={"status": "draft"})
    start(run_id)
    advance()
    assert states(run_id)["AC1/1"] == ("sent", None)
    assert states(run_id)["AC2/1"] == ("failed", "unexpected")
    assert status(run_id) == "finished"
    assert {one.document_number for one in making.messages()} == {"AC1/1"}


def test_two_workers_do_nothing_twice(app, three):
    run_id = plan(filters={"status": "draft"})
    start(run_id)
    making.codes(making.at_once(app, [advance] * 4))
    advance()
    assert status(run_id) == "finished"
    assert len(making.messages()) == 5


def test_each_state_and_what_it_allows(three):
    run_id = plan(filters={"status": "draft"})
    verbs = {name: getattr(service, f"{name}_run") for name in ("start", "pause", "resume", "delete")}

    def refused(*names):
        for name in names:
            with pytest.raises(Conflict):
                making.run(verbs[name], run_id=run_id)

    refused("pause", "resume")
    start(run_id)
    refused("start", "resume", "delete")
    with pytest.raises(Conflict):
        making.run(service.plan_run_again, run_id=run_id, defaults=making.DEFAULTS)
    making.run(service.pause_run, run_id=run_id)
    refused("start", "pause")
    making.run(service.resume_run, run_id=run_id)
    advance()
    refused("start", "pause", "resume")
    with pytest.raises(Stale):
        making.run(service.delete_run, run_id=run_id, version=1)
    making.run(service.delete_run, run_id=run_id)
    with pytest.raises(NotFound):
        start(run_id)
    making.run(service.restore_run, run_id=run_id)
    making.run(service.delete_run, run_id=run_id)
    making.run(service.purge_run, run_id=run_id, reason="Done with.")
    assert states(run_id) == {}
    assert db.session.get_one(BillingRun, run_id).filters == {}


def test_support_and_auditor_change_nothing_and_a_dealer_sees_its_own(three):
    making.dealers("NORTH")
    ours = making.billed("N1", email="n@n.example", dealer_code="NORTH")
    making.invoice(ours)
    whole = plan(filters={"status": "draft"})
    for name in ("support", "auditor"):
        with pytest.raises(Forbidden):
            plan(actor(name), filters={"status": "draft"})
    with pytest.raises(Forbidden):
        queries.runs(actor("support"))
    own = plan(actor("north_finance"), filters={"status": "draft"})
    assert list(states(own)) == ["N1/1"]
    with pytest.raises(Invalid):
        plan(actor("north_finance"), account_numbers=["AC1"])
    with pytest.raises(NotFound):
        start(whole, actor("north_finance"))
    start(own, actor("north_finance"))
    advance()
    assert states(own) == {"N1/1": ("sent", None)}


def test_a_page_of_invoices_says_who_gets_none(three):
    run_id = plan(filters={"status": "draft"})
    session = db.session()
    run = queries.run(session, actor("finance"), run_id=run_id)
    given = {"state": None, "after": 0, "defaults": making.DEFAULTS}
    page = outcomes.page(session, actor("finance"), run, outcome="email_billing_off", **given)
    assert [(one.kept.invoice.number, [skip.address for skip in one.skipped]) for one in page.rows] == [
        ("AC3/1", ["silent@c.example"])
    ]
    nobody = outcomes.page(session, actor("finance"), run, outcome="reaches_nobody", **given)
    assert [one.kept.invoice.number for one in nobody.rows] == ["AC3/1"]
    with pytest.raises(Invalid):
        outcomes.page(session, actor("finance"), run, outcome="because", **given)


def test_pages_follow_each_other(three, monkeypatch):
    monkeypatch.setattr(outcomes, "PAGE", 2)
    run_id = plan(filters={"status": "draft"})
    session = db.session()
    run = queries.run(session, actor("finance"), run_id=run_id)
    given = {"outcome": None, "state": "waiting", "defaults": making.DEFAULTS}
    first = outcomes.page(session, actor("finance"), run, after=0, **given)
    second = outcomes.page(session, actor("finance"), run, after=first.next, **given)
    assert [len(first.rows), len(second.rows), second.next] == [2, 1, None]


def test_one_plan_for_one_and_for_many(three):
    making.suppress("ann@b.example")
    making.send(three[0], untick=["two@a.example"])
    report = making.lookup("usage_report_profile", "For the second alone")
    customers = [db.session.get_one(Invoice, number).customer_id for number in three]
    for customer_id in customers:
        making.contact(
            customer_id, email=f"r{customer_id}@r.example", email_bill_type="short", invoice_usage_report=report
        )
    narrower = {"available_to": "customers", "customers": [customers[1]]}
    making.run(update_lookup, resource="usage_report_profile", lookup_id=report, values=narrower)
    session = db.session()
    found = [session.get_one(Invoice, number) for number in three]
    wanted = [Wanted(document_of(one), one.customer_id) for one in found]
    alone = [
        plan_document(
            session, document=document_of(one), customer=one.customer, choices=Choices(), defaults=making.DEFAULTS
        )
        for one in found
    ]
    many = list(plans_of_many(session, wanted, defaults=making.DEFAULTS))
    assert many == alone
    assert [any(one.withheld_reports for one in each.messages) for each in many] == [True, False, True]


def test_a_shared_contact_is_planned_at_each_of_its_customers(three):
    accountant = making.contact(last_name="Both", email="both@x.example", email_bill_type="full")
    for customer_id in (1, 3):
        making.run(add_shared_contact, customer_id=customer_id, contact_id=accountant)
    assert sums(plan(filters={"status": "draft"})).by_format == {"full": 2, "long": 2, "short": 3}
