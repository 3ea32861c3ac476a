"""Two at once, on PostgreSQL: one wins, the other is told plainly, and nothing is half done."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Iterator

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import select

from app import create_app
from app.contacts import service as contacts
from app.contacts.models import Contact, ContactLink
from app.core.errors import DomainError
from app.core.unit_of_work import unit_of_work
from app.customers import queries as customer_queries
from app.customers import service as customers
from app.customers.models import Customer
from app.extensions import db
from app.invoices import service as invoices
from app.invoices.models import Invoice
from app.lookups.service import create_lookup, delete_lookup, restore_lookup
from tests.conftest import actor, postgresql_database, settings_for
from tests.core import making

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgresql_database() as address:
        app = create_app(settings_for(tmp_path_factory.mktemp("migrated"), address))
        with app.app_context():
            upgrade()
            db.session.remove()
            db.engine.dispose()
        yield address


@pytest.fixture(scope="module")
def app(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Return one application on PostgreSQL for all tests here; each makes customers of its own."""
    application = create_app(settings_for(tmp_path_factory.mktemp("instance"), url))
    with application.app_context():
        yield application
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def account(app, request):
    """Return an account number that no other test uses, and end what the session had begun."""
    yield str(zlib.crc32(request.node.name.encode()))
    db.session.remove()


def at_once(app, *acts):
    """Do all acts at once, while the test's own session holds nothing."""
    db.session.remove()
    return making.at_once(app, acts)


def get(model, *key):
    db.session.rollback()
    return db.session.get(model, key if len(key) > 1 else key[0])


ROUNDS = range(4)


def test_two_editors_of_one_record(app, account):
    customer_id = making.customer(account)
    for _ in ROUNDS:
        version = get(Customer, customer_id).version

        def edit(name, seen=version):
            return lambda: (
                making.run(
                    customers.update_customer, customer_id=customer_id, values={"last_name": name}, version=seen
                ).id
            )

        names = [f"Ann {version}", f"Bea {version}"]
        results = at_once(app, *(edit(name) for name in names))
        assert making.codes(results) == ["ok", "stale"]
        winner = names[0] if isinstance(results[1], DomainError) else names[1]
        assert (get(Customer, customer_id).last_name, get(Customer, customer_id).version) == (winner, version + 1)


def test_two_who_link_the_same_contact(app, account):
    customer_id = making.customer(account)
    for _ in ROUNDS:
        contact_id = making.contact()
        act = {"customer_id": customer_id, "contact_id": contact_id}
        results = at_once(app, *[lambda act=act: making.run(contacts.add_shared_contact, **act).contact_id] * 3)
        assert making.codes(results) == ["already_linked", "already_linked", "ok"]
        assert get(ContactLink, customer_id, contact_id) is not None


def test_two_who_unlink_the_same_contact(app, account):
    customer_id = making.customer(account)
    for _ in ROUNDS:
        act = {"customer_id": customer_id, "contact_id": making.contact()}
        making.run(contacts.add_shared_contact, **act)
        results = at_once(app, *[lambda act=act: making.run(contacts.remove_shared_contact, **act)] * 2)
        assert making.codes(results) == ["not_linked", "ok"]


def test_two_who_convert_the_same_contact(app, account):
    customer_id = making.customer(account)
    for _ in ROUNDS:
        contact_id = making.contact(customer_id)
        convert = [lambda at=contact_id: making.run(contacts.convert_to_shared, contact_id=at).id] * 3
        assert making.codes(at_once(app, *convert)) == ["already_shared", "already_shared", "ok"]
        assert get(Contact, contact_id).customer_id is None
        assert get(ContactLink, customer_id, contact_id) is not None


def test_converting_while_the_customer_is_deleted(app, account):
    for number in ROUNDS:
        customer_id = making.customer(f"{account}-{number}")
        contact_id = making.contact(customer_id)
        results = at_once(
            app,
            lambda at=contact_id: making.run(contacts.convert_to_shared, contact_id=at).id,
            lambda at=customer_id: making.run(customers.delete_customer, customer_id=at).id,
        )
        assert making.codes(results) in (["ok", "ok"], ["not_found", "ok"])
        converted = not isinstance(results[0], DomainError)
        assert get(Contact, contact_id).deleted_at is None if converted else get(Contact, contact_id).deleted_at


