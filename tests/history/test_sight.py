"""Who reads which part of the trail: by role, by dealer, and what is deleted; mixed entries show what is in sight."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from app.contacts import service as contacts
from app.contacts.models import Contact
from app.core import audit, clock
from app.core.actor import Actor, Door
from app.core.audit import Touch, Verb
from app.core.errors import Forbidden, NotFound
from app.core.models import AuditEntry, AuditRecord
from app.core.unit_of_work import unit_of_work
from app.customers import service as customers
from app.extensions import db
from app.history import queries
from app.history.queries import Wanted
from app.invoices import service as invoices
from tests.conftest import actor
from tests.core import making


@pytest.fixture
def house(app):
    """Two dealers, each with a customer, a direct and a linked contact, and a sent invoice; the trail tells of all."""
    making.dealers("NORTH", "SOUTH")
    made = SimpleNamespace()
    for name, code in (("ours", "NORTH"), ("theirs", "SOUTH")):
        one = SimpleNamespace(customer=making.billed(name.upper(), f"{name}@x.example", dealer_code=code))
        one.direct = making.contact(one.customer, last_name=f"Direct {name}")
        one.linked = making.contact(last_name=f"Linked {name}")
        making.run(contacts.add_shared_contact, customer_id=one.customer, contact_id=one.linked)
        one.invoice = making.invoice(one.customer)
        making.send(one.invoice)
        setattr(made, name, one)
    return made


def seen(name: str, **wanted) -> list[queries.SeenEntry]:
    db.session.rollback()
    found: list[queries.SeenEntry] = []
    after = None
    while True:
        page = queries.trail(db.session(), actor(name), Wanted(**wanted), after=after)
        found += page.entries
        if page.next is None:
            return found
        after = page.next


def verbs(name: str) -> set[str]:
    return {one.entry.verb for one in seen(name)}


def resources(name: str) -> set[str]:
    return {record.resource for one in seen(name) for record in one.records}


def about(name: str, resource: str, record_id: int) -> list[str]:
    return [one.entry.verb for one in seen(name, record=(resource, record_id))]


@pytest.fixture
def an_export(app):
    """Return a verb that names no record, as an administrator's alone."""
    with unit_of_work(db.session) as work:
        return audit.record(work, actor(), verb=Verb.CUSTOMER_UPDATED, touched=[]).id


def test_an_administrator_reads_everything(house, an_export):
    assert len(seen("admin")) == db.session.query(AuditEntry).count()
    assert {"user:created", "invoice:sent", "customer:created", "lookup:created"} <= verbs("admin")
    assert all(one.out_of_sight == 0 for one in seen("admin"))
    program = Actor.system(Door.WORKER)
    assert len(queries.trail(db.session(), program, Wanted(), size=1000).entries) == len(seen("admin"))


@pytest.mark.parametrize("name", ["finance", "support", "auditor", "north_finance", "north_support"])
def test_users_and_logins_are_for_administrators(house, an_export, name):
    assert not any(verb.startswith("user:") for verb in verbs(name))
    assert "user" not in resources(name)
    assert an_export not in [one.entry.id for one in seen(name)]
    users = [one.entry.id for one in seen("admin") if one.entry.verb.startswith("user:")]
    assert users
    for number in users:
        with pytest.raises(NotFound):
            queries.entry(db.session(), actor(name), entry_id=number)


@pytest.mark.parametrize("name", ["support", "north_support"])
def test_support_learns_of_no_invoice_and_no_copy_of_one(house, name):
    assert {"customer:created", "contact:created"} <= verbs(name)
    assert not any(verb.startswith("invoice:") for verb in verbs(name))
    assert not resources(name) & {"invoice", "message"}
    # Making an invoice names the customer too: that act is no part of the customer's history for Support.
    ours = house.ours.customer
    assert "invoice:created" in about("finance", "customer", ours)
    assert "invoice:created" not in about(name, "customer", ours)


