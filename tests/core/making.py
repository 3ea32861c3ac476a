"""Makers of records for the tests of services, and what those tests look at afterwards."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from app.contacts.service import create_contact
from app.core.audit import Touch, Verb, record
from app.core.errors import DomainError
from app.core.models import AuditEntry
from app.core.unit_of_work import unit_of_work
from app.customers.service import create_customer
from app.extensions import db
from app.invoices.service import create_invoice, send_invoice
from app.invoices.source import InvoiceSource
from app.lookups.service import create_lookup
from app.mailer.models import Message
from app.mailer.planning.choices import Choices
from app.mailer.planning.facts import Defaults
from app.mailer.suppressions.models import Suppression
from tests.conftest import actor

DEFAULTS = Defaults(language="en", usage_module=True, domain="mail.example")
LINE = {"description": "Line rental", "quantity": "2", "unit_price": "12.50", "tax_rate": "20"}
DATES = {"invoice_date": "2026-03-01", "due_date": "2026-03-31"}


def run(verb: Callable[..., Any], who: Any = None, **arguments: Any) -> Any:
    """Run a verb in its own unit of work."""
    with unit_of_work(db.session) as work:
        return verb(work, who or actor(), **arguments)


def lookup(resource: str, name: str, **values: Any) -> int:
    """Make a row of a list; return its id."""
    if resource == "correspondence_type":
        values.setdefault("correspondence_class", "billing")
    return run(create_lookup, resource=resource, values={"name": name, **values}).id


def dealers(*codes: str) -> None:
    for code in codes:
        lookup("dealer", f"Dealer {code}", code=code)


def customer(account: str = "AC1", **values: Any) -> int:
    """Make a customer; return its id."""
    given = {"account_number": account, "company_name": f"Company {account}", **values}
    return run(create_customer, values=given).id


def billed(account: str = "AC1", email: str = "bills@acme.example", **values: Any) -> int:
    """Make a customer whose own addresses get bills."""
    given = {"email_billing": True, "email_bill_type": "short", **values}
    return customer(account, email=email, **given)


def contact(customer_id: int | None = None, **values: Any) -> int:
    """Make a contact, shared unless it has a customer; return its id."""
    given = {"last_name": "Jones", "customer_id": customer_id, **values}
    return run(create_contact, values=given).id


def invoice(customer_id: int, **values: Any) -> int:
    """Make a draft; return its id."""
    given = {"customer_id": customer_id, **DATES, "lines": [LINE], **values}
    return run(create_invoice, values=given, default_currency="GBP").id


def send(invoice_id: int, who: Any = None, *, fingerprint: str | None = None, **choices: Any) -> Any:
    """Send an invoice; return the plan that was executed."""
    chosen = Choices.checked(recipients=choices.pop("recipients", None), untick=choices.pop("untick", None))
    return run(
        send_invoice, who, invoice_id=invoice_id, choices=chosen, fingerprint=fingerprint, defaults=DEFAULTS, **choices
    )


def no_usage_reports(patch: Any) -> None:
    """Have no usage report be made, as long as pytest's `patch` lasts."""
    patch.setattr(InvoiceSource, "usage_reports", lambda _: frozenset())


def suppress(address: str, reason: str = "It bounced.") -> int:
    """Suppress an address, as a bounce would."""
    with unit_of_work(db.session) as session:
        row = Suppression(address=address, address_normalised=address.lower(), reason=reason)
        session.add(row)
        session.flush()
        touched = [Touch("suppression", row.id, address)]
        record(session, actor(), verb=Verb.MESSAGE_HELD, touched=touched)
        return row.id


def messages() -> list[Message]:
    """Return all messages, oldest first, as the database has them."""
    db.session.rollback()
    return list(db.session.scalars(select(Message).order_by(Message.id)))


def states() -> dict[str, str]:
    """Return the state of each message by its address."""
    return {one.address: one.state for one in messages()}


def trail() -> list[AuditEntry]:
    """Return the audit trail, oldest first."""
    db.session.rollback()
    return list(db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)))


def last_entry() -> tuple[str, list[tuple[str, int]]]:
    """Return the verb of the last entry, and the records that it names."""
    entry = trail()[-1]
    return entry.verb, [(one.resource, one.record_id) for one in entry.touched]


def at_once(app: Flask, acts: Iterable[Callable[[], Any]], *, seconds: float = 60) -> list[Any]:
    """Do all acts at the same time, each in a thread with a context of its own; return results and exceptions."""
    acts = list(acts)
    start = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def act(index: int) -> None:
        with app.app_context():
            start.wait(20)
            try:
                results[index] = acts[index]()
            except Exception as error:  # noqa: BLE001  what went wrong is what the test looks at
                results[index] = error
            finally:
                db.session.remove()

    threads = [threading.Thread(target=act, args=(index,)) for index in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds)
    return results


def codes(results: Iterable[Any]) -> list[str]:
    """Return `ok` or the refusal's code for each result, sorted; anything but a refusal is raised."""
    found = []
    for result in results:
        if isinstance(result, DomainError):
            found.append(result.code)
        elif isinstance(result, BaseException):
            raise result
        else:
            found.append("ok")
    return sorted(found)


@contextmanager
def unaudited() -> Iterator[None]:
    """Let a block write a record without an entry, and give a message any state, for a test of something else."""
    any_state()
    event.listen(Session, "after_flush", _unmark)
    try:
        yield
    finally:
        event.remove(Session, "after_flush", _unmark)


def any_state() -> None:
    """Have the test's database take any state of a message, past the table of which may follow which."""
    on = "" if db.engine.dialect.name == "sqlite" else " ON message"
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.execute(text(f"DROP TRIGGER IF EXISTS message_state_follows{on}"))


def _unmark(session: Session, _context: object) -> None:
    session.info.pop("audit_marks", None)