def test_adding_a_contact_while_the_customer_is_deleted(app, account):
    for number in ROUNDS:
        customer_id = making.customer(f"{account}-{number}")
        results = at_once(
            app,
            lambda at=customer_id: making.contact(at),
            lambda at=customer_id: making.run(customers.delete_customer, customer_id=at).id,
        )
        assert making.codes(results) in (["ok", "ok"], ["invalid", "ok"])
        db.session.rollback()
        left = select(Contact).where(Contact.customer_id == customer_id, Contact.deleted_at.is_(None))
        assert db.session.scalars(left).all() == []


def test_a_contact_comes_back_while_its_customer_is_deleted(app, account):
    for number in ROUNDS:
        customer_id = making.customer(f"{account}-{number}")
        contact_id = making.contact(customer_id)
        making.run(contacts.delete_contact, contact_id=contact_id)
        results = at_once(
            app,
            lambda at=contact_id: making.run(contacts.restore_contact, contact_id=at).id,
            lambda at=customer_id: making.run(customers.delete_customer, customer_id=at).id,
        )
        assert making.codes(results) in (["ok", "ok"], ["ok", "parent_deleted"])
        assert get(Contact, contact_id).deleted_at is not None


def test_a_contact_that_waits_for_its_customers_lock_sees_that_it_was_deleted(app, account):
    """The order that the test above meets by chance, forced: the restore begins, the deletion commits, it goes on."""
    customer_id = making.customer(account)
    contact_id = making.contact(customer_id)
    making.run(contacts.delete_contact, contact_id=contact_id)
    inside = threading.Event()

    def delete():
        with unit_of_work(db.session) as work:
            customers.delete_customer(work, actor(), customer_id=customer_id)
            inside.set()
            threading.Event().wait(0.5)

    def restore():
        assert inside.wait(20)
        return making.run(contacts.restore_contact, contact_id=contact_id).id

    assert making.codes(at_once(app, delete, restore)) == ["ok", "parent_deleted"]


def test_linking_while_the_contact_is_deleted(app, account):
    customer_id = making.customer(account)
    for _ in ROUNDS:
        contact_id = making.contact()
        results = at_once(
            app,
            lambda at=contact_id: (
                making.run(contacts.add_shared_contact, customer_id=customer_id, contact_id=at).contact_id
            ),
            lambda at=contact_id: making.run(contacts.delete_contact, contact_id=at).id,
        )
        assert making.codes(results) in (["ok", "ok"], ["not_found", "ok"])


def test_two_sends_of_one_invoice_make_one_set_of_messages(app, account):
    customer_id = making.billed(account, f"a@{account}.example, b@{account}.example")
    for _ in ROUNDS:
        invoice_id = making.invoice(customer_id)
        results = at_once(app, *[lambda at=invoice_id: len(making.send(at).messages)] * 3)
        assert sorted(results, key=str) == [0, 0, 2]
        assert [one.state for one in making.messages() if one.document_id == invoice_id] == ["queued"] * 2


def test_two_invoices_of_one_customer_have_different_numbers(app, account):
    customer_id = making.customer(account)
    results = at_once(app, *[lambda: making.invoice(customer_id)] * 6)
    assert making.codes(results) == ["ok"] * 6
    numbers = {get(Invoice, one).number for one in results}
    assert numbers == {f"{account}/{number}" for number in range(1, 7)}


def test_approving_while_somebody_edits(app, account):
    customer_id = making.customer(account)
    for _ in ROUNDS:
        invoice_id = making.invoice(customer_id)
        version = get(Invoice, invoice_id).version
        results = at_once(
            app,
            lambda at=invoice_id, seen=version: making.run(invoices.approve_invoice, invoice_id=at, version=seen).id,
            lambda at=invoice_id, seen=version: (
                making.run(invoices.update_invoice, invoice_id=at, values={"lines": []}, version=seen).id
            ),
        )
        assert making.codes(results) == ["ok", "stale"]
        found = get(Invoice, invoice_id)
        assert (found.status, len(found.lines)) in {("approved", 1), ("draft", 0)}