@pytest.mark.parametrize("name", ["finance", "auditor"])
def test_finance_and_auditors_read_of_all_records(house, name):
    assert {"invoice:created", "invoice:sent", "contact:created", "lookup:created"} <= verbs(name)
    assert {"invoice", "message", "customer", "contact", "dealer"} <= resources(name)


@pytest.mark.parametrize("name", ["north_finance", "north_support"])
def test_a_dealers_staff_read_of_their_own(house, name):
    told = {(record.resource, record.record_id) for one in seen(name) for record in one.records}
    assert {("customer", house.ours.customer), ("contact", house.ours.direct), ("contact", house.ours.linked)} <= told
    labels = " ".join(record.label for one in seen(name) for record in one.records)
    assert "THEIRS" not in labels
    assert "theirs" not in labels
    for resource, number in (("customer", house.theirs.customer), ("contact", house.theirs.direct)):
        assert about(name, resource, number) == []
        assert about("finance", resource, number)


@pytest.mark.parametrize("name", ["admin", "auditor"])
def test_a_dealer_code_narrows_those_too_who_read_everything_else(house, name):
    narrowed = replace(actor(name), dealer_code="NORTH")
    for condition, found in (("Linked ours", True), ("THEIRS", False)):
        wanted = queries.Wanted(on_record=[AuditRecord.label.icontains(condition)])
        assert bool(queries.trail(db.session(), narrowed, wanted).entries) is found
    theirs = queries.Wanted(record=("customer", house.theirs.customer))
    assert queries.trail(db.session(), narrowed, theirs).entries == []
    assert queries.count(db.session(), narrowed, theirs, cap=10) == (0, False)
    whole = len(queries.trail(db.session(), actor(name), theirs).entries)
    assert queries.count(db.session(), actor(name), theirs, cap=10) == (whole, False)
    assert whole


def test_an_entry_shows_those_records_that_are_in_sight_and_counts_the_others(house):
    making.run(contacts.add_shared_contact, customer_id=house.theirs.customer, contact_id=house.ours.linked)
    number = making.trail()[-1].id
    one = queries.entry(db.session(), actor("north_finance"), entry_id=number)
    assert [(record.resource, record.record_id) for record in one.records] == [("contact", house.ours.linked)]
    assert (one.in_sight, one.out_of_sight, one.unnamed) == (1, 1, 0)
    assert queries.entry(db.session(), actor("finance"), entry_id=number).out_of_sight == 0
    # It is found by what is in sight, and not by the label of what is not.
    assert seen("north_finance", on_record=[AuditRecord.label.icontains("Linked ours")])
    assert not seen("north_finance", on_record=[AuditRecord.label.icontains("THEIRS")])
    assert seen("finance", on_record=[AuditRecord.label.icontains("THEIRS")])


def test_a_change_of_a_contact_is_in_the_history_of_each_of_its_customers_and_names_those_in_sight_alone(house):
    making.run(contacts.add_shared_contact, customer_id=house.theirs.customer, contact_id=house.ours.linked)
    for act, given in (
        (contacts.update_contact, {"values": {"first_name": "Ann"}}),
        (contacts.delete_contact, {}),
        (contacts.restore_contact, {}),
    ):
        making.run(act, contact_id=house.ours.linked, **given)
        entry = making.trail()[-1]
        one = queries.entry(db.session(), actor("north_finance"), entry_id=entry.id)
        assert [(record.resource, record.record_id) for record in one.records] == [
            ("contact", house.ours.linked),
            ("customer", house.ours.customer),
        ]
        assert (one.in_sight, one.out_of_sight) == (2, 1)
        for whose in (house.ours, house.theirs):
            assert about("finance", "customer", whose.customer)[0] == entry.verb
        assert about("north_finance", "customer", house.ours.customer)[0] == entry.verb
        assert about("north_finance", "customer", house.theirs.customer) == []


