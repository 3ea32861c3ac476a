"""Messages as rows, in whatever state a test is about: past the verbs, which would not make some of them."""

from __future__ import annotations

import itertools
from typing import Any

from sqlalchemy import insert, select

from app.core import clock
from app.customers.models import Customer
from app.extensions import db
from app.mailer.models import Message, MessageAttempt
from tests.core import making

_numbers = itertools.count(1)


def queued(count: int = 1, *, account: str = "AC1", **values: Any) -> list[int]:
    """Put so many messages about one customer into the outbox; return their ids."""
    customer_id = db.session.scalar(select(Customer.id).where(Customer.account_number == account))
    if customer_id is None:
        customer_id = making.customer(account, dealer_code=values.pop("dealer_code", None))
    now, made = clock.now(), []
    for number in itertools.islice(_numbers, count):
        address = f"a{number}@row.example"
        row = {
            "address": address,
            "address_normalised": address,
            "recipient_name": "",
            "language": "en",
            "customer_id": customer_id,
            "document_kind": "invoice",
            "document_id": number,
            "document_number": f"{account}/{number}",
            "document_version": 1,
            "revision": 0,
            "usage_reports": [],
            "reasons": [],
            "state": "queued",
            "message_id": f"<{number}@row.example>",
            "next_attempt_at": now,
            "created_at": now,
            "last_modified_at": now,
            "version": 1,
            **values,
        }
        made.append(db.session.execute(insert(Message.__table__).values(row)).inserted_primary_key[0])
    db.session.commit()
    return made


def attempt(message_id: int, **values: Any) -> None:
    """Put an attempt of a message beside it."""
    row = {"started_at": clock.now(), "outcome": "sending", "settled": False, **values}
    db.session.execute(insert(MessageAttempt.__table__).values(message_id=message_id, **row))
    db.session.commit()