def test_two_customers_of_one_number(app, account):
    results = at_once(app, *[lambda: making.customer(account)] * 3)
    assert making.codes(results) == ["duplicate", "duplicate", "ok"]


def test_two_rows_of_one_name(app, account):
    act = [lambda: making.run(create_lookup, resource="topic", values={"name": account}).id] * 3
    assert making.codes(at_once(app, *act)) == ["duplicate", "duplicate", "ok"]


def test_what_is_locked_is_not_waited_for_for_ever(app, account):
    """Two who want two records in opposite orders: the database ends the embrace, and one is told to try again."""
    first, second = making.customer(f"{account}-1"), making.customer(f"{account}-2")
    both = threading.Barrier(2)

    def embrace(one, other):
        def act():
            with unit_of_work(db.session) as work:
                customer_queries.customer(work, actor(), customer_id=one, lock=True)
                both.wait(20)
                customer_queries.customer(work, actor(), customer_id=other, lock=True)

        return act

    assert making.codes(at_once(app, embrace(first, second), embrace(second, first))) == ["busy", "ok"]


def test_several_who_restore_the_same_records(app, account):
    for number in ROUNDS:
        customer_id = making.customer(f"{account}-{number}")
        contact_id, invoice_id = making.contact(customer_id), making.invoice(customer_id)
        making.run(contacts.delete_contact, contact_id=contact_id)
        making.run(invoices.delete_invoice, invoice_id=invoice_id)
        acts = [lambda at=contact_id: making.run(contacts.restore_contact, contact_id=at).id] * 3
        assert making.codes(at_once(app, *acts)) == ["not_deleted", "not_deleted", "ok"]
        acts = [lambda at=invoice_id: making.run(invoices.restore_invoice, invoice_id=at).id] * 3
        assert making.codes(at_once(app, *acts)) == ["not_deleted", "not_deleted", "ok"]
        making.run(customers.delete_customer, customer_id=customer_id)
        acts = [lambda at=customer_id: making.run(customers.restore_customer, customer_id=at).id] * 3
        assert making.codes(at_once(app, *acts)) == ["not_deleted", "not_deleted", "ok"]
        for model, key in ((Customer, customer_id), (Contact, contact_id), (Invoice, invoice_id)):
            assert get(model, key).deleted_at is None


def test_one_restores_what_another_purges(app, account):
    for number in ROUNDS:
        customer_id = making.customer(f"{account}-{number}")
        contact_id = making.contact(customer_id)
        making.run(customers.delete_customer, customer_id=customer_id)
        results = at_once(
            app,
            lambda at=customer_id: making.run(customers.restore_customer, customer_id=at).id,
            lambda at=customer_id: making.run(customers.purge_customer, customer_id=at, reason="They asked."),
        )
        assert making.codes(results) in (["not_deleted", "ok"], ["not_found", "ok"])
        row, person = get(Customer, customer_id), get(Contact, contact_id)
        # All of it is back, or all of it is gone.
        assert (row.deleted_at is None) is (row.purged_at is None) is (person.purged_at is None)
        assert (person.deleted_at is None) is (row.deleted_at is None)
        assert (person.last_name is None) is (row.company_name is None) is (row.purged_at is not None)


def test_two_rows_of_one_name_where_one_is_restored(app, account):
    number = making.run(create_lookup, resource="topic", values={"name": account}).id
    making.run(delete_lookup, resource="topic", lookup_id=number)
    results = at_once(
        app,
        lambda: making.run(restore_lookup, resource="topic", lookup_id=number).id,
        lambda: making.run(create_lookup, resource="topic", values={"name": account}).id,
    )
    assert making.codes(results) == ["duplicate", "ok"]