def test_entries_about_what_is_deleted_are_for_those_who_see_its_trash(house):
    making.run(customers.delete_customer, customer_id=house.ours.customer)
    for name in ("admin", "finance", "auditor", "north_finance"):
        assert "customer:deleted" in about(name, "customer", house.ours.customer), name
    for name in ("support", "north_support"):
        assert about(name, "customer", house.ours.customer) == [], name
    making.run(contacts.delete_contact, contact_id=house.theirs.direct)
    assert "contact:deleted" in about("support", "contact", house.theirs.direct)
    assert about("north_finance", "contact", house.theirs.direct) == []
    making.run(invoices.delete_invoice, invoice_id=making.invoice(house.theirs.customer))
    assert "invoice:deleted" in verbs("finance")
    assert "invoice:deleted" not in verbs("north_finance")
    topic = making.lookup("topic", "Gone")
    making.run(lookup_service().delete_lookup, resource="topic", lookup_id=topic)
    assert about("auditor", "topic", topic) == ["lookup:deleted", "lookup:created"]
    assert about("finance", "topic", topic) == []


def lookup_service():
    from app.lookups import service

    return service


def test_entries_about_what_is_purged_are_for_administrators_and_auditors(house):
    making.run(contacts.delete_contact, contact_id=house.ours.direct)
    with unit_of_work(db.session) as work:
        work.get_one(Contact, house.ours.direct).purged_at = clock.now()
        audit.record(work, actor(), verb=Verb.CONTACT_UPDATED, touched=[Touch("contact", house.ours.direct, "Gone")])
    for name, told in (("admin", True), ("auditor", True), ("finance", False), ("north_finance", False)):
        assert bool(about(name, "contact", house.ours.direct)) is told, name


def test_nobody_without_a_role_reads_anything(house):
    nobody = Actor(door=Door.API, roles=frozenset({"Public"}))
    with pytest.raises(Forbidden):
        queries.trail(db.session(), nobody, Wanted())
    with pytest.raises(Forbidden):
        queries.entry(db.session(), nobody, entry_id=1)


def test_many_records_of_one_entry_are_counted_and_the_first_are_named(house):
    many = 30
    for number in range(many):
        making.contact(house.ours.customer, last_name=f"Extra {number}")
    making.run(customers.delete_customer, customer_id=house.ours.customer)
    one = seen("finance")[0]
    assert one.entry.verb == "customer:deleted"
    assert len(one.records) == queries.NAMED
    assert one.unnamed == one.touched - queries.NAMED > many - queries.NAMED
    # On the page of one of them, that one is named, wherever it stands.
    last = db.session.query(Contact.id).filter_by(last_name=f"Extra {many - 1}").scalar()
    page = queries.trail(db.session(), actor("finance"), Wanted(record=("contact", last)))
    assert ("contact", last) in [(record.resource, record.record_id) for record in page.entries[0].records]


@pytest.mark.parametrize("newest_first", [True, False])
def test_pages_follow_each_other(house, newest_first):
    ids = [one.entry.id for one in seen("finance", newest_first=newest_first)]
    assert ids == sorted(set(ids), reverse=newest_first)
    found: list[int] = []
    after = None
    while True:
        wanted = Wanted(newest_first=newest_first)
        page = queries.trail(db.session(), actor("finance"), wanted, after=after, size=3)
        assert len(page.entries) <= 3
        found += [one.entry.id for one in page.entries]
        if page.next is None:
            break
        after = page.next
    assert found == ids


def test_one_page_looks_through_so_many_entries_and_the_next_goes_on_from_there(house, monkeypatch):
    every = [one.entry.id for one in seen("north_support")]
    monkeypatch.setattr(queries, "WINDOW", 2)
    assert [one.entry.id for one in seen("north_support")] == every
    page = queries.trail(db.session(), actor("north_support"), Wanted())
    assert len(page.entries) < len(every)
    assert page.next is not None
    assert queries.count(db.session(), actor("north_support"), Wanted(), cap=1000) == (len(page.entries), True)


def test_the_count_is_exact_up_to_its_cap(house):
    every = len(seen("finance"))
    assert queries.count(db.session(), actor("finance"), Wanted(), cap=every) == (every, False)
    assert queries.count(db.session(), actor("finance"), Wanted(), cap=every - 1) == (every - 1, True)
