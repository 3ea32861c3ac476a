"""Internal notes never leave: a planted word is looked for at every door."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from app.core.errors import Forbidden, Invalid, NotFound
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.mailer.documents import source_of
from app.mailer.models import Message
from app.mailer.planning.choices import Again, Choices
from app.mailer.watching import metrics
from app.mailer.wording.template_kinds import TemplateKind
from app.tickets import queries
from app.tickets.service import Copies, send_update, send_update_again
from app.tickets.source import InternalNoteError, TicketUpdateSource
from tests.conftest import actor
from tests.core import making
from tests.tickets.making_tickets import MAIN, Desk, deliver, outcome, text_of

PLANTED = "Zinnobergeheimnis"
# A page shows what it was asked for: the beginning is asked for, the end is looked for.
BEGINNING, END = "Zinnober", "geheimnis"
ANN = "ann@acme.example"
EVERYWHERE = (
    "/tickets/show/{0}?tab=messages",
    "/messages/list/",
    "/tickets/list/?q={1}",
    "/search/?q={1}",
    "/audit/list/",
)


class Case:
    """A ticket with a planted note between two public updates."""

    def __init__(self):
        self.desk = Desk()
        self.desk.person(ANN)
        self.ticket = self.desk.ticket()
        self.note = self.desk.note(self.ticket, f"{PLANTED}: they owe us money.", actor("support"))
        self.desk.write(self.ticket, "A public answer.")

    def update(self):
        db.session.rollback()
        return queries.update(db.session(), actor(), update_id=self.note)


@pytest.fixture
def case(app):
    return Case()


def test_no_plan_reaches_anybody_whatever_is_typed_in(case):
    for choices in (Choices(), Choices(recipients=("x@y.example",)), Choices(untick=(ANN,))):
        copies = Copies(defaults=making.DEFAULTS, choices=choices)
        before = len(making.trail())
        done = making.run(send_update, update_id=case.note, copies=copies)
        assert outcome(done)[0] == []
        assert {reason for _, reason in outcome(done)[1]} == {"internal"}
        assert len(making.trail()) == before
    assert not [one for one in making.messages() if one.document_id == case.note]


def test_it_is_not_sent_again_either(case):
    again = Again(addresses=(MAIN,), reason="Please.")
    with pytest.raises(Invalid):
        making.run(send_update_again, update_id=case.note, again=again, defaults=making.DEFAULTS)


def test_a_message_about_it_that_should_not_be_there_is_held(app, case):
    """Even if a row of the outbox named it, its mail would not be made."""
    with making.unaudited(), unit_of_work(db.session) as work:
        message = work.query(Message).order_by(Message.id.desc()).first()
        message.document_id = case.note
    mails = deliver(app)
    assert PLANTED not in "".join(text_of(mail) for _, mail in mails)
    assert making.messages()[-1].state == "held"
    with pytest.raises(InternalNoteError):
        source_of("ticket_update").facts(db.session(), document_id=case.note, language="en")


def test_no_later_mail_quotes_it(app, case):
    case.desk.write(case.ticket, None, kind="closed")
    case.desk.write(case.ticket, "Open again.", kind="reopened")
    mails = deliver(app)
    assert len(mails) == 8
    for _, mail in mails:
        assert PLANTED not in mail.as_string()
        assert PLANTED not in text_of(mail)


def test_the_command_line_sends_none(app, case):
    number = case.update().number
    for words in (["--as", "support"], ["--as", "support", "--to", "x@y.example"], ["--as", "support", "--dry-run"]):
        done = app.test_cli_runner().invoke(args=["send", "ticket", number, *words])
        assert done.exit_code == 0, done.output
        assert "queued" not in done.output
        assert PLANTED not in done.output
    done = app.test_cli_runner().invoke(
        args=["send-again", "ticket", number, "--as", "support", "--to", MAIN, "--reason", "x"]
    )
    assert done.exit_code != 0
    assert not [one for one in making.messages() if one.document_id == case.note]


def test_only_the_conversation_shows_it(case, login):
    """Staff read it where it was written; no list, search, message, trail or export has a word of it."""
    page = login("support")
    assert PLANTED in page.get(f"/tickets/show/{case.ticket}").text
    assert PLANTED in page.get(f"/tickets/{case.ticket}/answer").text
    paths = [path.format(case.ticket, BEGINNING) for path in EVERYWHERE]
    paths += [
        f"/messages/show/{one.id}?tab={tab}"
        for one in making.messages()
        for tab in ("why", "mail", "attempts", "history")
    ]
    paths += [f"/customers/show/{case.desk.customer}?tab={tab}" for tab in ("tickets", "messages", "history")]
    paths += [f"/tickets/show/{case.ticket}?tab=history", f"/ticket-updates/{case.note}/send"]
    for path in paths:
        answer = page.get(path)
        assert answer.status_code == 200, path
        assert END not in answer.text, path
    for path in ("tickets", "messages"):
        for form in ("csv", "xlsx"):
            answer = page.get(f"/{path}/export?format={form}")
            assert answer.status_code == 200, path
            assert PLANTED.encode() not in answer.data


def test_the_search_does_not_know_its_words(case):
    assert db.session.scalars(queries.tickets(actor()).where(queries.matching(PLANTED))).all() == []


def test_rest_gives_it_to_those_alone_who_may_read_the_ticket(case, api):
    making.dealers("NORTH")
    support, north = api("support"), api("north_support")
    assert PLANTED in support("get", f"/api/v1/ticket/{case.ticket}/updates").text
    for path in (
        f"ticket/{case.ticket}",
        f"ticket/{case.ticket}/updates",
        f"ticket/{case.ticket}/updates/{case.note}/plan",
    ):
        assert north("get", f"/api/v1/{path}").status_code == 404
    for path in (
        "ticket/",
        f"ticket/{case.ticket}",
        "message/",
        "audit/",
        f"ticket/{case.ticket}/updates/{case.note}/plan",
    ):
        assert PLANTED not in support("get", f"/api/v1/{path}").text
    plan = support("get", f"/api/v1/ticket/{case.ticket}/updates/{case.note}/plan").json["result"]
    assert (plan["messages"], {one["reason"] for one in plan["skipped"]}) == ([], {"internal"})


def test_nobody_without_a_right_reads_an_update(case):
    with pytest.raises(NotFound):
        queries.update(db.session(), actor("north_support"), update_id=case.note)
    with pytest.raises(Forbidden):
        queries.update(db.session(), replace(actor(), roles=frozenset()), update_id=case.note)


def test_no_preview_of_a_template_offers_it(case):
    offered = TicketUpdateSource().latest(db.session(), actor(), template=TemplateKind.TICKET_UPDATE, limit=50)
    assert case.note not in [number for number, _ in offered]
    assert len(list(offered)) == 2


def test_neither_trail_nor_log_nor_metrics_hold_it(app, case, logged, api, login, monkeypatch):
    logged()
    note = {"body": f"{PLANTED} again", "internal": True}
    assert api("support")("post", f"/api/v1/ticket/{case.ticket}/updates", json=note).status_code == 201
    form = {"body": f"{PLANTED} once more", "version": "", "action": "send"}
    assert login("support").post(f"/tickets/{case.ticket}/note", data=form).status_code == 302
    deliver(app)
    assert PLANTED not in logged()
    told = json.dumps(
        [[one.verb, one.reason, *[(two.label, two.changes) for two in one.touched]] for one in making.trail()]
    )
    assert PLANTED not in told
    monkeypatch.setattr(metrics, "KEEP_SECONDS", 0.0)
    assert PLANTED not in login().get("/metrics").text
