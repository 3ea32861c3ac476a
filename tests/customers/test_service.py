"""Accounts are opened, changed, deleted with what is theirs, and brought back with exactly that."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.contacts import queries as contact_queries
from app.contacts import service as contacts
from app.contacts.models import Contact, ContactLink
from app.core.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from app.customers import queries, service
from app.customers.models import Customer
from app.customers.rules import CUSTOMER_FIELDS
from app.extensions import db
from app.invoices import queries as invoice_queries
from tests.conftest import actor
from tests.core import making

pytestmark = pytest.mark.usefixtures("app")


def get(model, record_id):
    db.session.rollback()
    return db.session.get_one(model, record_id)


def refused(kind, verb, who=None, **arguments):
    with pytest.raises(kind) as refusal:
        making.run(verb, who, **arguments)
    return refusal.value


class TestFields:
    def test_every_field_of_the_page_is_kept_and_given_back(self):
        making.dealers("NORTH")
        given = {
            "account_number": "AC1",
            "crm_reference": "CRM-7",
            "title": making.lookup("title", "Dr"),
            "first_name": "Ann",
            "last_name": "Lee",
            "company_name": "Acme",
            **{f"address_line_{line}": f"Line {line}" for line in range(1, 6)},
            "postcode": "M1 1AA",
            "country": "GB",
            **{f"number_{number}": f"0161 496 000{number}" for number in range(1, 5)},
            **{f"number_{number}_type": making.lookup("number_type", f"Kind {number}") for number in range(1, 5)},
            "email": "bills@acme.example, ann@acme.example",
            "website": "https://acme.example",
            "status": making.lookup("customer_status", "Live"),
            "email_billing": True,
            "email_bill_type": "full",
            "invoice_usage_report": making.lookup("usage_report_profile", "By number"),
            "dealer_code": "NORTH",
            "currency": "EUR",
            "language": "de",
            "marketing_consent_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            "marketing_consent_source": "Form",
        }
        assert set(given) == set(CUSTOMER_FIELDS)
        record = get(Customer, making.run(service.create_customer, values=given).id)
        back = {name: field.current(record, name) for name, field in CUSTOMER_FIELDS.items()}
        assert back == given
        again = making.run(service.update_customer, customer_id=record.id, values=back, version=record.version)
        assert again.version == record.version

    @pytest.mark.parametrize("names", [{"first_name": "Ann"}, {}, {"last_name": " ", "company_name": ""}])
    def test_it_needs_a_name(self, names):
        refusal = refused(Invalid, service.create_customer, values={"account_number": "A", **names})
        assert set(refusal.errors) == {"last_name", "company_name"}

    @pytest.mark.parametrize("names", [{"last_name": "Lee"}, {"company_name": "Acme"}])
    def test_one_of_two_names_will_do(self, names):
        making.run(service.create_customer, values={"account_number": "A", **names})

    def test_the_last_name_that_it_has_cannot_be_taken(self):
        customer_id = making.customer()
        refusal = refused(Invalid, service.update_customer, customer_id=customer_id, values={"company_name": None})
        assert "company_name" in refusal.errors

    def test_it_needs_an_account_number(self):
        for values in ({"last_name": "Lee"}, {"last_name": "Lee", "account_number": "  "}):
            assert "account_number" in refused(Invalid, service.create_customer, values=values).errors

    def test_the_account_number_stays(self):
        customer_id = making.customer("AC1")
        making.run(service.update_customer, customer_id=customer_id, values={"account_number": "AC1"})
        refusal = refused(Invalid, service.update_customer, customer_id=customer_id, values={"account_number": "AC2"})
        assert list(refusal.errors) == ["account_number"]

    def test_each_address_has_its_own_error(self):
        refusal = refused(
            Invalid,
            service.create_customer,
            values={"account_number": "A", "last_name": "L", "email": "ok@x.example, bad@, worse"},
        )
        told = " ".join(refusal.errors["email"])
        assert "bad@: " in told
        assert "worse: " in told
        assert "ok@x.example" not in told

    def test_everything_wrong_is_told_at_once(self):
        refusal = refused(
            Invalid,
            service.create_customer,
            values={"country": "??", "title": 99, "dealer_code": "NOWHERE", "colour": "red", "email": "x"},
        )
        assert set(refusal.errors) == {
            "country", "title", "dealer_code", "colour", "email", "account_number", "last_name", "company_name"
        }  # fmt: skip


class TestNumbersAreNeverUsedAgain:
    @pytest.mark.parametrize("field", ["account_number", "crm_reference"])
    @pytest.mark.parametrize("deleted", [False, True])
    def test_a_number_that_is_or_was_taken(self, field, deleted):
        first = making.customer("AC1", crm_reference="CRM-1")
        if deleted:
            making.run(service.delete_customer, customer_id=first)
        values = {"account_number": "AC2", "crm_reference": "CRM-2", "last_name": "Lee"}
        values[field] = {"account_number": "AC1", "crm_reference": "CRM-1"}[field]
        refusal = refused(Conflict, service.create_customer, values=values)
        assert (refusal.code, list(refusal.errors)) == ("duplicate", [field])

    def test_nor_by_a_change(self):
        making.customer("AC1", crm_reference="CRM-1")
        second = making.customer("AC2")
        refusal = refused(
            Conflict, service.update_customer, customer_id=second, values={"crm_reference": "CRM-1", "last_name": "X"}
        )
        assert list(refusal.errors) == ["crm_reference"]
        assert get(Customer, second).last_name is None

    def test_no_reference_is_no_duplicate(self):
        making.customer("AC1")
        making.customer("AC2", crm_reference="")


class TestDeleting:
    def test_direct_contacts_go_along_by_one_stamp_and_shared_ones_stay(self):
        customer_id, other = making.customer("AC1"), making.customer("AC2")
        direct, shared, elsewhere = making.contact(customer_id), making.contact(), making.contact(other)
        making.run(contacts.add_shared_contact, customer_id=customer_id, contact_id=shared)
        before = get(Customer, customer_id).version
        making.run(service.delete_customer, customer_id=customer_id)
        gone, along = get(Customer, customer_id), db.session.get_one(Contact, direct)
        assert gone.deleted_at is not None
        assert (along.deleted_at, along.deletion_id) == (gone.deleted_at, gone.deletion_id)
        assert gone.deletion_id == making.trail()[-1].id
        assert gone.version == before + 1
        assert get(Contact, shared).deleted_at is None
        assert get(Contact, elsewhere).deleted_at is None
        assert db.session.get(ContactLink, (customer_id, shared)) is not None

    def test_it_is_nowhere_any_more(self):
        customer_id = making.billed()
        direct, invoice_id = making.contact(customer_id), making.invoice(customer_id)
        making.run(service.delete_customer, customer_id=customer_id)
        assert db.session.scalars(queries.customers(actor())).all() == []
        assert db.session.scalars(contact_queries.contacts(actor())).all() == []
        assert db.session.scalars(invoice_queries.invoices(actor())).all() == []
        refused(NotFound, service.update_customer, customer_id=customer_id, values={})
        refused(NotFound, service.delete_customer, customer_id=customer_id)
        refused(NotFound, contacts.update_contact, contact_id=direct, values={})
        with pytest.raises(NotFound):
            making.send(invoice_id)
        with pytest.raises(Invalid) as refusal:
            making.contact(customer_id)
        assert list(refusal.value.errors) == ["customer_id"]
        with pytest.raises(Invalid):
            making.invoice(customer_id)

    def test_its_shared_contact_knows_it_no_more(self):
        customer_id, shared = making.customer(), making.contact()
        making.run(contacts.add_shared_contact, customer_id=customer_id, contact_id=shared)
        making.run(service.delete_customer, customer_id=customer_id)
        assert db.session.scalars(contact_queries.customers_of_contact(get(Contact, shared))).all() == []

    def test_a_stale_version_deletes_nothing(self):
        customer_id = making.customer()
        refused(Stale, service.delete_customer, customer_id=customer_id, version=99)
        assert get(Customer, customer_id).deleted_at is None


class TestRestoring:
    def test_exactly_what_went_along_comes_back(self):
        customer_id = making.billed()
        before, along, shared = making.contact(customer_id), making.contact(customer_id), making.contact()
        kept, dropped = making.invoice(customer_id), making.invoice(customer_id)
        from app.invoices.service import delete_invoice

        making.run(contacts.add_shared_contact, customer_id=customer_id, contact_id=shared)
        making.run(contacts.delete_contact, contact_id=before)
        making.run(delete_invoice, invoice_id=dropped)
        making.run(service.delete_customer, customer_id=customer_id)
        making.run(service.restore_customer, customer_id=customer_id)
        back = get(Customer, customer_id)
        assert (back.deleted_at, back.deletion_id) == (None, None)
        assert back.last_deleted_at is not None
        assert get(Contact, before).deleted_at is not None
        listed = db.session.scalars(contact_queries.contacts_of_customer(actor(), customer_id=customer_id)).all()
        assert {one.id for one in listed} == {along, shared}
        assert [one.id for one in db.session.scalars(invoice_queries.invoices(actor()))] == [kept]

    def test_a_contact_deleted_at_the_same_moment_by_another_act_stays_deleted(self):
        from datetime import UTC, datetime

        from app.core import clock

        customer_id = making.customer()
        contact_id = making.contact(customer_id)
        with clock.frozen(datetime(2026, 1, 1, tzinfo=UTC)):
            making.run(contacts.delete_contact, contact_id=contact_id)
            making.run(service.delete_customer, customer_id=customer_id)
        making.run(service.restore_customer, customer_id=customer_id)
        assert get(Contact, contact_id).deleted_at is not None

    def test_twice_deleted_and_twice_restored(self):
        customer_id = making.customer()
        contact_id = making.contact(customer_id)
        for _ in range(2):
            making.run(service.delete_customer, customer_id=customer_id)
            assert get(Contact, contact_id).deleted_at is not None
            making.run(service.restore_customer, customer_id=customer_id)
            assert get(Contact, contact_id).deleted_at is None

    def test_what_lives_is_not_restored(self):
        assert refused(Conflict, service.restore_customer, customer_id=making.customer()).code == "not_deleted"
        refused(NotFound, service.restore_customer, customer_id=999)

    def test_a_direct_contact_waits_for_its_customer(self):
        customer_id = making.customer()
        first, second = making.contact(customer_id), making.contact(customer_id)
        making.run(contacts.delete_contact, contact_id=first)
        making.run(service.delete_customer, customer_id=customer_id)
        for contact_id in (first, second):
            assert refused(Conflict, contacts.restore_contact, contact_id=contact_id).code == "parent_deleted"
        making.run(service.restore_customer, customer_id=customer_id)
        making.run(contacts.restore_contact, contact_id=first)
        assert get(Contact, first).deleted_at is None


class TestWhoMay:
    def test_support_sets_names_addresses_and_numbers_alone(self):
        customer_id = making.customer(email="a@x.example")
        making.run(
            service.update_customer,
            actor("support"),
            customer_id=customer_id,
            values={"last_name": "Lee", "address_line_1": "1 High Street", "number_1": "0161", "country": "GB"},
        )
        for name, value in {
            "email": "b@x.example", "website": "x.example", "email_billing": True, "email_bill_type": "long",
            "crm_reference": "C", "currency": "EUR", "language": "de", "status": None, "account_number": "OTHER",
        }.items():  # fmt: skip
            current = get(Customer, customer_id)
            same = CUSTOMER_FIELDS[name].current(current, name)
            making.run(service.update_customer, actor("support"), customer_id=customer_id, values={name: same})
            if value is None:
                continue
            refusal = refused(
                Forbidden, service.update_customer, actor("support"), customer_id=customer_id, values={name: value}
            )
            assert list(refusal.errors) == [name]
            assert refusal.code == "field_forbidden"

    def test_what_is_wrong_in_a_forbidden_field_is_forbidden(self):
        refusal = refused(
            Forbidden, service.update_customer, actor("support"), customer_id=making.customer(), values={"email": "x"}
        )
        assert list(refusal.errors) == ["email"]

    @pytest.mark.parametrize(("verb", "arguments"), [
        (service.create_customer, {"values": {"account_number": "A", "last_name": "L"}}),
        (service.delete_customer, {"customer_id": 1}),
        (service.restore_customer, {"customer_id": 1}),
    ])  # fmt: skip
    @pytest.mark.parametrize("who", ["support", "auditor"])
    def test_who_may_not(self, verb, arguments, who):
        refused(Forbidden, verb, actor(who), **arguments)

    def test_an_auditor_changes_nothing(self):
        refused(Forbidden, service.update_customer, actor("auditor"), customer_id=making.customer(), values={})


def test_signs_part_words_and_are_none_of_them_in_a_search():
    making.customer("AC1", company_name="100% Ltd", first_name="Ann", last_name="Lee", email="ann@x.example")
    making.customer("AC2", company_name="1000 Ltd")

    def found(text):
        statement = select(Customer.account_number).where(queries.matching(text))
        return sorted(db.session.scalars(statement))

    # A word's beginning: 100 begins 1000 too, and no sign stands for any letters, as it would in LIKE.
    assert found("100%") == found("100") == ["AC1", "AC2"]
    assert found("1000%") == ["AC2"]
    assert found("1%0") == found("1_0") == []
    assert found("ann lee") == ["AC1"]
    assert found("ANN@X") == ["AC1"]
    assert found("ac") == ["AC1", "AC2"]
    assert found("_") == []
