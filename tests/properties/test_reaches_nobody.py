"""An invoice is flagged on the home page exactly when its plan says that it reaches nobody: over random customers.

The worlds are those of the one-copy law, put into the database; copies that were sent again are drawn on top of them.
"""

from __future__ import annotations

import itertools
import os
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.contacts.models import Contact, ContactLink
from app.core import clock
from app.core.addresses import normalise
from app.customers.models import Customer
from app.extensions import db
from app.invoices.models import Invoice
from app.invoices.queries import reaching_nobody
from app.invoices.service import plan_invoice
from app.lookups.models import CustomerStatus
from app.mailer.models import Message
from app.mailer.planning.choices import Choices
from app.mailer.suppressions.models import Suppression
from tests.conftest import actor
from tests.core import making
from tests.properties.test_one_copy_law import MAILBOXES, STATES, spelling_of, worlds

pytestmark = pytest.mark.slow

EXAMPLES = 2_000 if os.environ.get("COUNTERPART_TEST_FULL") == "1" else 200
_numbers = itertools.count(1)
DAYS = {"invoice_date": date(2026, 1, 1), "due_date": date(2026, 2, 1), "currency": "GBP"}

# The states of what was sent again to a mailbox, the first of them after what the world has there.
again = st.dictionaries(st.integers(0, 5), st.lists(st.sampled_from(STATES), min_size=1, max_size=2), max_size=2)


@st.composite
def cases(draw):
    """Draw a world in which each gate is often the one that decides, what was sent again, and an unsent status."""
    world = draw(worlds())
    people = draw(st.lists(st.sampled_from(world["contacts"]), max_size=2, unique_by=id)) if world["contacts"] else []
    return (
        world
        | {
            "customer": world["customer"] | {"billing": draw(st.booleans())},
            "contacts": [person | {"deleted": draw(st.booleans())} for person in people],
            "suppressed": draw(st.just(frozenset()) | st.frozensets(st.integers(0, 5), max_size=6)),
        },
        draw(st.just({}) | again),
        draw(st.sampled_from(["draft", "approved"])),
    )


def stored(world, repeated, status):
    """Put a world into the database, with a neighbour whose people it must not take for its own; return the invoice."""
    number = next(_numbers)
    now = clock.now()
    statuses = [CustomerStatus(name=f"{one} {number}", allows_correspondence=one) for one in (True, False)]
    db.session.add_all(statuses)
    db.session.flush()
    account = world["customer"]
    customer = Customer(
        account_number=f"AC{number}",
        company_name="Somebody",
        email=", ".join(spelling for _, spelling in account["emails"]) or None,
        email_billing=account["billing"],
        email_bill_type=account["format"],
        status_id=statuses[0].id if account["allows"] and number % 2 else None,
        deleted_at=now if account["deleted"] else None,
    )
    if not account["allows"]:
        customer.status_id = statuses[1].id
    db.session.add(customer)
    db.session.flush()
    add_people(world, customer)
    made = {box: [state] for box, state in world["made"].items()}
    for box, states in repeated.items():
        made[box] = [*made.get(box, []), *states]
    invoice = Invoice(
        number=f"AC{number}/1", series=1, customer_id=customer.id, status="sent" if made else status, **DAYS
    )
    db.session.add(invoice)
    db.session.flush()
    add_messages(invoice, made)
    db.session.add_all(
        Suppression(address=MAILBOXES[box][0], address_normalised=MAILBOXES[box][0], reason="It bounced.")
        for box in world["suppressed"]
    )
    lifted = MAILBOXES[number % len(MAILBOXES)][0]
    db.session.add(Suppression(address=lifted, address_normalised=lifted, reason="Lifted.", deleted_at=now))
    add_neighbour(number)
    db.session.flush()
    return invoice


def add_neighbour(number):
    """Add a customer whose own addresses and contacts are at all mailboxes, and have had an invoice of theirs."""
    emails = [row[0] for row in MAILBOXES]
    customer = Customer(
        account_number=f"NB{number}",
        company_name="Neighbour",
        email=", ".join(emails),
        email_billing=True,
        email_bill_type="short",
    )
    db.session.add(customer)
    db.session.flush()
    both = [{"email": (box, one), "link": link} for box, one in enumerate(emails) for link in ("direct", "shared")]
    add_people({"contacts": [{**one, "format": "short", "deleted": False} for one in both]}, customer)
    invoice = Invoice(number=f"NB{number}/1", series=1, customer_id=customer.id, status="sent", **DAYS)
    db.session.add(invoice)
    db.session.flush()
    add_messages(invoice, {box: ["sent"] for box in range(len(MAILBOXES))})


