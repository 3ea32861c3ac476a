"""One plan for one letter and for many: whatever contacts tick, share, consent to or lack."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from app.access.table import LETTER_CLASSES
from app.contacts.models import Contact, ContactLink
from app.core import clock
from app.customers.models import Customer
from app.extensions import db
from app.lookups.models import CorrespondenceType
from app.mailer.planning.choices import Choices
from app.mailer.planning.many import Wanted, plans_of_many
from app.mailer.planning.plan_model import Document, DocumentKind
from app.mailer.service import plan_document
from tests.core import making

ADDRESSES = (None, "ann@a.example", "Ann@A.example", "ben@b.example", "main@c.example")
CUSTOMERS = st.lists(
    st.tuples(st.sampled_from((*ADDRESSES, "main@c.example, further@c.example")), st.booleans(), st.booleans()),
    min_size=1,
    max_size=3,
)
# Whose contact it is (none: shared by all), the address, the types that it ticks, and whether it consents.
CONTACTS = st.lists(
    st.tuples(
        st.sampled_from((0, 1, 2, None)),
        st.sampled_from(ADDRESSES[1:]),
        st.sets(st.sampled_from(range(len(LETTER_CLASSES)))),
        st.booleans(),
    ),
    max_size=5,
)


@pytest.fixture
def types(app):
    forbidding = making.lookup("customer_status", "Closed", allows_correspondence=False)
    kinds = [making.lookup("correspondence_type", one, correspondence_class=one, bulk=True) for one in LETTER_CLASSES]
    making.suppress("ben@b.example")
    return kinds, forbidding


def people(kinds, forbidding, customers, contacts):
    """Make customers and contacts; return the customers' ids."""
    session = db.session()
    common = {"account_number_normalised": "", "email_billing": False, "email_bill_type": "none"}
    rows = []
    for number, (email, forbids, consents) in enumerate(customers):
        values = {**common, "account_number": f"P{number}", "account_number_normalised": f"p{number}"}
        values |= {"last_name": f"Customer {number}", "email": email, "status_id": forbidding if forbids else None}
        rows.append(Customer(**values, marketing_consent_at=clock.now() if consents else None))
    session.add_all(rows)
    session.flush()
    every = {one.id: one for one in session.query(CorrespondenceType)}
    for number, (owner, email, ticked, consents) in enumerate(contacts):
        direct = rows[owner % len(rows)].id if owner is not None else None
        contact = Contact(
            customer_id=direct,
            last_name=f"Contact {number}",
            email=email,
            email_normalised=email.lower(),
            email_bill_type="none",
            marketing_consent_at=clock.now() if consents else None,
        )
        contact.copy_correspondence = [every[kinds[one]] for one in sorted(ticked)]
        session.add(contact)
        session.flush()
        if direct is None:
            session.add_all(ContactLink(contact_id=contact.id, customer_id=row.id, linked_by="x") for row in rows)
    session.flush()
    return [row.id for row in rows]


def letters_of(kinds, of_class, customer_ids):
    document = Document(
        kind=DocumentKind.CORRESPONDENCE,
        id=0,
        number="",
        version=1,
        type_id=kinds[of_class],
        marketing=LETTER_CLASSES[of_class] == "marketing",
        document_class=LETTER_CLASSES[of_class],
    )
    return [Wanted(document, one) for one in customer_ids]


def look_at(kinds, forbidding, customers, contacts, of_class):
    """Return the plans made one by one and all at once."""
    session = db.session()
    wanted = letters_of(kinds, of_class, people(kinds, forbidding, customers, contacts))
    alone = [
        plan_document(
            session,
            document=one.document,
            customer=session.get_one(Customer, one.customer_id),
            choices=Choices(),
            defaults=making.DEFAULTS,
        )
        for one in wanted
    ]
    session.expire_all()
    return alone, list(plans_of_many(session, wanted, defaults=making.DEFAULTS))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(customers=CUSTOMERS, contacts=CONTACTS, of_class=st.sampled_from(range(len(LETTER_CLASSES))))
def test_one_plan_for_one_letter_and_for_many(types, customers, contacts, of_class):
    with making.unaudited():
        alone, many = look_at(*types, customers, contacts, of_class)
        db.session.rollback()
    assert many == alone


def test_letters_read_as_many_statements_for_many_as_for_one(types):
    kinds, forbidding = types
    statements = []

    def note(_connection, _cursor, statement, *_more):
        statements.append(statement)

    def counted(customer_ids):
        statements.clear()
        db.session.expire_all()
        list(plans_of_many(db.session(), letters_of(kinds, 2, customer_ids), defaults=making.DEFAULTS))
        return len(statements)

    with making.unaudited():
        some = [("main@c.example", False, True)] * 6
        ids = people(kinds, forbidding, some, [(0, "ann@a.example", {2}, True), (None, "x@y.example", {2}, True)] * 3)
        event.listen(db.engine, "before_cursor_execute", note)
        one, many = counted(ids[:1]), counted(ids)
        event.remove(db.engine, "before_cursor_execute", note)
        db.session.rollback()
    assert one == many <= 6
