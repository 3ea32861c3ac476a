"""Whatever is done comes to the same by each door: the same answers, the same rows, messages and audit trail."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import text

from app import create_app
from app.extensions import db
from tests.conftest import OwnContextClient, settings_for
from tests.doors.doors import REFUSED, CommandLine, Rest, Screen
from tests.doors.model import Model

pytestmark = pytest.mark.slow

FULL = os.environ.get("COUNTERPART_TEST_FULL") == "1"
# Those that there are from the start come up most: much is to happen to them.
CUSTOMER = st.sampled_from([1, 1, 1, 2, 3])
CONTACT = st.sampled_from([1, 1, 2, 2, 2, 3, 4])
BILLS = st.sampled_from(["none", "short", "long"])
# Two spellings of one address, another one, none, and one that is wrong.
EMAILS = st.sampled_from(["kit@moss.example", "KIT@moss.example", "rosa@klein.example", None, "not an address"])
NAMES = st.sampled_from(["Moss", "Klein", "Ünal", "O'Neill", None])
DUMPS = {
    "customers": "SELECT id, account_number, company_name, deleted_at IS NULL, version FROM customer ORDER BY id",
    "contacts": "SELECT id, last_name, email, email_normalised, email_bill_type, customer_id, deleted_at IS NULL,"
    " version FROM contact ORDER BY id",
    "links": "SELECT customer_id, contact_id, linked_by FROM contact_link ORDER BY customer_id, contact_id",
    "invoices": "SELECT id, number, customer_id, status, total, deleted_at IS NULL FROM invoice ORDER BY id",
    "messages": "SELECT document_number, address, format, state, reasons FROM message ORDER BY document_id, address",
    "audit": "SELECT verb, username FROM audit_entry WHERE verb NOT LIKE '%logged%' ORDER BY id",
    "touched": "SELECT resource, record_id, label, changes FROM audit_record WHERE resource <> 'user'"
    " ORDER BY entry_id, id",
}


def applications(template: Path, folder: Path) -> list[Any]:
    """Return a door of each kind, each with an application and a database of its own."""
    doors = []
    for kind in (CommandLine, Rest, Screen):
        place = folder / kind.__name__
        place.mkdir()
        shutil.copy(template, place / "counterpart.sqlite")
        app = create_app(settings_for(place))
        app.test_client_class = OwnContextClient
        app.config["RATELIMIT_ENABLED"] = False
        app.appbuilder.sm.limiter.enabled = False
        assert app.config["WTF_CSRF_ENABLED"]
        door = kind(app)
        door.start()
        _close(app)
        door.database = place / "counterpart.sqlite"
        shutil.copy(door.database, place / "fresh.sqlite")
        doors.append(door)
    return doors


def _close(app: Any) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


class SameByEachDoor(RuleBasedStateMachine):
    """Each step is taken by every door, and by the model."""

    doors: ClassVar[list[Any]] = []
    steps: ClassVar[dict[str, int]] = {}

    @initialize()
    def begin(self) -> None:
        self.model = Model()
        for door in self.doors:
            _close(door.app)
            shutil.copy(door.database.with_name("fresh.sqlite"), door.database)
        self._by_all("add_customer", account_number="AC1", company_name="First")
        self._by_all("add_contact", last_name="Moss", email="kit@moss.example", email_bill_type="short", customer_id=1)
        self._by_all("add_contact", last_name="Klein", email=None, email_bill_type="none", customer_id=None)
        self._by_all("link", 1, 2)
        self._by_all("add_invoice", 1)

    def _by_all(self, verb: str, *numbers: Any, **given: Any) -> None:
        expected = getattr(self.model, verb)(*numbers, **given)
        for door in self.doors:
            status, code = getattr(door, verb)(*numbers, **given)
            where = f"{verb}{numbers}{given} by {door.name.value}"
            same = status == expected[0] or (status == REFUSED and expected[0] in (404, 409, 422))
            assert same, f"{where}: {status} {code} instead of {expected}"
            assert code in ("", expected[1]), f"{where}: {code} instead of {expected[1]}"
        self.steps[f"{verb} {expected[1]}"] = self.steps.get(f"{verb} {expected[1]}", 0) + 1

    @rule(number=st.integers(1, 3), name=st.sampled_from(["Acme", ""]))
    def add_customer(self, number: int, name: str) -> None:
        self._by_all("add_customer", account_number=f"AC{number}", company_name=name)

    @rule(last_name=NAMES, email=EMAILS, bill=BILLS, customer=st.sampled_from([None, None, 1, 1, 2, 3]))
    def add_contact(self, last_name: Any, email: Any, bill: str, customer: Any) -> None:
        self._by_all("add_contact", last_name=last_name, email=email, email_bill_type=bill, customer_id=customer)

    @rule(number=CONTACT, last_name=NAMES, email=EMAILS, bill=BILLS)
    def edit_contact(self, number: int, last_name: Any, email: Any, bill: str) -> None:
        self._by_all("edit_contact", number, last_name=last_name, email=email, email_bill_type=bill)

    @rule(customer=CUSTOMER, contact=CONTACT)
    def link(self, customer: int, contact: int) -> None:
        self._by_all("link", customer, contact)

    @rule(customer=CUSTOMER, contact=CONTACT)
    def unlink(self, customer: int, contact: int) -> None:
        self._by_all("unlink", customer, contact)

    @rule(number=CONTACT)
    def convert(self, number: int) -> None:
        self._by_all("convert", number)

    @rule(kind=st.sampled_from(["customer", "contact", "contact"]), number=CONTACT)
    def delete(self, kind: str, number: int) -> None:
        self._by_all("delete", kind, number)

    @rule(kind=st.sampled_from(["customer", "contact"]), number=CONTACT)
    def restore(self, kind: str, number: int) -> None:
        self._by_all("restore", kind, number)

    @rule(customer=st.integers(1, 2))
    def add_invoice(self, customer: int) -> None:
        self._by_all("add_invoice", customer)

    @rule(invoice=st.sampled_from([1, 1, 2]))
    def send(self, invoice: int) -> None:
        self._by_all("send", invoice)

    def teardown(self) -> None:
        if not hasattr(self, "model"):
            return
        states = {door.name.value: _dump(door.app) for door in self.doors}
        first = states["cli"]
        for name, state in states.items():
            for part, rows in state.items():
                assert rows == first[part], f"{part} by {name}"
        expected = self.model.dump()
        assert {n: (a, bool(alive)) for n, a, _, alive, _ in first["customers"]} == expected["customers"]
        assert {row[0]: (row[1], row[2], row[4], row[5], bool(row[6])) for row in first["contacts"]} == expected[
            "contacts"
        ]
        assert [row[:2] for row in first["links"]] == expected["links"]
        numbers = {row[1]: row[0] for row in first["invoices"]}
        mails = sorted((numbers[row[0]], row[1].lower(), row[2]) for row in first["messages"])
        assert mails == expected["mails"]


def _read(value: Any) -> Any:
    """Read what is kept as JSON: the order of its names says nothing."""
    return json.loads(value) if isinstance(value, str) and value[:1] in ("{", "[") else value


def _dump(app: Any) -> dict[str, list[tuple[Any, ...]]]:
    with app.app_context():
        rows = {
            name: [tuple(map(_read, row)) for row in db.session.execute(text(query))] for name, query in DUMPS.items()
        }
        db.session.remove()
        return rows


def test_screen_rest_and_command_line_come_to_the_same(template, tmp_path):
    SameByEachDoor.doors, SameByEachDoor.steps = applications(template, tmp_path), {}
    run_state_machine_as_test(
        SameByEachDoor,
        settings=settings(
            max_examples=500 if FULL else 25,
            stateful_step_count=40 if FULL else 15,
            deadline=None,
            derandomize=not FULL,
            database=None,
            # Each step goes through three doors: making a failure smaller would take many minutes.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
    for door in SameByEachDoor.doors:
        _close(door.app)


def test_a_script_with_each_outcome_comes_to_the_same(template, tmp_path):
    """What a short search may miss: every verb done, and every refusal that it knows, in one script."""
    SameByEachDoor.doors, SameByEachDoor.steps = applications(template, tmp_path), {}
    one = SameByEachDoor()
    one.begin()
    one.link(customer=1, contact=2)
    one.link(customer=1, contact=1)
    one.link(customer=3, contact=2)
    one.add_contact(last_name="Moss", email="KIT@moss.example", bill="long", customer=1)
    one.send(invoice=1)
    one.edit_contact(number=1, last_name="Ünal", email="rosa@klein.example", bill="short")
    one.edit_contact(number=1, last_name=None, email=None, bill="short")
    one.convert(number=1)
    one.convert(number=1)
    one.unlink(customer=1, contact=2)
    one.unlink(customer=1, contact=2)
    one.add_customer(number=2, name="Acme")
    one.add_customer(number=2, name="Acme")
    one.add_customer(number=3, name="")
    one.link(customer=2, contact=1)
    one.add_invoice(customer=2)
    one.send(invoice=2)
    one.delete(kind="contact", number=3)
    one.delete(kind="customer", number=1)
    one.delete(kind="customer", number=1)
    one.restore(kind="contact", number=3)
    one.restore(kind="customer", number=1)
    one.restore(kind="customer", number=1)
    one.restore(kind="contact", number=3)
    one.delete(kind="contact", number=1)
    one.restore(kind="contact", number=1)
    one.teardown()
    for door in SameByEachDoor.doors:
        _close(door.app)
    outcomes = {step.split()[0]: set() for step in SameByEachDoor.steps}
    for step in SameByEachDoor.steps:
        verb, code = step.split()
        outcomes[verb].add(code)
    assert outcomes == {
        "add_customer": {"ok", "duplicate", "invalid"},
        "add_contact": {"ok"},
        "add_invoice": {"ok"},
        "edit_contact": {"ok", "invalid"},
        "link": {"ok", "already_linked", "not_shared", "not_found"},
        "unlink": {"ok", "not_linked"},
        "convert": {"ok", "already_shared"},
        "delete": {"ok", "not_found"},
        "restore": {"ok", "not_deleted", "parent_deleted"},
        "send": {"ok"},
    }