def add_people(world, customer):
    for person in world["contacts"]:
        address = spelling_of(person["email"])
        contact = Contact(
            last_name="Somebody",
            customer_id=customer.id if person["link"] == "direct" else None,
            email=address.strip() if address else None,
            email_normalised=normalise(address) if address else None,
            email_bill_type=person["format"],
            deleted_at=clock.now() if person["deleted"] else None,
        )
        db.session.add(contact)
        db.session.flush()
        if person["link"] == "shared":
            db.session.add(ContactLink(customer_id=customer.id, contact_id=contact.id, linked_by="test"))


def add_messages(invoice, made):
    for box, states in made.items():
        for revision, state in enumerate(states):
            db.session.add(
                Message(
                    address=MAILBOXES[box][0],
                    address_normalised=MAILBOXES[box][0],
                    language="en",
                    customer_id=invoice.customer_id,
                    document_kind="invoice",
                    document_id=invoice.id,
                    document_number=invoice.number,
                    document_version=1,
                    revision=revision,
                    format="short",
                    reasons=[],
                    state=state,
                    message_id=f"<{invoice.id}.{box}.{revision}@x.example>",
                )
            )


def asked(world, repeated, status):
    """Return what the plan says of a world's invoice, and what the database says; leave nothing behind."""
    invoice = stored(world, repeated, status)
    number = invoice.id
    said = plan_invoice(db.session(), actor(), invoice=invoice, choices=Choices(), defaults=making.DEFAULTS)
    flagged = db.session.scalars(select(Invoice.id).where(reaching_nobody())).all()
    db.session.rollback()
    assert set(flagged) <= {number}
    return said.reaches_nobody, flagged == [number]


@pytest.mark.usefixtures("app")
def test_the_database_says_what_the_plan_says():
    answers = []

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(cases())
    def law(case):
        plan, database = asked(*case)
        answers.append(plan)
        assert database is plan

    law()
    # Neither answer is so rare that the law says nothing.
    assert min(answers.count(True), answers.count(False)) > len(answers) / 10


ANNA = (0, "Anna@Example.com")
ACCOUNT = {"emails": [], "billing": True, "format": "short", "allows": True, "deleted": False}
PERSON = {"email": ANNA, "link": "direct", "format": "short", "deleted": False}
# The one way by which an invoice reaches somebody.
WAYS = {
    "own": {"customer": ACCOUNT | {"emails": [ANNA]}, "contacts": []},
    "direct": {"customer": ACCOUNT, "contacts": [PERSON]},
    "shared": {"customer": ACCOUNT | {"billing": False}, "contacts": [PERSON | {"link": "shared"}]},
}
# One thing that is changed of it: what of the world, the customer, the contact; and whether nobody is left, by way.
EVERY, OWN, CONTACTS, NEVER = set(WAYS), {"own"}, {"direct", "shared"}, set()
CHANGES = [
    ({}, {}, {}, {}, NEVER),
    ({"suppressed": {0}}, {}, {}, {}, EVERY),
    ({"suppressed": {1}}, {}, {}, {}, NEVER),
    ({}, {"deleted": True}, {}, {}, EVERY),
    ({}, {"allows": False}, {}, {}, EVERY),
    ({}, {"billing": False}, {}, {}, OWN),
    ({}, {"format": "none"}, {}, {}, OWN),
    ({}, {}, {"format": "none"}, {}, CONTACTS),
    ({}, {}, {"deleted": True}, {}, CONTACTS),
    ({}, {}, {"email": None}, {}, CONTACTS),
    *(({"made": {0: state}}, {}, {}, {}, EVERY if state in {"failed", "bounced"} else NEVER) for state in STATES),
    ({"made": {1: "failed"}}, {}, {}, {}, NEVER),
    ({"made": {0: "cancelled"}, "suppressed": {0}}, {}, {}, {}, EVERY),
    ({"made": {0: "sent"}, "suppressed": {0}}, {}, {}, {}, NEVER),
    ({"made": {0: "failed", 1: "sent"}}, {}, {}, {}, NEVER),
    ({"made": {0: "sent"}}, {}, {}, {0: ["failed"]}, EVERY),
    ({"made": {0: "sent"}}, {}, {}, {0: ["cancelled"]}, NEVER),
    ({"made": {0: "failed"}}, {}, {}, {0: ["sent"]}, NEVER),
]


@pytest.mark.parametrize("way", WAYS)
def test_each_gate_decides_where_it_is_the_only_one(app, way):
    for around, account, person, repeated, nobody in CHANGES:
        world = {"made": {}, "suppressed": set(), **around}
        world["customer"] = WAYS[way]["customer"] | account
        world["contacts"] = [one | person for one in WAYS[way]["contacts"]]
        expected = (way in nobody, way in nobody)
        assert asked(world, repeated, "approved") == expected, (around, account, person, repeated)
