"""Each verb leaves one entry that names what it touched, from and to; nobody changes it, and no secret is in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from app.contacts import service as contacts
from app.core import audit, clock
from app.core.actor import Actor, Door
from app.core.audit import Touch, Verb
from app.core.errors import DomainError
from app.core.models import AuditEntry, AuditRecord
from app.core.unit_of_work import unit_of_work
from app.customers import service as customers
from app.extensions import db
from app.invoices import service as invoices
from app.issuer import service as issuers
from app.lookups import service as lookups
from app.mailer import service as mailer
from tests.conftest import POSTGRESQL, actor
from tests.core import making

pytestmark = pytest.mark.usefixtures("app")
SECRET = "swordfish-under-the-mat"


def newest(count: int) -> list[AuditEntry]:
    return making.trail()[count:]


def test_every_verb_leaves_one_entry_that_names_each_record_it_touched():
    """The story of an account, act by act."""
    story: list[tuple[Callable[[], object], str, Callable[[dict], list[tuple[str, int]]]]] = []
    ids: dict[str, int] = {}

    def tell(act, verb, touched):
        story.append((act, verb, touched))

    def keep(name, act):
        def do():
            ids[name] = act()

        return do

    def of(*names):
        return lambda ids: [(name.rstrip("2"), ids[name]) for name in names]

    who = actor()
    tell(keep("topic", lambda: making.lookup("topic", "Bills")), "lookup:created", of("topic"))
    tell(keep("customer", making.billed), "customer:created", of("customer"))
    tell(
        keep("contact", lambda: making.contact(ids["customer"])),
        "contact:created",
        of("contact", "customer"),
    )
    tell(
        lambda: making.run(contacts.update_contact, contact_id=ids["contact"], values={"first_name": "Ann"}),
        "contact:updated",
        of("contact", "customer"),
    )
    tell(
        lambda: making.run(contacts.convert_to_shared, contact_id=ids["contact"]),
        "contact:converted_to_shared",
        of("contact", "customer"),
    )
    tell(keep("customer2", lambda: making.customer("AC2")), "customer:created", of("customer2"))
    tell(
        lambda: making.run(contacts.add_shared_contact, customer_id=ids["customer2"], contact_id=ids["contact"]),
        "customer:shared_contact_added",
        of("customer2", "contact"),
    )
    tell(
        lambda: making.run(contacts.update_contact, contact_id=ids["contact"], values={"first_name": "Jo"}),
        "contact:updated",
        of("contact", "customer", "customer2"),
    )
    tell(
        lambda: making.run(contacts.delete_contact, contact_id=ids["contact"]),
        "contact:deleted",
        of("contact", "customer", "customer2"),
    )
    tell(
        lambda: making.run(contacts.restore_contact, contact_id=ids["contact"]),
        "contact:restored",
        of("contact", "customer", "customer2"),
    )
    tell(
        lambda: making.run(contacts.remove_shared_contact, customer_id=ids["customer2"], contact_id=ids["contact"]),
        "customer:shared_contact_removed",
        of("customer2", "contact"),
    )
    tell(keep("contact2", lambda: making.contact(ids["customer"])), "contact:created", of("contact2", "customer"))
    tell(
        lambda: making.run(customers.update_customer, customer_id=ids["customer2"], values={"last_name": "Lee"}),
        "customer:updated",
        of("customer2"),
    )
    tell(
        lambda: making.run(contacts.delete_contact, contact_id=ids["contact2"]),
        "contact:deleted",
        of("contact2", "customer"),
    )
    tell(
        lambda: making.run(contacts.restore_contact, contact_id=ids["contact2"]),
        "contact:restored",
        of("contact2", "customer"),
    )
    tell(
        lambda: making.run(lookups.update_lookup, resource="topic", lookup_id=ids["topic"], values={"active": False}),
        "lookup:updated",
        of("topic"),
    )
    tell(
        lambda: making.run(lookups.delete_lookup, resource="topic", lookup_id=ids["topic"]),
        "lookup:deleted",
        of("topic"),
    )
    tell(
        lambda: making.run(lookups.restore_lookup, resource="topic", lookup_id=ids["topic"]),
        "lookup:restored",
        of("topic"),
    )
    tell(keep("invoice", lambda: making.invoice(ids["customer"])), "invoice:created", of("invoice", "customer"))
    tell(
        lambda: making.run(invoices.update_invoice, invoice_id=ids["invoice"], values={"currency": "EUR"}),
        "invoice:updated",
        of("invoice"),
    )
    tell(lambda: making.run(invoices.approve_invoice, invoice_id=ids["invoice"]), "invoice:approved", of("invoice"))
    tell(
        keep("message", lambda: making.send(ids["invoice"]).messages[0].message_id),
        "invoice:sent",
        of("invoice", "message"),
    )
    tell(lambda: making.run(mailer.cancel_message, message_id=ids["message"]), "message:cancelled", of("message"))
    tell(keep("invoice2", lambda: making.invoice(ids["customer"])), "invoice:created", of("invoice2", "customer"))
    tell(lambda: making.run(invoices.delete_invoice, invoice_id=ids["invoice2"]), "invoice:deleted", of("invoice2"))
    tell(lambda: making.run(invoices.restore_invoice, invoice_id=ids["invoice2"]), "invoice:restored", of("invoice2"))
    tell(
        lambda: making.run(issuers.update_issuer, issuer_id=1, values={"name": "Sender Ltd"}),
        "issuer:updated",
        lambda _: [("issuer", 1)],
    )
    for act, verb, touched in story:
        before = len(making.trail())
        act()
        entries = newest(before)
        assert [one.verb for one in entries] == [verb]
        assert [(one.resource, one.record_id) for one in entries[0].touched] == touched(ids), verb
        assert (entries[0].username, entries[0].user_id, entries[0].door) == (who.username, who.user_id, "screen")


def test_deleting_and_restoring_a_customer_name_all_that_went_along():
    customer_id = making.customer()
    first, second = making.contact(customer_id), making.contact(customer_id)
    making.run(customers.delete_customer, customer_id=customer_id)
    verb, touched = making.last_entry()
    assert verb == "customer:deleted"
    assert touched[0] == ("customer", customer_id)
    assert {("contact", first), ("contact", second)} <= set(touched)
    making.run(customers.restore_customer, customer_id=customer_id)
    assert making.last_entry() == ("customer:restored", touched)


def test_what_from_and_what_to():
    topics = [making.lookup("topic", name) for name in ("Bills", "Faults")]
    contact_id = making.contact(first_name="Ann", contact_regarding=topics[:1])
    values = {"first_name": "Bea", "last_name": "Jones", "contact_regarding": topics, "position": ""}
    making.run(contacts.update_contact, contact_id=contact_id, values=values)
    touched = making.trail()[-1].touched[0]
    assert touched.changes == {"first_name": ["Ann", "Bea"], "contact_regarding": [topics[:1], topics]}
    assert touched.label == "Bea Jones"


def test_a_change_of_nothing_leaves_no_entry():
    contact_id = making.contact(first_name="Ann")
    before = len(making.trail())
    making.run(contacts.update_contact, contact_id=contact_id, values={"first_name": "Ann"})
    assert newest(before) == []


def test_a_refusal_leaves_no_entry():
    before = len(making.trail())
    with pytest.raises(DomainError):
        making.customer("AC1", country="??")
    with pytest.raises(DomainError):
        making.run(customers.create_customer, actor("auditor"), values={"account_number": "A", "last_name": "L"})
    assert newest(before) == []


@pytest.mark.parametrize("door", list(Door))
def test_the_door_is_told(door):
    making.run(lookups.create_lookup, actor(door=door), resource="topic", values={"name": "Bills"})
    assert making.trail()[-1].door == door.value


def test_the_program_itself_is_told_by_its_door():
    making.run(lookups.create_lookup, Actor.system(Door.IMPORT), resource="topic", values={"name": "Bills"})
    entry = making.trail()[-1]
    assert (entry.user_id, entry.username, entry.door) == (None, "import", "import")


def test_the_time_is_the_clocks():
    moment = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
    with clock.frozen(moment):
        making.lookup("topic", "Bills")
    assert making.trail()[-1].at == moment


def test_values_become_what_json_can_hold():
    class Colour(StrEnum):
        RED = "red"

    with unit_of_work(db.session) as work:
        changes = {
            "time": (None, datetime(2026, 1, 2, 3, 4, tzinfo=UTC)),
            "date": (None, date(2026, 1, 2)),
            "amount": (Decimal("1.50"), Decimal("2.50")),
            "set": ({3, 1}, frozenset({2})),
            "word": (None, Colour.RED),
            "lines": ([], [{"net": Decimal(1)}]),
        }
        audit.record(work, actor(), verb=Verb.ISSUER_UPDATED, touched=[Touch("issuer", 1, "x" * 500, changes)])
    touched = making.trail()[-1].touched[0]
    assert touched.changes == {
        "time": [None, "2026-01-02T03:04:00+00:00"],
        "date": [None, "2026-01-02"],
        "amount": ["1.50", "2.50"],
        "set": [[1, 3], [2]],
        "word": [None, "red"],
        "lines": [[], [{"net": "1"}]],
    }
    assert len(touched.label) == 300


def test_the_vocabulary_is_closed_and_fits_its_column():
    assert all(re.fullmatch(r"[a-z_]+:[a-z_]+", verb) and len(verb) <= 64 for verb in Verb)
    with unit_of_work(db.session) as work, pytest.raises(AttributeError):
        audit.record(work, actor(), verb="customer:teleported", touched=[])  # type: ignore[arg-type]


@pytest.mark.parametrize("table", [AuditEntry.__tablename__, AuditRecord.__tablename__])
@pytest.mark.parametrize("statement", ["UPDATE {table} SET id = id + 1000", "DELETE FROM {table}"])
def test_the_database_refuses_to_change_the_trail(table, statement):
    making.customer()
    before = [(one.id, one.verb, [row.id for row in one.touched]) for one in making.trail()]
    assert before
    with pytest.raises(DatabaseError, match="append-only"), db.engine.begin() as connection:
        connection.execute(text(statement.format(table=table)))
    assert [(one.id, one.verb, [row.id for row in one.touched]) for one in making.trail()] == before


@pytest.mark.skipif(bool(POSTGRESQL), reason="SQLite's way to overwrite a row")
def test_no_row_of_the_trail_is_replaced():
    making.customer()
    columns = "id, at, username, door, verb"
    with pytest.raises(DatabaseError, match="append-only"), db.engine.begin() as connection:
        connection.execute(
            text(f"INSERT OR REPLACE INTO audit_entry ({columns}) SELECT id, at, 'nobody', door, verb FROM audit_entry")  # noqa: S608
        )
    assert making.trail()[-1].username == "admin"


def dump() -> str:
    """Return all that the database holds, as text."""
    db.session.rollback()
    with db.engine.connect() as connection:
        if db.engine.dialect.name == "sqlite":
            return "\n".join(connection.connection.dbapi_connection.iterdump())
        tables = connection.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename != 'alembic_version'")
        ).all()
        return "\n".join(
            str(row)
            for table in tables
            for row in connection.execute(text(f'SELECT t::text FROM "{table}" t'))  # noqa: S608
        )


def test_a_password_is_nowhere_but_as_a_hash():
    contact_id = making.contact(account_password=SECRET, first_name="Planted")
    making.run(contacts.update_contact, contact_id=contact_id, values={"account_password": SECRET + "-2"})
    everything = dump()
    assert "Planted" in everything
    assert SECRET not in everything
    hashed = db.session.get_one(contacts.Contact, contact_id).account_password_hash
    assert everything.count(hashed) == 1
    changes = [one.touched[0].changes for one in making.trail()[-2:]]
    assert changes[0]["account_password"] == [None, "set"]
    assert changes[1] == {"account_password": ["set", "set"]}
    making.run(contacts.update_contact, contact_id=contact_id, values={"account_password": None})
    assert making.trail()[-1].touched[0].changes == {"account_password": ["set", None]}


def test_a_refused_password_is_in_no_error():
    with pytest.raises(DomainError) as refusal:
        making.contact(last_name=None, account_password=SECRET * 20)
    assert SECRET not in str(refusal.value.as_dict())
