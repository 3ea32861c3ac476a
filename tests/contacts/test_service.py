"""The verbs of contacts: fields, copies, and every state of link, unlink and convert."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from werkzeug.security import check_password_hash

from app.contacts import queries, service
from app.contacts.models import Contact, ContactLink
from app.contacts.rules import CONTACT_FIELDS
from app.core.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from app.customers.service import delete_customer, restore_customer
from app.extensions import db
from tests.conftest import actor
from tests.core import making

pytestmark = pytest.mark.usefixtures("app")


def refused(kind, verb, who=None, **arguments):
    with pytest.raises(kind) as refusal:
        making.run(verb, who, **arguments)
    return refusal.value


def get(contact_id):
    db.session.rollback()
    return db.session.get_one(Contact, contact_id)


def value(contact_id, name):
    return CONTACT_FIELDS[name].current(get(contact_id), name)


def links():
    db.session.rollback()
    rows = db.session.execute(select(ContactLink.customer_id, ContactLink.contact_id))
    return sorted(tuple(row) for row in rows)


def update(contact_id, who=None, version=None, **values):
    return making.run(service.update_contact, who, contact_id=contact_id, values=values, version=version)


class TestFields:
    def test_every_field_of_the_page_is_kept_and_given_back(self):
        making.dealers("NORTH")
        given = {
            "customer_id": making.customer(),
            "contact_type": making.lookup("contact_type", "Accountant"),
            "title": making.lookup("title", "Dr"),
            "first_name": "Ann",
            "last_name": "Lee",
            "company_name": "Acme",
            **{f"address_line_{line}": f"Line {line}" for line in range(1, 6)},
            "postcode": "M1 1AA",
            "country": "GB",
            **{f"number_{number}": f"0161 496 000{number}" for number in range(1, 5)},
            **{f"number_{number}_type": making.lookup("number_type", f"Kind {number}") for number in range(1, 5)},
            "email": "ann@acme.example",
            "website": "https://acme.example",
            "account_password": "swordfish",
            "position": "Owner",
            "dealer_code": "NORTH",
            "language": "de",
            "contact_regarding": [making.lookup("topic", name) for name in ("Bills", "Faults")],
            "email_bill_type": "full",
            "invoice_usage_report": making.lookup("usage_report_profile", "By number"),
            "copy_correspondence": [making.lookup("correspondence_type", "Reminder")],
            "copy_ticket_updates": [making.lookup("ticket_type", "Fault")],
            "marketing_consent_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            "marketing_consent_source": "Form",
        }
        assert set(given) == set(CONTACT_FIELDS)
        record = get(making.run(service.create_contact, values=given).id)
        back = {name: field.current(record, name) for name, field in CONTACT_FIELDS.items()}
        hashed = back.pop("account_password")
        assert back == {name: one for name, one in given.items() if name != "account_password"}
        assert check_password_hash(hashed, "swordfish")
        assert update(record.id, version=record.version, **back).version == record.version

    @pytest.mark.parametrize("names", [{"first_name": "Ann"}, {}, {"last_name": " "}])
    def test_it_needs_a_name(self, names):
        assert set(refused(Invalid, service.create_contact, values=names).errors) == {"last_name", "company_name"}

    def test_a_company_alone_will_do(self):
        assert get(making.contact(last_name=None, company_name="Acme")).name == "Acme"

    def test_a_setting_holds_for_all_its_customers_at_once(self):
        contact_id = making.contact(email="a@x.example")
        for account in ("AC1", "AC2"):
            making.run(service.add_shared_contact, customer_id=making.customer(account), contact_id=contact_id)
        update(contact_id, email_bill_type="full")
        assert [value(contact_id, "email_bill_type"), len(links())] == ["full", 2]

    def test_the_address_is_also_kept_as_it_is_compared(self):
        contact_id = making.contact(email="Ann@B\u00fccher.example")
        assert (get(contact_id).email, get(contact_id).email_normalised) == (
            "Ann@B\u00fccher.example",
            "ann@xn--bcher-kva.example",
        )
        update(contact_id, email="New@x.example")
        assert get(contact_id).email_normalised == "new@x.example"
        update(contact_id, email=None)
        assert get(contact_id).email_normalised is None

    def test_a_stale_version_changes_nothing(self):
        contact_id = making.contact()
        version = get(contact_id).version
        update(contact_id, first_name="Ann")
        for verb, extra in ((service.update_contact, {"values": {}}), (service.delete_contact, {})):
            refused(Stale, verb, contact_id=contact_id, version=version, **extra)


class TestPassword:
    def test_blank_leaves_it_and_null_clears_it(self):
        contact_id = making.contact(account_password="swordfish")
        before = value(contact_id, "account_password")
        update(contact_id, account_password="", first_name="Ann")
        assert value(contact_id, "account_password") == before
        update(contact_id, account_password="other")
        assert check_password_hash(value(contact_id, "account_password"), "other")
        update(contact_id, account_password=None)
        assert value(contact_id, "account_password") is None

    @pytest.mark.parametrize("blank", ["", " ", "   ", "\t", "\u00a0\u3000"])
    def test_none_is_set_or_replaced_by_a_blank(self, blank):
        assert value(making.contact(account_password=blank), "account_password") is None
        contact_id = making.contact(account_password=" swordfish ")
        update(contact_id, account_password=blank, first_name="Ann")
        assert check_password_hash(value(contact_id, "account_password"), " swordfish ")

    def test_what_cannot_be_hashed_is_refused_at_the_field(self):
        refusal = refused(
            Invalid, service.create_contact, values={"last_name": "Lee", "account_password": "half \ud800"}
        )
        assert list(refusal.errors) == ["account_password"]


class TestCopiesNeedAnAddress:
    @pytest.fixture
    def ticked(self):
        return {
            "email_bill_type": "short",
            "copy_correspondence": [making.lookup("correspondence_type", "Reminder")],
            "copy_ticket_updates": [making.lookup("ticket_type", "Fault")],
        }

    @pytest.mark.parametrize("name", ["email_bill_type", "copy_correspondence", "copy_ticket_updates"])
    def test_each_kind_of_copy(self, ticked, name):
        refusal = refused(Invalid, service.create_contact, values={"last_name": "Lee", name: ticked[name]})
        assert list(refusal.errors) == ["email"]
        contact_id = making.contact()
        refusal = refused(Invalid, service.update_contact, contact_id=contact_id, values={name: ticked[name]})
        assert list(refusal.errors) == ["email"]
        making.contact(email="a@x.example", **{name: ticked[name]})

    def test_the_address_stays_as_long_as_copies_are_ticked(self, ticked):
        contact_id = making.contact(email="a@x.example", **ticked)
        assert list(refused(Invalid, service.update_contact, contact_id=contact_id, values={"email": ""}).errors) == [
            "email"
        ]
        update(contact_id, email="", email_bill_type="none", copy_correspondence=[], copy_ticket_updates=[])
        assert value(contact_id, "email") is None

    def test_a_wrong_address_has_the_one_error_that_it_is_wrong(self, ticked):
        refusal = refused(Invalid, service.create_contact, values={"last_name": "Lee", "email": "x", **ticked})
        assert len(refusal.errors["email"]) == 1
        assert "@" in refusal.errors["email"][0]

    def test_no_copies_need_none(self):
        making.contact(email_bill_type="none", contact_regarding=[making.lookup("topic", "Bills")])


class TestCustomerOfAContact:
    def test_it_is_set_once(self):
        first, second = making.customer("AC1"), making.customer("AC2")
        direct, shared = making.contact(first), making.contact()
        for contact_id, wrong in ((direct, second), (direct, None), (shared, first)):
            refusal = refused(Invalid, service.update_contact, contact_id=contact_id, values={"customer_id": wrong})
            assert list(refusal.errors) == ["customer_id"]
        update(direct, customer_id=first)
        update(shared, customer_id=None)
        assert (value(direct, "customer_id"), value(shared, "customer_id")) == (first, None)

    @pytest.mark.parametrize("wrong", [999, "x", True, -1, 2**40])
    def test_it_must_exist(self, wrong):
        refusal = refused(Invalid, service.create_contact, values={"last_name": "Lee", "customer_id": wrong})
        assert list(refusal.errors) == ["customer_id"]


LINKED, UNLINKED, DIRECT, DELETED = "linked", "unlinked", "direct", "deleted"


class TestStates:
    """What add, remove, convert, delete and restore do in each state of a contact towards one customer."""

    @pytest.fixture
    def customer(self):
        return making.customer()

    def contact_that_is(self, state, customer):
        contact_id = making.contact(customer if state == DIRECT else None)
        if state in (LINKED, DELETED):
            making.run(service.add_shared_contact, customer_id=customer, contact_id=contact_id)
        if state == DELETED:
            making.run(service.delete_contact, contact_id=contact_id)
        return contact_id

    @pytest.mark.parametrize(
        ("state", "verb", "answer", "kind_after", "linked_after"),
        [
            (UNLINKED, "add", None, "shared", True),
            (LINKED, "add", (Conflict, "already_linked"), "shared", True),
            (DIRECT, "add", (Invalid, "not_shared"), "direct", False),
            (DELETED, "add", (NotFound, "not_found"), "shared", True),
            (LINKED, "remove", None, "shared", False),
            (UNLINKED, "remove", (NotFound, "not_linked"), "shared", False),
            (DIRECT, "remove", (NotFound, "not_linked"), "direct", False),
            (DELETED, "remove", (NotFound, "not_found"), "shared", True),
            (DIRECT, "convert", None, "shared", True),
            (UNLINKED, "convert", (Conflict, "already_shared"), "shared", False),
            (LINKED, "convert", (Conflict, "already_shared"), "shared", True),
            (DELETED, "convert", (NotFound, "not_found"), "shared", True),
            (DIRECT, "restore", (Conflict, "not_deleted"), "direct", False),
            (LINKED, "restore", (Conflict, "not_deleted"), "shared", True),
            (DELETED, "restore", None, "shared", True),
            (DELETED, "delete", (NotFound, "not_found"), "shared", True),
            (LINKED, "delete", None, "shared", True),
        ],
    )
    def test_table(self, customer, state, verb, answer, kind_after, linked_after):
        contact_id = self.contact_that_is(state, customer)
        verbs = {
            "add": (service.add_shared_contact, {"customer_id": customer}),
            "remove": (service.remove_shared_contact, {"customer_id": customer}),
            "convert": (service.convert_to_shared, {}),
            "restore": (service.restore_contact, {}),
            "delete": (service.delete_contact, {}),
        }
        act, extra = verbs[verb]
        before = len(making.trail())
        if answer:
            refusal = refused(answer[0], act, contact_id=contact_id, **extra)
            assert refusal.code == answer[1]
        else:
            making.run(act, contact_id=contact_id, **extra)
        assert len(making.trail()) - before == (0 if answer else 1)
        assert get(contact_id).kind == kind_after
        assert links() == ([(customer, contact_id)] if linked_after else [])

    def test_done_twice(self, customer):
        shared, direct = making.contact(), making.contact(customer)
        at = {"customer_id": customer, "contact_id": shared}
        making.run(service.add_shared_contact, **at)
        refused(Conflict, service.add_shared_contact, **at)
        making.run(service.remove_shared_contact, **at)
        refused(NotFound, service.remove_shared_contact, **at)
        making.run(service.convert_to_shared, contact_id=direct)
        refused(Conflict, service.convert_to_shared, contact_id=direct)

    def test_a_link_says_who_and_when(self, customer):
        contact_id = making.contact()
        making.run(service.add_shared_contact, actor("support"), customer_id=customer, contact_id=contact_id)
        link = queries.link(db.session, customer_id=customer, contact_id=contact_id)
        assert (link.linked_by, link.linked_at) == ("support", link.linked_at)
        assert abs((link.linked_at - making.trail()[-1].at).total_seconds()) < 5

    def test_converting_counts_as_a_change_of_that_version(self, customer):
        contact_id = making.contact(customer)
        version = get(contact_id).version
        refused(Stale, service.convert_to_shared, contact_id=contact_id, version=version + 1)
        making.run(service.convert_to_shared, contact_id=contact_id, version=version)
        assert get(contact_id).version == version + 1

    def test_a_converted_contact_outlives_its_customer(self, customer):
        contact_id = making.contact(customer)
        making.run(service.convert_to_shared, contact_id=contact_id)
        making.run(delete_customer, customer_id=customer)
        assert get(contact_id).deleted_at is None

    def test_a_deleted_customer_takes_no_links(self, customer):
        contact_id = making.contact()
        making.run(delete_customer, customer_id=customer)
        refused(NotFound, service.add_shared_contact, customer_id=customer, contact_id=contact_id)
        refused(NotFound, service.remove_shared_contact, customer_id=customer, contact_id=contact_id)
        making.run(restore_customer, customer_id=customer)
        making.run(service.add_shared_contact, customer_id=customer, contact_id=contact_id)

    def test_a_restored_contact_has_its_links_and_settings(self, customer):
        topic = making.lookup("topic", "Bills")
        contact_id = making.contact(email="a@x.example", email_bill_type="long", contact_regarding=[topic])
        making.run(service.add_shared_contact, customer_id=customer, contact_id=contact_id)
        making.run(service.delete_contact, contact_id=contact_id)
        assert get(contact_id).deleted_at == get(contact_id).last_deleted_at
        listed = queries.contacts_of_customer(actor(), customer_id=customer)
        assert db.session.scalars(listed).all() == []
        making.run(service.restore_contact, contact_id=contact_id)
        assert [one.id for one in db.session.scalars(listed)] == [contact_id]
        assert (value(contact_id, "email_bill_type"), value(contact_id, "contact_regarding")) == ("long", [topic])
        assert get(contact_id).last_deleted_at is not None


class TestLists:
    def test_a_customers_contacts_of_both_kinds(self):
        first, second = making.customer("AC1"), making.customer("AC2")
        direct, shared, other = making.contact(first), making.contact(), making.contact(second)
        for customer_id in (first, second):
            making.run(service.add_shared_contact, customer_id=customer_id, contact_id=shared)
        found = db.session.scalars(queries.contacts_of_customer(actor(), customer_id=first)).all()
        assert {(one.id, one.kind) for one in found} == {(direct, "direct"), (shared, "shared")}
        assert other not in {one.id for one in found}
        shared_ones = db.session.scalars(queries.shared_contacts_of_customer(actor(), customer_id=first)).all()
        assert [one.id for one in shared_ones] == [shared]

    def test_what_may_be_linked(self):
        customer = making.customer()
        making.contact(customer, last_name="Direct")
        linked, deleted = making.contact(last_name="Linked"), making.contact(last_name="Deleted")
        making.run(service.add_shared_contact, customer_id=customer, contact_id=linked)
        making.run(service.delete_contact, contact_id=deleted)
        free = making.contact(
            first_name="Ann", last_name="Lee", company_name="Acme", address_line_1="1 High St", email="ann@x.example"
        )

        def found(text):
            statement = queries.linkable_contacts(actor(), customer_id=customer, text=text)
            return [one.id for one in db.session.scalars(statement)]

        for text in ("", "lee", "ann lee", "ACME", "high st", " Ann@X.example"):
            assert found(text.strip()) == [free], text
        assert found("%") == []
        assert found("direct") == found("linked") == found("deleted") == []


class TestWhoMay:
    def fields(self, name):
        return {
            "copy_ticket_updates": [making.lookup("ticket_type", "Fault")],
            "account_password": "swordfish",
            "email_bill_type": "long",
            "invoice_usage_report": making.lookup("usage_report_profile", "By number"),
        }[name]

    @pytest.mark.parametrize(
        ("who", "name"),
        [
            ("finance", "copy_ticket_updates"),
            ("finance", "account_password"),
            ("support", "email_bill_type"),
            ("support", "invoice_usage_report"),
        ],
    )
    def test_fields_that_a_role_may_not_set(self, who, name):
        new = self.fields(name)
        free = making.contact(email="a@x.example")
        same = CONTACT_FIELDS[name].current(get(free), name)
        update(free, actor(who), **{name: same, "first_name": "Ann"})
        refusal = refused(Forbidden, service.update_contact, actor(who), contact_id=free, values={name: new})
        assert list(refusal.errors) == [name]
        values = {"last_name": "Lee", "email": "b@x.example", name: new}
        assert list(refused(Forbidden, service.create_contact, actor(who), values=values).errors) == [name]
        making.run(service.create_contact, actor(who), values={**values, name: CONTACT_FIELDS[name].clean(None)})
        held = making.contact(email="a@x.example", **{name: new})
        kept = value(held, name)
        if name != "account_password":
            update(held, actor(who), **{name: kept, "first_name": "Ann"})
        nothing = CONTACT_FIELDS[name].clean(None)
        assert list(
            refused(Forbidden, service.update_contact, actor(who), contact_id=held, values={name: nothing}).errors
        ) == [name]
        assert value(held, name) == kept

    @pytest.mark.parametrize(
        ("verb", "arguments"),
        [
            (service.create_contact, {"values": {"last_name": "Lee"}}),
            (service.update_contact, {"contact_id": 1, "values": {}}),
            (service.delete_contact, {"contact_id": 1}),
            (service.restore_contact, {"contact_id": 1}),
            (service.convert_to_shared, {"contact_id": 1}),
            (service.add_shared_contact, {"customer_id": 1, "contact_id": 1}),
            (service.remove_shared_contact, {"customer_id": 1, "contact_id": 1}),
        ],
    )
    def test_an_auditor_changes_nothing(self, verb, arguments):
        refused(Forbidden, verb, actor("auditor"), **arguments)

    @pytest.mark.parametrize("who", ["finance", "support"])
    def test_staff_do_all_the_rest(self, who):
        customer, me = making.customer(), actor(who)
        contact_id = making.run(service.create_contact, me, values={"last_name": "Lee", "customer_id": customer}).id
        making.run(service.convert_to_shared, me, contact_id=contact_id)
        making.run(service.remove_shared_contact, me, customer_id=customer, contact_id=contact_id)
        making.run(service.add_shared_contact, me, customer_id=customer, contact_id=contact_id)
        making.run(service.delete_contact, me, contact_id=contact_id)
        making.run(service.restore_contact, me, contact_id=contact_id)
        assert get(contact_id).deleted_at is None
