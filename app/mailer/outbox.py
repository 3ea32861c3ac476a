"""Putting a plan into the outbox: a row for each message, in the transaction of the verb that sends."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from app.core import clock
from app.core.audit import Touch
from app.customers import models as customer_models
from app.mailer import queries
from app.mailer.documents import DocumentSource, source_of
from app.mailer.holding import wait_for
from app.mailer.loops import hold_loops
from app.mailer.message_states import MessageState
from app.mailer.models import Message, message_contact
from app.mailer.planning import plan_model
from app.mailer.planning.facts import Defaults, skipped_roads
from app.mailer.planning.plan_output import as_dict, with_messages
from app.mailer.planning.rules import Document, Made, Plan
from app.mailer.smtp.compose import make_message_id


def put_into_outbox(
    session: Session, *, chosen: Plan, customer: customer_models.Customer, defaults: Defaults, again: bool = False
) -> tuple[Plan, list[Touch]]:
    """Write a message for each address of a plan; return the plan with its messages, and what the trail says of them.

    Who was skipped is kept beside them. The caller's verb leaves the audit entry, for the document and its messages
    together.
    """
    source = source_of(chosen.document.kind.value)
    version = _content_version(session, chosen.document, source)
    made_before = queries.messages_of_document(session, kind=chosen.document.kind.value, document_id=chosen.document.id)
    earlier: dict[str, list[Message]] = {}
    for one in made_before:
        earlier.setdefault(one.address_normalised, []).append(one)
    rows = []
    for planned, told in zip(chosen.messages, as_dict(chosen)["messages"], strict=True):
        row = _row(
            chosen.document,
            planned,
            customer=customer,
            defaults=defaults,
            earlier=earlier.get(planned.key, ()),
            again=again,
        )
        row.reasons = told["recipients"]
        rows.append(row)
    before = [row.state for row in rows]
    for row in rows:
        row.document_version = version
        _first_state(row, source)
    hold_loops(session, chosen.document, rows)
    session.add_all(rows)
    session.flush()
    _keep_contacts(session, rows)
    if rows:
        session.add_all(skipped_roads(chosen, customer_id=customer.id))
    made = {row.address_normalised: Made(row.id, row.state) for row in rows}
    touched = [
        Touch("message", row.id, row.label, {"state": (state, row.state)})
        for row, state in zip(rows, before, strict=True)
    ]
    return with_messages(chosen, made), touched


def _row(
    document: Document,
    planned: plan_model.Message,
    *,
    customer: customer_models.Customer,
    defaults: Defaults,
    earlier: Sequence[Message],
    again: bool,
) -> Message:
    """Return the outbox row of one message: a fresh one, or the one that was cancelled."""
    # The next revision when it is sent again on purpose; otherwise all earlier ones were cancelled, or there is none.
    revision = max((one.revision for one in earlier), default=-1) + 1 if again else 0
    row = next((one for one in earlier if one.revision == revision), None) or Message(
        document_kind=document.kind.value,
        document_id=document.id,
        customer_id=customer.id,
        revision=revision,
        address_normalised=planned.key,
        message_id=make_message_id(
            document.kind.value, document.id, token=secrets.token_hex(8), domain=defaults.domain
        ),
    )
    row.address = planned.address
    row.recipient_name = planned.name
    row.language = planned.language
    row.document_number = document.number
    row.format = planned.format.value if planned.format else None
    row.usage_reports = list(planned.usage_reports)
    row.lost_reasons = None
    row.content_digest = None
    # One that was tried before it was cancelled starts counting its tries anew.
    row.tries_from = clock.now()
    return row


def _keep_contacts(session: Session, rows: Sequence[Message]) -> None:
    """Note which contacts the messages are for, so that theirs are found."""
    ids = [row.id for row in rows]
    named = sorted({(why["contact_id"], row.id) for row in rows for why in row.reasons if why["contact_id"]})
    session.execute(delete(message_contact).where(message_contact.c.message_id.in_(ids)))
    if named:
        session.execute(
            insert(message_contact), [{"contact_id": contact, "message_id": message} for contact, message in named]
        )


def _content_version(session: Session, document: Document, source: DocumentSource) -> int:
    """Return the version of what a document says; that of a final one stays the one that was sent first.

    Its status goes on raising the record's version, yet whoever gets it later must get the very same rendition.
    """
    if not source.is_final(session, document.id):
        return document.version
    sent = queries.messages_of_document(session, kind=document.kind.value, document_id=document.id)
    return sent[-1].document_version if sent else document.version


def _first_state(row: Message, source: DocumentSource) -> None:
    """Queue a message, or hold it when what goes along can't be made yet: never a mail without its attachments."""
    wait = wait_for(source, format_=row.format, usage_reports=row.usage_reports)
    row.held_code, row.held_because = wait or (None, None)
    row.state = (MessageState.HELD if wait else MessageState.QUEUED).value
    row.next_attempt_at = None if wait else clock.now()
