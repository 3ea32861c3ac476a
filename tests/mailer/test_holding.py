"""What goes along with a copy and can't be made yet holds it, and nothing leaves without it."""

from __future__ import annotations

import email
import threading
from email.policy import default as mail_policy

import pytest

from app.core.errors import Conflict
from app.extensions import db
from app.invoices.source import InvoiceSource
from app.mailer import jobs, service
from app.mailer.delivery import loop as worker
from app.mailer.delivery import recovery
from app.mailer.delivery import sending as delivery
from app.mailer.models import Rendition
from app.mailer.smtp.connection import connect
from app.mailer.views import _may_retry
from tests.core import making
from tests.mailer.smtp_servers import Server, running


@pytest.fixture
def server():
    return Server()


def drain(app, port, **more):
    state = app.extensions["mail"]
    state.server, state.port = "127.0.0.1", port
    with connect(app) as connection:
        return delivery.drain(db.session, connection, worker="test", sender=None, stop=threading.Event(), **more)


def with_report(**values):
    """Send an invoice that a usage report goes along with; return the profile's id."""
    profile = making.lookup("usage_report_profile", "By number")
    making.send(making.invoice(making.billed(invoice_usage_report=profile, **values)))
    return profile


@pytest.mark.usefixtures("app")
def test_a_usage_report_that_cannot_be_made_holds_the_message(monkeypatch):
    making.no_usage_reports(monkeypatch)
    with_report()
    (held,) = making.messages()
    assert (held.state, held.held_code, held.next_attempt_at) == ("held", "usage_report_missing", None)
    assert held.held_because == "The usage report that goes along can't be made yet."
    recovery.sweep(db.session, resend=True)
    assert making.messages()[0].state == "held"
    with pytest.raises(Conflict, match="usage report"):
        making.run(service.retry_message, message_id=held.id)


def test_it_is_released_once_the_report_can_be_made_and_takes_it_along(app, server, monkeypatch):
    with monkeypatch.context() as patch:
        making.no_usage_reports(patch)
        with_report()
        recovery.sweep(db.session, resend=True)
    assert making.messages()[0].state == "held"
    recovery.sweep(db.session, resend=True)
    assert making.messages()[0].state == "queued"
    with running(server) as port:
        drain(app, port)
    mail = email.message_from_bytes(server.mails[0][2], policy=mail_policy)
    assert [one.get_filename() for one in mail.iter_attachments()] == ["AC1-1.pdf", "AC1-1-usage-by-number.csv"]


@pytest.mark.usefixtures("app")
def test_a_format_alone_releases_nothing_while_the_report_is_missing(monkeypatch):
    monkeypatch.setattr(InvoiceSource, "formats", lambda _: frozenset({"short"}))
    with monkeypatch.context() as patch:
        making.no_usage_reports(patch)
        with_report(email_bill_type="long")
        assert making.messages()[0].held_code == "format_missing"
        patch.setattr(InvoiceSource, "formats", lambda _: frozenset({"short", "long"}))
        recovery.sweep(db.session, resend=True)
        assert making.messages()[0].state == "held"
    monkeypatch.setattr(InvoiceSource, "formats", lambda _: frozenset({"short", "long"}))
    recovery.sweep(db.session, resend=True)
    assert making.messages()[0].state == "queued"


def test_nothing_leaves_without_a_report_that_can_no_longer_be_made(app, server, monkeypatch):
    assert with_report() == 1
    making.no_usage_reports(monkeypatch)
    assert making.messages()[0].state == "queued"
    with running(server) as port:
        drain(app, port)
    assert (making.messages()[0].held_code, server.mails) == ("rendering_failed", [])


@pytest.mark.usefixtures("app")
def test_a_retry_is_offered_where_it_can_help(monkeypatch):
    making.no_usage_reports(monkeypatch)
    with_report()
    message = making.messages()[0]
    assert not _may_retry(message)
    message.held_code = "rendering_failed"
    assert _may_retry(message)
    db.session.rollback()


def test_who_comes_later_gets_the_very_rendition_of_the_first(app, server):
    customer_id = making.billed()
    invoice_id = making.invoice(customer_id)
    making.send(invoice_id)
    with running(server) as port:
        drain(app, port)
        making.contact(customer_id, email="late@acme.example", email_bill_type="short")
        making.send(invoice_id)
        drain(app, port)
    first, late = making.messages()
    assert first.document_version == late.document_version
    assert (late.state, db.session.query(Rendition).count()) == ("sent", 1)


@pytest.mark.parametrize(
    ("portion", "tried"),
    [(delivery.Portion(messages=2), 2), (delivery.Portion(seconds=0.0), 0), (delivery.Portion(), 3), (None, 3)],
)
def test_a_long_backlog_is_sent_in_portions(app, server, portion, tried):
    making.send(making.invoice(making.billed(email="a@acme.example, b@acme.example, c@acme.example")))
    with running(server) as port:
        assert drain(app, port, portion=portion) == tried
    assert len(server.mails) == tried


def test_the_worker_beats_between_portions(app, server, monkeypatch):
    making.send(making.invoice(making.billed(email="a@acme.example, b@acme.example, c@acme.example")))
    monkeypatch.setattr(delivery, "Portion", lambda: FEW)
    rounds = []

    def run(round_, **_):
        while count := round_(threading.Event()):
            rounds.append(count)
        return sum(rounds)

    monkeypatch.setattr(worker, "run", run)
    state = app.extensions["mail"]
    with running(server) as port:
        state.server, state.port = "127.0.0.1", port
        assert jobs.run_worker(app) == 3
    assert rounds == [2, 1]


FEW = delivery.Portion(messages=2)
