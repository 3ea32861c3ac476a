"""Bulk letters: whom they take, their plan, and what becomes of each customer, whoever comes in between."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from sqlalchemy import select

from app.core.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from app.core.models import AuditRecord
from app.correspondence.bulk import outcomes, progress, queries, sending, service
from app.correspondence.bulk.jobs import Advance
from app.correspondence.bulk.models import BulkLetter, BulkLetterRow
from app.correspondence.models import Correspondence
from app.customers.service import delete_customer, update_customer
from app.extensions import db
from app.invoices.service import delete_invoice
from app.lookups.service import update_lookup
from app.mailer.models import Content
from tests.conftest import actor
from tests.core import making
from tests.correspondence.letters import BODY

HTTPS = replace(making.DEFAULTS, public_url="https://counterpart.example")


def kind(name="customer_services", **values):
    return making.lookup(
        "correspondence_type", f"Bulk {name}", **{"correspondence_class": name, "bulk": True, **values}
    )


def plan(type_id, who=None, *, defaults=making.DEFAULTS, **values):
    """Write to many; return the id of the bulk letters."""
    given = {"correspondence_type": type_id, "subject": "Works at {{ account_number }}", "body": BODY, "send": True}
    given |= values if {"filters", "account_numbers"} & set(values) else {"filters": {"country": "GB"}, **values}
    return making.run(service.create_run, who or actor("support"), values=given, defaults=defaults).id


def start(run_id, who=None, *, defaults=making.DEFAULTS):
    return making.run(service.start_run, who or actor("support"), run_id=run_id, defaults=defaults)


def advance():
    """Make all letters that are under way, until there is nothing to do."""
    turn, never = Advance(), threading.Event()
    while turn(never):
        pass
    db.session.remove()


def go(run_id, who=None):
    start(run_id, who)
    advance()
    return states(run_id)


def states(run_id):
    """Return state and reason of each customer, by account number."""
    db.session.rollback()
    rows = db.session.scalars(select(BulkLetterRow).where(BulkLetterRow.run_id == run_id).order_by(BulkLetterRow.id))
    return {row.customer.account_number: (row.state, row.reason) for row in rows}


def letters():
    db.session.rollback()
    return db.session.scalars(select(Correspondence).order_by(Correspondence.number)).all()


def sums(run_id):
    db.session.rollback()
    return progress.sums(db.session(), db.session.get_one(BulkLetter, run_id))


@pytest.fixture
def three(app):
    """Three customers: with an address and a contact who ticks the type, with an address, and with none."""
    type_id = kind()
    names = {"first_name": "Dana", "country": "GB"}
    first = making.customer("AC1", last_name="One", email="one@a.example, two@a.example", **names)
    making.customer("AC2", last_name="Two", email="main@b.example", **names)
    making.customer("AC3", last_name="Three", **names)
    making.contact(first, last_name="Ann", email="ann@a.example", copy_correspondence=[type_id])
    making.contact(first, last_name="Ben", email="ben@a.example")
    return type_id


def test_letters_are_planned_made_and_sent(three):
    run_id = plan(three)
    found = sums(run_id)
    assert (found.rows, found.letters, found.copies, found.reaching_nobody) == (3, 3, 3, 1)
    assert found.by_reason == {"bills_only": 1, "no_address": 1, "type_not_selected": 1}
    assert letters() == making.messages() == []
    assert go(run_id) == {"AC1": ("sent", None), "AC2": ("sent", None), "AC3": ("created", "reaches_nobody")}
    made = letters()
    assert [(one.number, one.status) for one in made] == [
        ("AC1/C001", "emailed"),
        ("AC2/C001", "emailed"),
        ("AC3/C001", "ready"),
    ]
    assert made[0].filled_subject == "Works at AC1"
    assert "Dear Dana One" in made[0].filled_body
    assert all(db.session.get_one(Content, one.pdf_digest).data.startswith(b"%PDF") for one in made)
    assert {(one.document_number, one.address, one.document_class) for one in making.messages()} == {
        ("AC1/C001", "one@a.example", "customer_services"),
        ("AC1/C001", "ann@a.example", "customer_services"),
        ("AC2/C001", "main@b.example", "customer_services"),
    }
    assert db.session.get_one(BulkLetter, run_id).status == "finished"
    run = queries.run(db.session(), actor("support"), run_id=run_id)
    assert progress.message_states(db.session(), actor("support"), run.id) == {"queued": 3}


def test_created_alone_nothing_leaves(three):
    run_id = plan(three, send=False)
    assert (sums(run_id).letters, sums(run_id).copies, sums(run_id).reaching_nobody) == (3, 0, 0)
    making.contact(1, last_name="Late", email="late@a.example", copy_correspondence=[three])
    assert set(go(run_id).values()) == {("created", None)}
    assert {one.status for one in letters()} == {"ready"}
    assert making.messages() == []


def test_numbers_follow_those_that_were_given(three):
    for _ in range(2):
        go(plan(three, account_numbers=["ac1"]))
    assert [one.number for one in letters()] == ["AC1/C001", "AC1/C002"]


def test_what_changed_meanwhile_gets_no_letter_and_can_be_planned_again(three):
    run_id = plan(three)
    making.contact(1, last_name="Late", email="late@a.example", copy_correspondence=[three])
    assert go(run_id)["AC1"] == ("changed", "plan_changed")
    assert [one.number for one in letters()] == ["AC2/C001", "AC3/C001"]
    making.run(service.plan_run_again, actor("support"), run_id=run_id, defaults=making.DEFAULTS)
    assert (sums(run_id).rows, sums(run_id).copies) == (1, 3)
    assert go(run_id) == {"AC1": ("sent", None), "AC2": ("sent", None), "AC3": ("created", "reaches_nobody")}
    assert len(letters()) == 3
    assert len(making.messages()) == 4
    with pytest.raises(Conflict) as refused:
        start(run_id)
    assert refused.value.code == "not_possible"


def test_whoever_must_not_be_written_to_gets_no_letter(three):
    closed = making.lookup("customer_status", "Closed", allows_correspondence=False)
    making.run(update_customer, customer_id=2, values={"status": closed})
    for send in (True, False):
        run_id = plan(three, send=send, account_numbers=["AC2", "AC3"])
        assert dict(sums(run_id).no_letter) == {"status_forbids": 1}
        assert sums(run_id).letters == 1
        assert go(run_id)["AC2"] == ("no_letter", "status_forbids")
    assert {one.customer_id for one in letters()} == {3}


def test_a_status_that_forbids_since_is_a_change_even_if_nothing_is_sent(three):
    run_id = plan(three, send=False, account_numbers=["AC2"])
    closed = making.lookup("customer_status", "Closed", allows_correspondence=False)
    making.run(update_customer, customer_id=2, values={"status": closed})
    assert go(run_id) == {"AC2": ("changed", "plan_changed")}
    assert letters() == []


def test_marketing_needs_consent_and_https(three):
    type_id = kind("marketing")
    agreed = {"marketing_consent_at": "2026-01-01T00:00:00Z", "marketing_consent_source": "phone"}
    making.run(update_customer, customer_id=2, values=agreed)
    with pytest.raises(Conflict) as refused:
        plan(type_id)
    assert refused.value.code == "no_public_url"
    db.session.rollback()
    run_id = plan(type_id, defaults=HTTPS)
    assert dict(sums(run_id).no_letter) == {"no_consent": 2}
    with pytest.raises(Conflict) as refused:
        start(run_id)
    assert refused.value.code == "no_public_url"
    db.session.rollback()
    start(run_id, defaults=HTTPS)
    advance()
    assert states(run_id) == {
        "AC1": ("no_letter", "no_consent"),
        "AC2": ("sent", None),
        "AC3": ("no_letter", "no_consent"),
    }
    # Without mail, nobody needs to unsubscribe from it.
    assert sums(plan(type_id, send=False)).letters == 1


def test_a_type_must_be_for_many_also_at_the_start(three):
    with pytest.raises(Invalid) as refused:
        plan(kind("billing", bulk=False), actor("finance"))
    assert set(refused.value.errors) == {"correspondence_type"}
    db.session.rollback()
    run_id = plan(three)
    making.run(update_lookup, resource="correspondence_type", lookup_id=three, values={"bulk": False})
    with pytest.raises(Invalid):
        start(run_id)


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"filters": {}}, {"filters"}),
        ({"filters": []}, {"filters"}),
        ({"filters": {"country": "XX", "nonsense": 1}}, {"filters.country", "filters.nonsense"}),
        ({"filters": {"dealer_code": "NOBODY"}}, {"filters.dealer_code"}),
        ({"filters": {"customer_status": 99}}, {"filters.customer_status"}),
        (
            {"filters": {"invoices": {"status": "paid", "total_from": "x"}}},
            {f"filters.invoices.{name}" for name in ("status", "total_from")},
        ),
        ({"filters": {"invoices": {"dealer_code": "N"}}}, {"filters.invoices.dealer_code"}),
        ({"filters": {"invoices": 5}}, {"filters.invoices"}),
        ({"account_numbers": ["AC1", "NOPE"]}, {"account_numbers"}),
        ({"body": "{{ nonsense }}", "filters": {"country": "GB"}}, {"body"}),
        ({"body": "", "subject": "", "filters": {"country": "GB"}}, {"body", "subject"}),
        ({"correspondence_type": 99, "filters": {"country": "GB"}}, {"correspondence_type"}),
        ({"link_invoices": True, "filters": {"country": "GB"}}, {"link_invoices"}),
    ],
)
def test_what_is_wrong_is_said_at_its_name(three, values, where):
    with pytest.raises(Invalid) as refused:
        plan(three, actor("admin"), **values)
    assert set(refused.value.errors) == where
    db.session.rollback()
    assert db.session.scalars(select(BulkLetter)).all() == []


def test_nobody_and_too_many_are_refused(three, monkeypatch):
    with pytest.raises(Invalid) as refused:
        plan(three, filters={"country": "FR"})
    assert refused.value.code == "nothing_matches"
    db.session.rollback()
    monkeypatch.setattr(service, "MAX_LETTERS", 2)
    with pytest.raises(Invalid) as refused:
        plan(three)
    assert refused.value.code == "too_many"


def test_customers_are_chosen_by_what_they_are(three):
    making.dealers("NORTH")
    status = making.lookup("customer_status", "Active", allows_correspondence=True)
    making.customer("AC4", last_name="Four", country="DE", language="de", status=status, dealer_code="NORTH")

    def taken(**filters):
        return list(states(plan(three, filters=filters)))

    assert taken(language="de") == ["AC4"]
    assert taken(language="en") == ["AC1", "AC2", "AC3"]
    assert taken(country="DE") == taken(customer_status=status) == taken(dealer_code="NORTH") == ["AC4"]
    with pytest.raises(Invalid):
        taken(country="DE", language="en")


def test_customers_are_chosen_by_their_invoices_which_are_tied(three):
    type_id = kind("credit_control")
    finance = actor("finance")
    unsent = making.invoice(1)
    making.invoice(2, invoice_date="2025-01-01")
    values = {"filters": {"invoices": {"invoice_date_from": "2026-01-01", "already_sent": False}}}
    run_id = plan(type_id, finance, link_invoices=True, **values)
    assert list(states(run_id)) == ["AC1"]
    assert go(run_id, finance) == {"AC1": ("sent", None)}
    assert [[one.invoice_id for one in letter.invoices] for letter in letters()] == [[unsent]]
    again = plan(type_id, finance, link_invoices=True, **values)
    making.run(delete_invoice, invoice_id=unsent)
    assert go(again, finance) == {"AC1": ("changed", "invoices_changed")}
    assert len(letters()) == 1


def test_those_who_see_no_invoices_choose_by_none(three):
    making.invoice(1)
    with pytest.raises(Forbidden) as refused:
        plan(three, filters={"invoices": {"status": "draft"}})
    assert set(refused.value.errors) == {"filters.invoices"}


def test_rights_are_those_of_the_class(three):
    run_id = plan(three)
    finance = actor("finance")
    assert queries.run(db.session(), finance, run_id=run_id).id == run_id
    for verb, given in (
        (service.start_run, {"defaults": making.DEFAULTS}),
        (service.pause_run, {}),
        (service.choose_customers, {"untick": [1]}),
        (service.plan_run_again, {"defaults": making.DEFAULTS}),
        (service.delete_run, {}),
    ):
        with pytest.raises(Forbidden):
            making.run(verb, finance, run_id=run_id, **given)
        db.session.rollback()
    with pytest.raises(Forbidden):
        plan(three, finance)
    db.session.rollback()
    theirs = plan(kind("billing"), finance)
    with pytest.raises(NotFound):
        queries.run(db.session(), actor("support"), run_id=theirs)


def test_a_dealers_staff_see_their_own(three):
    making.dealers("NORTH")
    making.run(update_customer, customer_id=2, values={"dealer_code": "NORTH"})
    north = replace(actor("support"), dealer_code="NORTH")
    run_id = plan(three)
    with pytest.raises(NotFound):
        queries.run(db.session(), north, run_id=run_id)
    assert list(states(plan(three, north))) == ["AC2"]


def test_left_out_is_not_written_to(three):
    run_id = plan(three)
    making.run(service.choose_customers, actor("support"), run_id=run_id, untick=[1, 99], untick_accounts=["ac2"])
    making.run(service.choose_customers, actor("support"), run_id=run_id, tick=[1])
    assert go(run_id) == {"AC1": ("sent", None), "AC2": ("unticked", None), "AC3": ("created", "reaches_nobody")}


def test_a_customer_who_is_gone_or_has_nothing_to_read_fails_and_says_why(three):
    run_id = plan(three, body="{{ title }}", account_numbers=["AC1", "AC2"])
    making.run(delete_customer, customer_id=2)
    assert go(run_id) == {"AC1": ("failed", "empty"), "AC2": ("failed", "gone")}
    assert letters() == []


def test_one_letter_that_breaks_holds_up_no_other(three, monkeypatch):
    real = sending.write_letters

    def break_the_second(session, some, pdfs):
        if any(one.number.startswith("AC2") for one in some):
            raise RuntimeError("broken")
        real(session, some, pdfs)

    monkeypatch.setattr(sending, "write_letters", break_the_second)
    run_id = plan(three)
    assert go(run_id) == {"AC1": ("sent", None), "AC2": ("failed", "unexpected"), "AC3": ("created", "reaches_nobody")}
    assert len(making.messages()) == 2


def test_it_pauses_when_whoever_started_it_may_not_send_any_more(three, monkeypatch):
    monkeypatch.setattr("app.correspondence.bulk.jobs.CHUNK", 1)
    run_id = plan(three)
    start(run_id)
    monkeypatch.setattr("app.runs.jobs.actor_of", lambda *_: actor("finance"))
    advance()
    run = db.session.get_one(BulkLetter, run_id)
    assert (run.status, run.pause_reason) == ("paused", "may_not_send")
    assert letters() == []


def test_paused_it_goes_no_further_and_resumed_from_where_it_was(three, monkeypatch):
    monkeypatch.setattr("app.correspondence.bulk.jobs.CHUNK", 1)
    run_id = plan(three)
    start(run_id)
    Advance()(threading.Event())
    making.run(service.pause_run, actor("support"), run_id=run_id)
    advance()
    assert len(letters()) == 1
    making.run(service.resume_run, actor("support"), run_id=run_id, defaults=making.DEFAULTS)
    advance()
    assert [one.number for one in letters()] == ["AC1/C001", "AC2/C001", "AC3/C001"]


def test_the_trail_names_letters_and_no_customer(three):
    run_id = plan(three)
    go(run_id)
    entries = [one for one in making.trail() if one.verb.startswith("bulk_letter")]
    assert [one.verb for one in entries] == [
        "bulk_letter:created",
        "bulk_letter:started",
        "bulk_letter:letters_made",
        "bulk_letter:finished",
    ]
    wanted = select(AuditRecord).where(AuditRecord.entry_id.in_([one.id for one in entries]))
    records = db.session.scalars(wanted).all()
    assert {one.resource for one in records} == {"bulk_letter", "correspondence", "message"}
    told = str([one.changes for one in records])
    assert "GB" not in told
    assert "AC1" not in told


def test_deleted_restored_and_purged(three):
    run_id = plan(three)
    with pytest.raises(Stale):
        making.run(service.delete_run, actor("support"), run_id=run_id, version=99)
    db.session.rollback()
    making.run(service.delete_run, actor("support"), run_id=run_id)
    making.run(service.restore_run, actor("support"), run_id=run_id)
    go(run_id)
    making.run(service.delete_run, actor("support"), run_id=run_id)
    making.run(service.purge_run, run_id=run_id, reason="Asked for")
    run = db.session.get_one(BulkLetter, run_id)
    assert (run.subject, run.body, run.filters, run.account_numbers, run.created_by) == ("", "", {}, [], "")
    assert states(run_id) == {}
    assert len(letters()) == 3


def test_a_page_says_who_gets_none(three):
    run_id = plan(three)
    session, who = db.session(), actor("support")
    run = queries.run(session, who, run_id=run_id)

    def page(**given):
        asked = {"outcome": None, "state": None, "after": 0, **given}
        return outcomes.page(session, who, run, **asked, defaults=making.DEFAULTS)

    first, second, third = page().rows
    assert {one.reason for one in first.skipped} == {"bills_only", "type_not_selected"}
    assert second.skipped == ()
    assert [one.kept.customer_id for one in page(outcome="reaches_nobody").rows] == [3]
    assert [one.reason for one in third.skipped] == ["no_address"]
    with pytest.raises(Invalid):
        page(outcome="format_none")
