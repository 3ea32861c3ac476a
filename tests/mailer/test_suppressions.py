"""Suppressed addresses: what suppressing takes away, what lifting gives back, who may, and where it shows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from app.contacts.models import Contact
from app.contacts.service import add_shared_contact, delete_contact, purge_contact, update_contact
from app.core import audit, clock, purging
from app.core.audit import Verb
from app.core.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from app.core.unit_of_work import unit_of_work
from app.customers.service import delete_customer, purge_customer
from app.extensions import db
from app.home import queries as home
from app.invoices.service import send_invoice_again
from app.mailer.models import Message
from app.mailer.planning.choices import Again
from app.mailer.suppressions import queries, service
from app.mailer.suppressions.models import Suppression
from app.mailer.suppressions.rules import SuppressionKind
from tests.conftest import actor
from tests.core import making

OWN, ANN = "bills@acme.example", "ann@acme.example"
GIVEN = {"address": ANN, "reason": "Asked by phone to get no more."}


@pytest.fixture(autouse=True)
def house(app):
    """Return a customer and its contact, who both get bills."""
    customer_id = making.billed(email=OWN)
    return customer_id, making.contact(customer_id, email=ANN, email_bill_type="short")


def bounced(address=ANN, who=None, **given):
    """Suppress an address as a bounce does: one entry names the message and the suppression."""
    given = {"kind": SuppressionKind.HARD_BOUNCE, "reason": "No such user.", **given}
    with unit_of_work(db.session) as work:
        row, touched = service.suppress(work, who or actor(), address=address, **given)
        if touched:
            audit.record(work, actor(), verb=Verb.MESSAGE_BOUNCED, touched=touched)
        return row.id, touched


def add(who=None, **given):
    return making.run(service.add_suppression, who, values={**GIVEN, **given}).id


def lift(number, who=None, reason="The mailbox works again.", **given):
    return making.run(service.lift_suppression, who, suppression_id=number, reason=reason, **given)


def living():
    db.session.rollback()
    return [one.address for one in db.session.query(Suppression).filter_by(deleted_at=None)]


class TestSuppressing:
    def test_what_waits_for_the_address_alone_is_cancelled_in_the_same_entry(self, house):
        making.send(making.invoice(house[0]))
        number, touched = bounced("ANN@Acme.example", diagnostic="550 5.1.1 unknown", message_id=1)
        assert making.states() == {OWN: "queued", ANN: "cancelled"}
        assert [one.resource for one in touched] == ["suppression", "message"]
        assert making.last_entry() == ("message:bounced", [("suppression", number), ("message", touched[1].record_id)])
        row = db.session.get(Suppression, number)
        assert (row.address, row.address_normalised, row.kind) == ("ANN@Acme.example", ANN, "hard_bounce")
        assert (row.message_id, row.diagnostic) == (1, "550 5.1.1 unknown")

    def test_one_that_is_suppressed_already_is_returned_as_it_is(self):
        number = add()
        assert bounced(f" {ANN.upper()}") == (number, [])
        assert db.session.get(Suppression, number).kind == "by_hand"
        assert living() == [ANN]

    def test_several_at_once_make_one(self, app):
        found = making.at_once(app, [lambda: bounced()[0] for _ in range(4)])
        assert len(set(found)) == 1, found
        assert living() == [ANN]

    def test_the_database_has_one_living_row_for_each_address(self):
        making.suppress(ANN)
        db.session.add(Suppression(address=ANN, address_normalised=ANN, reason="Again."))
        with pytest.raises(IntegrityError):
            db.session.flush()
        db.session.rollback()

    def test_by_hand_it_is_one_entry_of_its_own(self, house):
        making.send(making.invoice(house[0]))
        number = add()
        verb, touched = making.last_entry()
        assert (verb, touched[0]) == ("suppression:added", ("suppression", number))
        assert [one[0] for one in touched] == ["suppression", "message"]

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"address": "ann"}, "address"),
            ({"address": ""}, "address"),
            ({"address": None}, "address"),
            ({"address": f"{ANN}, {OWN}"}, "address"),
            ({"reason": " "}, "reason"),
            ({"reason": "x" * 501}, "reason"),
            ({"reason": 7}, "reason"),
            ({"kind": "hard_bounce"}, "kind"),
        ],
    )
    def test_what_is_wrong_is_refused_at_its_field(self, given, field):
        with pytest.raises(Invalid) as refusal:
            add(**given)
        assert set(refusal.value.errors) == {field}
        assert living() == []

    def test_twice_by_hand_is_a_duplicate(self):
        add()
        with pytest.raises(Conflict) as refusal:
            add(address="Ann@ACME.example")
        assert (refusal.value.code, set(refusal.value.errors)) == ("duplicate", {"address"})

    @pytest.mark.parametrize("name", ["finance", "support", "auditor"])
    def test_administrators_alone_suppress_by_hand(self, name):
        with pytest.raises(Forbidden):
            add(actor(name))


class TestLifting:
    @pytest.mark.parametrize("name", ["admin", "finance", "support"])
    def test_the_next_plan_has_the_address_again(self, house, name):
        invoice_id = making.invoice(house[0])
        number, _ = bounced()
        plan = making.send(invoice_id)
        assert [one.address for one in plan.messages] == [OWN]
        [skip] = [one for one in plan.skipped if one.address == ANN]
        assert (skip.reason, skip.detail) == ("suppressed", "No such user.")
        lift(number, actor(name))
        entry = making.trail()[-1]
        assert (entry.verb, entry.reason) == ("suppression:lifted", "The mailbox works again.")
        assert [one.address for one in making.send(invoice_id).messages] == [ANN]
        assert making.states() == {OWN: "queued", ANN: "queued"}

    def test_what_was_cancelled_meanwhile_leaves_when_it_is_sent_once_more(self, house):
        invoice_id = making.invoice(house[0])
        making.send(invoice_id)
        number, _ = bounced()
        lift(number)
        assert making.states()[ANN] == "cancelled"
        making.send(invoice_id)
        assert making.states() == {OWN: "queued", ANN: "queued"}

    def test_a_copy_that_came_back_can_be_sent_again(self, house):
        invoice_id = making.invoice(house[0])
        making.send(invoice_id)
        with making.unaudited(), unit_of_work(db.session) as work:
            for message in work.query(Message).filter_by(address=ANN):
                message.state = "sending"
                work.flush()
                message.state = "sent"
                work.flush()
                message.state = "bounced"
        number, _ = bounced()
        chosen = Again.checked(addresses=[ANN], reason="It works again.")
        given = {"invoice_id": invoice_id, "again": chosen, "defaults": making.DEFAULTS}
        with pytest.raises(Invalid):
            making.run(send_invoice_again, **given)
        lift(number)
        making.run(send_invoice_again, **given)
        assert [(one.revision, one.state) for one in making.messages() if one.address == ANN] == [
            (0, "bounced"),
            (1, "queued"),
        ]

    @pytest.mark.parametrize("reason", ["", "  ", None, 3, ["x"], "x" * 501, "a\x00b"])
    def test_it_asks_for_a_reason(self, reason):
        number = add()
        with pytest.raises(Invalid) as refusal:
            lift(number, reason=reason)
        assert set(refusal.value.errors) == {"reason"}
        assert living() == [ANN]

    def test_a_lifted_one_is_not_there_and_an_old_version_is_stale(self):
        number = add()
        with pytest.raises(Stale):
            lift(number, version=9)
        lift(number, version=1)
        with pytest.raises(NotFound):
            lift(number)

    def test_an_auditor_lifts_nothing(self):
        number = add()
        with pytest.raises(Forbidden):
            lift(number, actor("auditor"))

    def test_restoring_suppresses_as_before_and_cancels_what_waits(self, house):
        number = add()
        lift(number)
        making.send(making.invoice(house[0]))
        making.run(service.restore_suppression, suppression_id=number)
        assert living() == [ANN]
        assert making.states()[ANN] == "cancelled"
        verb, touched = making.last_entry()
        assert (verb, [one[0] for one in touched]) == ("suppression:restored", ["suppression", "message"])

    def test_restoring_is_refused_where_it_was_suppressed_anew_and_to_those_who_may_not(self):
        number = add()
        with pytest.raises(Conflict) as refusal:
            making.run(service.restore_suppression, suppression_id=number)
        assert refusal.value.code == "not_deleted"
        lift(number)
        add()
        with pytest.raises(Conflict) as refusal:
            making.run(service.restore_suppression, suppression_id=number)
        assert refusal.value.code == "duplicate"
        with pytest.raises(Forbidden):
            making.run(service.restore_suppression, actor("finance"), suppression_id=number)


class TestSight:
    def test_a_dealers_staff_see_and_lift_what_stands_at_their_customers_and_contacts_alone(self):
        making.dealers("NORTH", "SOUTH")
        north = making.billed("N1", "north@x.example, both@x.example", dealer_code="NORTH")
        making.billed("S1", "south@x.example, both@x.example", dealer_code="SOUTH")
        shared = making.contact(email="Shared@x.example")
        making.run(add_shared_contact, customer_id=north, contact_id=shared)
        addresses = ("north@x.example", "both@x.example", "south@x.example", "shared@x.example", "nobody@x.example")
        ids = {address: add(address=address) for address in addresses}
        for name in ("north_finance", "north_support"):
            who = actor(name)
            seen = {one.address for one in db.session.scalars(queries.suppressions(who))}
            assert seen == {"north@x.example", "both@x.example", "shared@x.example"}
            for address in ("south@x.example", "nobody@x.example"):
                with pytest.raises(NotFound):
                    lift(ids[address], who)
                with pytest.raises(NotFound):
                    queries.suppression(db.session(), who, suppression_id=ids[address])
        lift(ids["both@x.example"], actor("north_support"))

    def test_home_counts_bounces_in_sight(self):
        add(address="asked@x.example")
        assert "Addresses that bounced" not in _labels("support")
        bounced()
        bounced(OWN, kind=SuppressionKind.SOFT_BOUNCES)
        assert _labels("support")["Addresses that bounced"] == 2
        assert "Addresses that bounced" not in _labels("north_support")


def _labels(name):
    return {one.label: one.count for one in home.needs_a_hand(db.session(), actor(name))}


class TestPurging:
    def test_a_lifted_one_is_wiped_for_good(self):
        number = add()
        with pytest.raises(Conflict):
            making.run(service.purge_suppression, suppression_id=number, reason="Asked.")
        lift(number)
        making.run(service.purge_suppression, suppression_id=number, reason="Asked.")
        row = db.session.get(Suppression, number)
        assert (row.address, row.reason, row.diagnostic) == ("(purged)", "", None)
        assert making.trail()[-1].touched[0].label == f"suppression {number}"
        with pytest.raises(NotFound):
            making.run(service.restore_suppression, suppression_id=number)

    def test_with_a_contact_go_the_lifted_ones_of_its_addresses_former_ones_too(self, house):
        numbers = [bounced()[0], bounced("new@acme.example")[0]]
        making.run(update_contact, contact_id=house[1], values={"email": "new@acme.example"})
        for number in numbers:
            lift(number)
        making.run(delete_contact, contact_id=house[1])
        record = db.session.get(Contact, house[1])
        assert "2 lifted suppressions: addresses" in purging.preview(db.session(), actor(), record=record)
        making.run(purge_contact, contact_id=house[1], reason="Asked.")
        assert [db.session.get(Suppression, one).address for one in numbers] == ["(purged)", "(purged)"]
        assert ("suppression", numbers[0]) in making.last_entry()[1]

    def test_one_that_stands_stays_and_so_does_an_address_that_somebody_else_has(self, house):
        lifted, _ = bounced()
        lift(lifted)
        making.contact(last_name="Else", email=ANN)
        standing, _ = bounced(OWN)
        making.run(delete_customer, customer_id=house[0])
        making.run(purge_customer, customer_id=house[0], reason="Asked.")
        assert [db.session.get(Suppression, one).address for one in (lifted, standing)] == [ANN, OWN]
        assert living() == [OWN]

    def test_with_a_customer_go_those_of_its_addresses_and_its_contacts(self, house):
        numbers = [bounced()[0], bounced(OWN)[0]]
        for number in numbers:
            lift(number)
        making.run(delete_customer, customer_id=house[0])
        making.run(purge_customer, customer_id=house[0], reason="Asked.")
        assert [db.session.get(Suppression, one).address for one in numbers] == ["(purged)", "(purged)"]


class TestScreens:
    def test_finance_lifts_with_a_reason(self, house, login):
        number, _ = bounced(diagnostic="550 5.1.1 unknown")
        browser = login("finance")
        listed = browser.get("/suppressions/list/?bounced=yes&kind=hard_bounce&q=acme").text
        assert ANN in listed
        assert "/suppressions/add" not in listed
        page = browser.get(f"/suppressions/show/{number}").text
        for part in ("550 5.1.1 unknown", "No such user.", f"/contacts/show/{house[1]}", "History", f"/{number}/lift"):
            assert part in page
        empty = browser.post(f"/suppressions/{number}/lift", data={"version": 1, "reason": " "})
        assert empty.status_code == 422
        assert "Say why this address is to get mail again." in empty.text
        assert living() == [ANN]
        done = browser.post(
            f"/suppressions/{number}/lift", data={"version": 1, "reason": "Works."}, follow_redirects=True
        )
        assert "gets mail again" in done.text
        assert "Undo" not in done.text
        assert living() == []

    def test_an_administrator_suppresses_and_can_undo_lifting(self, login):
        browser = login("admin")
        wrong = browser.post("/suppressions/add", data={"address": "ann", "reason": "Asked."})
        assert wrong.status_code == 422
        assert "needs an @-sign" in wrong.text
        assert browser.post("/suppressions/add", data=GIVEN).status_code == 302
        db.session.rollback()
        [number] = [one.id for one in db.session.query(Suppression)]
        page = browser.post(f"/suppressions/{number}/lift", data={"reason": "Works."}, follow_redirects=True).text
        act = making.trail()[-1].id
        assert f"/trash/suppression/{number}/restore" in page
        assert browser.post(f"/trash/suppression/{number}/restore", data={"act": act}).status_code == 302
        assert living() == [ANN]

    @pytest.mark.parametrize(("name", "add_page", "lift_page"), [("auditor", 403, 403), ("support", 403, 200)])
    def test_pages_are_for_those_who_may(self, login, name, add_page, lift_page):
        number = add()
        browser = login(name)
        assert browser.get(f"/suppressions/show/{number}").status_code == 200
        assert browser.get("/suppressions/add").status_code == add_page
        assert browser.get(f"/suppressions/{number}/lift").status_code == lift_page

    def test_the_pages_of_contact_and_customer_mark_the_address(self, house, login):
        before = login("support").get(f"/contacts/show/{house[1]}").text
        assert "No such user." not in before
        ann, own = bounced()[0], bounced(OWN, reason="Mailbox <full>.")[0]
        contact = login("support").get(f"/contacts/show/{house[1]}").text
        for part in ("No such user.", f"/suppressions/show/{ann}", "Suppressed", "since"):
            assert part in contact
        customer = login("support").get(f"/customers/show/{house[0]}").text
        assert f"/suppressions/show/{own}" in customer
        assert "Mailbox &lt;full&gt;." in customer
        assert f"/suppressions/show/{ann}" not in customer

    def test_receives_and_the_plan_say_so(self, house, login):
        bounced()
        invoice_id = making.invoice(house[0])
        receives = login("finance").get(f"/contacts/{house[1]}/receives").text
        assert "The address is suppressed." in receives
        assert "No such user." in receives
        plan = login("finance").get(f"/invoices/{invoice_id}/send").text
        assert "No such user." in plan

    def test_the_list_is_filtered_by_days_of_the_zone(self, login):
        with clock.frozen(clock.now().replace(year=2026, month=7, day=1, hour=23, minute=30)):
            add()
        browser = login("auditor")
        # It is the second of July in London by then.
        found = {
            day: ANN in browser.get(f"/suppressions/list/?created_at_from={day}&created_at_to={day}").text
            for day in ("2026-07-01", "2026-07-02", "2026-07-03")
        }
        assert found == {"2026-07-01": False, "2026-07-02": True, "2026-07-03": False}


class TestRest:
    def test_the_letter_of_the_page(self, api):
        call = api("admin")
        made = call("post", "/api/v1/suppression/", json=GIVEN)
        assert made.status_code == 201
        number = made.json["id"]
        assert made.json["result"].items() >= {**GIVEN, "kind": "by_hand", "message_id": None, "version": 1}.items()
        again = call("post", "/api/v1/suppression/", json=GIVEN)
        assert (again.status_code, again.json["code"], set(again.json["errors"])) == (409, "duplicate", {"address"})
        finance = api("finance")
        listed = finance("get", "/api/v1/suppression/?q=(filters:!((col:kind,opr:eq,value:by_hand)))")
        assert (listed.status_code, listed.json["ids"]) == (200, [number])
        lifted = finance("post", f"/api/v1/suppression/{number}/lift", json={"reason": "Works.", "version": 1})
        assert (lifted.status_code, lifted.json["id"]) == (200, number)
        assert lifted.json["result"]["deleted_at"] is not None
        assert finance("get", f"/api/v1/suppression/{number}").status_code == 404
        assert making.trail()[-1].reason == "Works."

    @pytest.mark.parametrize(
        ("name", "body", "status"),
        [
            ("support", {}, 422),
            ("support", {"reason": ""}, 422),
            ("support", {"reason": "x", "because": "y"}, 422),
            ("support", {"reason": "x", "version": 7}, 412),
            ("auditor", {"reason": "x"}, 403),
            ("north_support", {"reason": "x"}, 404),
            ("support", {"reason": "x"}, 200),
        ],
    )
    def test_lifting_answers(self, api, name, body, status):
        number = add()
        assert api(name)("post", f"/api/v1/suppression/{number}/lift", json=body).status_code == status

    def test_nobody_changes_or_deletes_one_and_support_adds_none(self, api):
        number = add()
        path = f"/api/v1/suppression/{number}"
        assert api("admin")("put", path, json={"version": 1}).status_code == 405
        assert api("admin")("delete", path).status_code == 405
        assert api("support")("post", "/api/v1/suppression/", json=GIVEN).status_code == 403


def test_the_moment_that_is_shown_is_the_one_of_suppressing(house):
    with clock.frozen(clock.now() - timedelta(days=3)):
        number = add()
    assert db.session.get(Suppression, number).created_at < clock.now() - timedelta(days=2)
