"""How long planning takes: 10,000 invoices, each with a comma list of two addresses and three contacts."""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app.core.bill_format import BillFormat
from app.mailer.planning.rules import Circumstances, Contact, Customer, Document, DocumentKind, Link, plan

INVOICES = 10_000
ROUNDS = 5


def once() -> float:
    customer = Customer(
        id=1,
        name="Acme",
        emails=("accounts@acme.example", "office@acme.example"),
        email_billing=True,
        email_bill_type=BillFormat.SHORT,
    )
    formats = (BillFormat.SHORT, BillFormat.LONG, BillFormat.FULL)
    contacts = [
        Contact(
            id=number, name=f"Contact {number}", link=Link.DIRECT, email=f"c{number}@acme.example", email_bill_type=form
        )
        for number, form in enumerate(formats, start=1)
    ]
    started = time.perf_counter()
    for number in range(INVOICES):
        document = Document(kind=DocumentKind.INVOICE, id=number, number=f"A/{number}", version=1)
        made = plan(document, customer, contacts, Circumstances())
        assert len(made.messages) == len(customer.emails) + len(contacts)
    return time.perf_counter() - started


if __name__ == "__main__":
    times = sorted(once() for _ in range(ROUNDS))
    print(f"plan {INVOICES:,} invoices, 3 contacts each, without the database, {ROUNDS} rounds:")
    print(f"  least {times[0]:.2f} s   median {times[len(times) // 2]:.2f} s   most {times[-1]:.2f} s   (bar: 5 s)")
