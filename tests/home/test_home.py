"""The landing page by role, and what a monitor is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.core import clock
from app.extensions import db
from app.home import queries
from app.mailer.delivery import sending as delivery
from tests.conftest import actor
from tests.core import making


@pytest.fixture
def held(app):
    """Send an invoice of which one copy is held, for a format that can't be made."""
    customer_id = making.billed(email_bill_type="full")
    making.send(making.invoice(customer_id))
    return customer_id


def labels(name: str) -> dict[str, int]:
    figures = [*queries.figures(db.session(), actor(name)), *queries.needs_a_hand(db.session(), actor(name))]
    return {figure.label: figure.count for figure in figures}


def test_finance_sees_what_is_held(held):
    assert labels("finance")["Copies that are held"] == 1


def test_support_sees_nothing_of_invoices(held):
    assert set(labels("support")) == {"Customers", "Contacts", "Copies sent"}


def test_a_dealers_staff_see_their_own_figures(held):
    assert labels("north_finance")["Customers"] == 0
    assert "Copies that are held" not in labels("north_finance")


@pytest.mark.parametrize("name", ["admin", "finance", "support", "auditor"])
def test_each_figure_leads_to_a_list_of_as_many(held, login, name):
    browser = login(name)
    page = browser.get("/").text
    for figure in queries.figures(db.session(), actor(name)):
        assert figure.url in page
        assert browser.get(figure.url).status_code == 200


def test_without_a_login_it_leads_there(app):
    answer = app.test_client().get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/login/")


class TestHealth:
    def ask(self, app):
        answer = app.test_client().get("/health")
        return answer.status_code, answer.json

    def test_all_is_well_while_a_worker_beats(self, app):
        delivery.beat(db.session, worker="embedded")
        assert self.ask(app) == (200, {"status": "ok", "database": "ok", "worker": "ok", "outbox": "ok"})

    def test_a_worker_that_is_silent_is_named(self, app):
        with clock.frozen(clock.now() - timedelta(minutes=5)):
            delivery.beat(db.session, worker="embedded")
        assert self.ask(app) == (503, {"status": "failing", "database": "ok", "worker": "failing", "outbox": "ok"})

    def test_a_message_that_nobody_takes_is_named(self, app):
        with clock.frozen(clock.now() - timedelta(minutes=3)):
            making.send(making.invoice(making.billed()))
        delivery.beat(db.session, worker="embedded")
        assert self.ask(app) == (503, {"status": "failing", "database": "ok", "worker": "ok", "outbox": "failing"})

    def test_a_database_without_tables_is_named(self, app):
        db.session.remove()
        with db.engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE worker_heartbeat")
        status, body = self.ask(app)
        assert (status, body["worker"]) == (503, "failing")
