"""Rows of lists: a name is one row's, what is not active can't be newly chosen, and what was chosen stays."""

from __future__ import annotations

import pytest

from app.access.table import LOOKUPS
from app.contacts import service as contacts
from app.contacts.models import Contact
from app.contacts.rules import CONTACT_FIELDS
from app.core.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from app.customers.service import create_customer, update_customer
from app.extensions import db
from app.lookups import queries, service
from app.lookups.models import LOOKUP_MODELS
from tests.conftest import actor
from tests.core import making

pytestmark = pytest.mark.usefixtures("app")
EXTRA = {"correspondence_type": {"correspondence_class": "marketing"}, "dealer": {"code": "NORTH"}}


def refused(kind, verb, who=None, **arguments):
    with pytest.raises(kind) as refusal:
        making.run(verb, who, **arguments)
    return refusal.value


def row(resource, lookup_id):
    db.session.rollback()
    return db.session.get_one(LOOKUP_MODELS[resource], lookup_id)


@pytest.mark.parametrize("resource", LOOKUPS)
def test_the_life_of_a_row_of_each_list(resource):
    lookup_id = making.lookup(resource, "First", position=5, **EXTRA.get(resource, {}))
    assert (row(resource, lookup_id).name, row(resource, lookup_id).active, row(resource, lookup_id).position) == (
        "First",
        True,
        5,
    )
    at = {"resource": resource, "lookup_id": lookup_id}
    version = row(resource, lookup_id).version
    making.run(service.update_lookup, **at, values={"name": "Second", "active": False}, version=version)
    assert (row(resource, lookup_id).name, row(resource, lookup_id).active) == ("Second", False)
    refused(Stale, service.update_lookup, **at, values={"name": "Third"}, version=version)
    refused(Stale, service.delete_lookup, **at, version=version)
    making.run(service.delete_lookup, **at)
    assert db.session.scalars(queries.rows(actor(), resource=resource)).all() == []
    refused(NotFound, service.update_lookup, **at, values={})
    making.run(service.restore_lookup, **at)
    assert refused(Conflict, service.restore_lookup, **at).code == "not_deleted"
    assert row(resource, lookup_id).deleted_at is None
    refused(NotFound, service.restore_lookup, resource=resource, lookup_id=999)


@pytest.mark.parametrize("who", ["finance", "support", "auditor"])
def test_administrators_alone_write(who):
    lookup_id = making.lookup("topic", "Bills")
    at = {"resource": "topic", "lookup_id": lookup_id}
    refused(Forbidden, service.create_lookup, actor(who), resource="topic", values={"name": "Faults"})
    refused(Forbidden, service.update_lookup, actor(who), **at, values={"name": "Faults"})
    refused(Forbidden, service.delete_lookup, actor(who), **at)
    refused(Forbidden, service.restore_lookup, actor(who), **at)
    assert queries.row(db.session, actor(who), **at).name == "Bills"


def test_it_needs_a_name_and_a_dealer_a_code():
    assert "name" in refused(Invalid, service.create_lookup, resource="topic", values={"name": " "}).errors
    assert "code" in refused(Invalid, service.create_lookup, resource="dealer", values={"name": "North"}).errors
    refusal = refused(
        Invalid,
        service.create_lookup,
        resource="correspondence_type",
        values={"name": "X", "correspondence_class": "gossip"},
    )
    assert list(refusal.errors) == ["correspondence_class"]


def test_a_dealers_code_is_given_once(login, api):
    """Customers, contacts and users carry it: renamed, it would leave them behind, for another dealer to take over."""
    north = making.lookup("dealer", "North", code="NORTH")
    change = {"resource": "dealer", "lookup_id": north}
    refusal = refused(Invalid, service.update_lookup, **change, values={"name": "Nord", "code": "NORD"})
    assert refusal.errors == {"code": ["This is set once, when the record is made, and can't be changed here."]}
    refused(Invalid, service.update_lookup, **change, values={"code": None})
    making.run(service.update_lookup, **change, values={"name": "Nord", "code": "NORTH"})
    answer = api()("put", f"/api/v1/dealer/{north}", json={"code": "NORD", "version": 2})
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["code"])
    page = login().get(f"/dealers/edit/{north}").text
    assert 'name="name"' in page
    assert 'name="code"' not in page
    assert "NORTH" in page
    done = login().post(
        f"/dealers/edit/{north}", data={"version": "2", "name": "Nordic", "code": "NORD", "active": "y"}
    )
    assert done.status_code == 302
    assert (row("dealer", north).name, row("dealer", north).code) == ("Nordic", "NORTH")


