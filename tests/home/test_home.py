"""The landing page by role, and what a monitor is told."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from app.contacts.service import delete_contact
from app.core import clock
from app.core.unit_of_work import unit_of_work
from app.customers.service import delete_customer, update_customer
from app.extensions import db
from app.home import queries
from app.invoices.service import approve_invoice
from app.mailer.delivery import sending as delivery
from app.mailer.delivery.lanes import close_lane
from tests.conftest import actor
from tests.core import making


@pytest.fixture
def held(app, monkeypatch):
    """Send an invoice of which one copy is held, for a usage report that can't be made."""
    making.no_usage_reports(monkeypatch)
    customer_id = making.billed(invoice_usage_report=making.lookup("usage_report_profile", "By number"))
    making.send(making.invoice(customer_id))
    return customer_id


def labels(name: str) -> dict[str, int]:
    figures = [*queries.figures(db.session(), actor(name)), *queries.needs_a_hand(db.session(), actor(name))]
    return {figure.label: figure.count for figure in figures}


def test_finance_sees_what_is_held(held):
    assert labels("finance")["Copies that are held"] == 1


def test_support_sees_nothing_of_invoices(held):
    assert set(labels("support")) == {"Customers", "Contacts", "My open tickets", "Copies sent"}


def test_a_dealers_staff_see_their_own_figures(held):
    assert labels("north_finance")["Customers"] == 0
    assert "Copies that are held" not in labels("north_finance")


@pytest.mark.parametrize("name", ["admin", "finance", "support", "auditor"])
def test_each_figure_leads_to_a_list_of_as_many(held, login, name):
    browser = login(name)
    page = browser.get("/").text
    for figure in queries.figures(db.session(), actor(name)):
        assert figure.url.replace("&", "&amp;") in page
        assert browser.get(figure.url).status_code == 200


def test_the_drafts_lead_to_drafts_alone(held, login):
    making.invoice(held)
    making.invoice(making.billed("OPEN-1"))
    making.send(making.invoice(making.billed("SENT-2", last_name="Draft")))
    (figure,) = [one for one in queries.figures(db.session(), actor("finance")) if one.label == "Draft invoices"]
    page = login("finance").get(figure.url).text
    assert figure.count == 2
    assert "2 rows" in page
    assert "SENT-2" not in page


@pytest.mark.usefixtures("app")
class TestReachesNobody:
    LABEL = "Invoices that reach nobody"

    @pytest.fixture
    def unreached(self):
        """Make an approved invoice for nobody, a draft for nobody, one with a way, and one whose only copy was lost."""
        making.dealers("NORTH", "SOUTH")
        silent = making.customer("NONE", dealer_code="SOUTH")
        approved = making.invoice(silent)
        making.run(approve_invoice, invoice_id=approved)
        suppressed = making.invoice(making.billed("SUPP", "gone@x.example, Gone@BÜCHER.example", dealer_code="NORTH"))
        making.suppress("gone@x.example")
        making.suppress("gone@xn--bcher-kva.example")
        making.invoice(making.billed("GOOD", "good@x.example"))
        with_contact = making.customer("LOST")
        contact = making.contact(with_contact, email="only@x.example", email_bill_type="short")
        lost = making.invoice(with_contact)
        making.send(lost)
        assert labels("finance")[self.LABEL] == 2
        making.run(delete_contact, contact_id=contact)
        deleted = making.customer("GONE")
        making.invoice(deleted)
        making.run(delete_customer, customer_id=deleted)
        return {approved, suppressed, lost}

    def test_it_counts_those_that_nobody_has_or_would_get(self, unreached, login):
        assert labels("finance")[self.LABEL] == labels("auditor")[self.LABEL] == len(unreached)
        browser = login("finance")
        page = browser.get("/").text
        assert "/invoices/list/?reaches_nobody=yes" in page
        listed = browser.get("/invoices/list/?reaches_nobody=yes").text
        shown = {int(one) for one in re.findall(r'class="row-link" href="/invoices/show/(\d+)"', listed)}
        assert shown == unreached
        assert "Reaches nobody" in listed

    def test_the_plan_of_each_says_the_same(self, unreached, api):
        program = api("auditor")
        for invoice in program("get", "/api/v1/invoice/").json["ids"]:
            plan = program("get", f"/api/v1/invoice/{invoice}/plan").json["result"]
            assert plan["reaches_nobody"] is (invoice in unreached)

    @pytest.mark.usefixtures("app", "unreached")
    def test_in_the_dealers_sight_and_not_for_support(self):
        assert labels("north_finance")[self.LABEL] == 1
        assert self.LABEL not in labels("support")

    def test_nothing_is_shown_where_each_reaches_somebody(self, login):
        making.invoice(making.billed())
        assert self.LABEL not in labels("finance")
        assert self.LABEL not in login("finance").get("/").text

    def test_the_addresses_follow_the_customer(self):
        customer_id = making.billed(email="a@x.example, b@x.example")
        making.invoice(customer_id)
        making.suppress("a@x.example")
        assert self.LABEL not in labels("finance")
        making.run(update_customer, customer_id=customer_id, values={"email": "A@x.example"})
        assert labels("finance")[self.LABEL] == 1
        making.run(update_customer, customer_id=customer_id, values={"email": "c@x.example", "first_name": "Ann"})
        assert self.LABEL not in labels("finance")
        making.run(update_customer, customer_id=customer_id, values={"email": None})
        assert labels("finance")[self.LABEL] == 1


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

    @pytest.mark.parametrize(("ago", "well"), [(5, "ok"), (60, "ok"), (180, "failing")])
    def test_what_waits_for_the_mail_server_is_named_once_nobody_tries_it_again(self, app, ago, well):
        with clock.frozen(clock.now() - timedelta(minutes=30)):
            making.send(making.invoice(making.billed()))
        with clock.frozen(clock.now() - timedelta(seconds=ago)), unit_of_work(db.session) as work:
            assert close_lane(work, "No connection") == clock.now() + timedelta(seconds=15)
        delivery.beat(db.session, worker="embedded")
        assert self.ask(app)[1]["outbox"] == well

    def test_a_database_without_tables_is_named(self, app):
        db.session.remove()
        with db.engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE worker_heartbeat")
        status, body = self.ask(app)
        assert (status, body["worker"]) == (503, "failing")