class TestDuplicates:
    def test_a_name_that_a_living_row_has(self):
        making.lookup("topic", "Bills")
        refusal = refused(Conflict, service.create_lookup, resource="topic", values={"name": "Bills"})
        assert (refusal.code, list(refusal.errors)) == ("duplicate", ["name"])
        making.lookup("ticket_type", "Bills")

    def test_by_a_change(self):
        making.lookup("topic", "Bills")
        second = making.lookup("topic", "Faults")
        refused(Conflict, service.update_lookup, resource="topic", lookup_id=second, values={"name": "Bills"})
        assert row("topic", second).name == "Faults"
        making.run(service.update_lookup, resource="topic", lookup_id=second, values={"name": "Faults", "position": 2})

    def test_a_deleted_one_frees_its_name_until_it_wants_to_come_back(self):
        first = making.lookup("topic", "Bills")
        making.run(service.delete_lookup, resource="topic", lookup_id=first)
        second = making.lookup("topic", "Bills")
        assert refused(Conflict, service.restore_lookup, resource="topic", lookup_id=first).code == "duplicate"
        making.run(service.update_lookup, resource="topic", lookup_id=second, values={"name": "Invoices"})
        making.run(service.restore_lookup, resource="topic", lookup_id=first)

    def test_a_dealers_code_is_never_used_again(self):
        first = making.lookup("dealer", "North", code="NORTH")
        making.run(service.delete_lookup, resource="dealer", lookup_id=first)
        refusal = refused(Conflict, service.create_lookup, resource="dealer", values={"name": "Other", "code": "NORTH"})
        assert list(refusal.errors) == ["code"]


def set_aside(resource, lookup_id, way):
    if way == "inactive":
        making.run(service.update_lookup, resource=resource, lookup_id=lookup_id, values={"active": False})
    else:
        making.run(service.delete_lookup, resource=resource, lookup_id=lookup_id)


@pytest.mark.parametrize("way", ["inactive", "deleted"])
class TestSetAside:
    """A row that is not active, or deleted, can't be newly chosen, and stays where it is chosen."""

    def test_one_of_a_list(self, way):
        title = making.lookup("title", "Squire")
        contact_id = making.contact(title=title)
        set_aside("title", title, way)
        refusal = refused(Invalid, contacts.create_contact, values={"last_name": "Lee", "title": title})
        assert list(refusal.errors) == ["title"]
        making.run(contacts.update_contact, contact_id=contact_id, values={"title": title, "first_name": "Ann"})
        db.session.rollback()
        assert db.session.get_one(Contact, contact_id).title_id == title
        making.run(contacts.update_contact, contact_id=contact_id, values={"title": None})
        refused(Invalid, contacts.update_contact, contact_id=contact_id, values={"title": title})

    def test_many_of_a_list(self, way):
        old, young = making.lookup("topic", "Old"), making.lookup("topic", "Young")
        contact_id = making.contact(contact_regarding=[old])
        set_aside("topic", old, way)
        field = CONTACT_FIELDS["contact_regarding"]
        given_back = field.current(db.session.get_one(Contact, contact_id), "contact_regarding")
        assert given_back == [old]
        making.run(contacts.update_contact, contact_id=contact_id, values={"contact_regarding": [*given_back, young]})
        db.session.rollback()
        record = db.session.get_one(Contact, contact_id)
        assert field.current(record, "contact_regarding") == [old, young]
        making.run(contacts.update_contact, contact_id=contact_id, values={"contact_regarding": [young]})
        refusal = refused(
            Invalid, contacts.update_contact, contact_id=contact_id, values={"contact_regarding": [old, young]}
        )
        assert list(refusal.errors) == ["contact_regarding"]

    def test_a_dealer(self, way):
        dealer = making.lookup("dealer", "North", code="NORTH")
        customer_id = making.customer(dealer_code="NORTH")
        set_aside("dealer", dealer, way)
        making.run(update_customer, customer_id=customer_id, values={"dealer_code": "NORTH", "last_name": "Lee"})
        values = {"account_number": "AC2", "last_name": "Lee", "dealer_code": "NORTH"}
        assert list(refused(Invalid, create_customer, values=values).errors) == ["dealer_code"]


def test_what_is_wrong_with_each_choice_is_told():
    old = making.lookup("topic", "Old", active=False)
    refusal = refused(
        Invalid, contacts.create_contact, values={"last_name": "Lee", "contact_regarding": [old, 77], "title": 88}
    )
    assert refusal.errors == {
        "contact_regarding": [
            "There is no topic with the id 77.",
            "Old is no longer active and can't be newly chosen.",
        ],
        "title": ["There is no title with the id 88."],
    }


def test_an_inactive_row_is_chosen_by_none_but_its_own_record():
    title = making.lookup("title", "Squire")
    making.contact(title=title)
    other = making.contact(title=making.lookup("title", "Dr"))
    set_aside("title", title, "inactive")
    refused(Invalid, contacts.update_contact, contact_id=other, values={"title": title})
