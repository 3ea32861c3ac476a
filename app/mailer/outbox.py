"""Putting a plan into the outbox: a row for each message, in the transaction of the verb that sends."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.core import clock
from app.core.audit import Touch
from app.core.bulk import insert_rows, take_ids
from app.core.events import Event, log_event
from app.customers import models as customer_models
from app.mailer import queries
from app.mailer.documents import DocumentSource, source_of
from app.mailer.engines.work import there_is_work
from app.mailer.holding import wait_for
from app.mailer.loops import hold_loops
from app.mailer.message_states import MessageState
from app.mailer.models import Message, message_contact
from app.mailer.planning import plan_model
from app.mailer.planning.facts import Defaults, skipped_roads
from app.mailer.planning.plan_output import as_dict, with_messages
from app.mailer.planning.rules import Document, Made, Plan
from app.mailer.smtp.compose import make_message_id


@dataclass(slots=True)
class _Put:
    """What is written of one message: into the row that was cancelled, in the state `before`, or into a fresh one."""

    key: str
    values: dict[str, Any]
    row: Message | None
    before: str | None = None
    id: int = 0

    @property
    def label(self) -> str:
        return f"{self.values['document_number']} to {self.values['address']}"


def put_into_outbox(
    session: Session, *, chosen: Plan, customer: customer_models.Customer, defaults: Defaults, again: bool = False
) -> tuple[Plan, list[Touch]]:
    """Write a message for each address of a plan; return the plan with its messages, and what the trail says of them.

    Who was skipped is kept beside them. The caller's verb leaves the audit entry, for the document and its messages
    together.
    """
    return put_all_into_outbox(session, [(chosen, customer.id)], defaults=defaults, again=again)[0]


def put_all_into_outbox(
    session: Session, chosen: Sequence[tuple[Plan, int]], *, defaults: Defaults, again: bool = False
) -> list[tuple[Plan, list[Touch]]]:
    """Do that for many plans of one kind of document, each with the id of its customer, with one set of statements."""
    made_before = _made_before(session, [plan.document for plan, _ in chosen])
    puts = [
        _puts(session, plan, customer_id, made_before[plan.document.id], defaults=defaults, again=again)
        for plan, customer_id in chosen
    ]
    every = [one for of_plan in puts for one in of_plan]
    _write(session, every)
    there_is_work(session, sum(one.values["state"] == MessageState.QUEUED for one in every))
    for (plan, customer_id), of_plan in zip(chosen, puts, strict=True):
        if of_plan:
            session.add_all(skipped_roads(plan, customer_id=customer_id))
    return [
        (
            with_messages(plan, {one.key: Made(one.id, one.values["state"]) for one in of_plan}),
            [Touch("message", one.id, one.label, {"state": (one.before, one.values["state"])}) for one in of_plan],
        )
        for (plan, _), of_plan in zip(chosen, puts, strict=True)
    ]


def _made_before(session: Session, documents: Sequence[Document]) -> defaultdict[int, list[Message]]:
    """Return the messages that documents have made already, oldest first, by the document's id."""
    made: defaultdict[int, list[Message]] = defaultdict(list)
    for kind in {one.kind for one in documents}:
        ids = [one.id for one in documents if one.kind == kind]
        for row in queries.messages_of_documents(session, kind=kind.value, document_ids=ids):
            made[row.document_id].append(row)
    return made


def _puts(
    session: Session,
    chosen: Plan,
    customer_id: int,
    made_before: Sequence[Message],
    *,
    defaults: Defaults,
    again: bool,
) -> list[_Put]:
    """Return what is to be written for one plan."""
    document, source = chosen.document, source_of(chosen.document.kind.value)
    earlier: dict[str, list[Message]] = {}
    for one in made_before:
        earlier.setdefault(one.address_normalised, []).append(one)
    shared = {
        "document_number": document.number,
        "document_version": _content_version(session, document, source, made_before=made_before),
        "lost_reasons": None,
        "content_digest": None,
        # One that was tried before it was cancelled starts counting its tries anew.
        "tries_from": clock.now(),
    }
    puts = []
    for planned, told in zip(chosen.messages, as_dict(chosen)["messages"], strict=True):
        key = planned.key
        values = {**shared, **_values(planned, source), "reasons": told["recipients"]}
        past = earlier.get(key, ())
        # The next revision when it is sent again on purpose; otherwise all earlier ones were cancelled, or none is.
        revision = max((one.revision for one in past), default=-1) + 1 if again else 0
        row = next((one for one in past if one.revision == revision), None)
        if row is None:
            values |= _identity(document, key, domain=defaults.domain)
            values |= {"customer_id": customer_id, "revision": revision}
        puts.append(_Put(key, values, row, before=row.state if row is not None else None))
    hold_loops(session, document, {one.key: one.values for one in puts})
    return puts


def _write(session: Session, puts: Sequence[_Put]) -> None:
    """Write the rows, the fresh ones all at once."""
    fresh = [one for one in puts if one.row is None]
    for one, number in zip(fresh, take_ids(session, Message.__table__, len(fresh)), strict=True):
        one.id = one.values["id"] = number
    for one in puts:
        if one.row is not None:
            one.id = one.row.id
            for name, value in one.values.items():
                setattr(one.row, name, value)
    insert_rows(session, Message.__table__, [one.values for one in fresh])
    _keep_contacts(session, puts)


def _values(planned: plan_model.Message, source: DocumentSource) -> dict[str, Any]:
    """Return what one message says, whatever became of an earlier one."""
    return {
        "address": planned.address,
        "recipient_name": planned.name,
        "language": planned.language,
        "format": planned.format.value if planned.format else None,
        "usage_reports": list(planned.usage_reports),
        **_first_state(planned, source),
    }


def _identity(document: Document, address_normalised: str, *, domain: str) -> dict[str, Any]:
    """Return what a message is known by, and what each fresh record has."""
    now = clock.now()
    kind = document.kind.value
    return {
        "document_kind": kind,
        "document_class": document.document_class,
        "document_id": document.id,
        "address_normalised": address_normalised,
        "message_id": make_message_id(kind, document.id, token=secrets.token_hex(8), domain=domain),
        "created_at": now,
        "last_modified_at": now,
        "version": 1,
    }


def _keep_contacts(session: Session, puts: Sequence[_Put]) -> None:
    """Note which contacts the messages are for, so that theirs are found."""
    again = [one.id for one in puts if one.row is not None]
    if again:
        session.execute(delete(message_contact).where(message_contact.c.message_id.in_(again)))
    named = {(why["contact_id"], one.id) for one in puts for why in one.values["reasons"] if why["contact_id"]}
    rows = [{"contact_id": contact, "message_id": message} for contact, message in sorted(named)]
    insert_rows(session, message_contact, rows)


def _content_version(
    session: Session, document: Document, source: DocumentSource, *, made_before: Sequence[Message]
) -> int:
    """Return the version of what a document says; that of a final one stays the one that was sent first.

    Its status goes on raising the record's version, yet whoever gets it later must get the very same rendition.
    """
    if made_before and source.is_final(session, document.id):
        return made_before[-1].document_version
    return document.version


def _first_state(planned: plan_model.Message, source: DocumentSource) -> dict[str, Any]:
    """Queue a message, or hold it when what goes along can't be made yet: never a mail without its attachments."""
    wait = wait_for(
        source, format_=planned.format.value if planned.format else None, usage_reports=planned.usage_reports
    )
    code, because = wait or (None, None)
    return {
        "held_code": code,
        "held_because": None if because is None else str(because),
        "state": (MessageState.HELD if wait else MessageState.QUEUED).value,
        "next_attempt_at": None if wait else clock.now(),
    }


def log_sending(chosen: Plan) -> None:
    """Log that a document goes into the outbox; whether the transaction lands, the request's own line tells."""
    document = chosen.document
    log_event(
        Event.DOCUMENT_SENT, document_kind=document.kind.value, document_id=document.id, count=len(chosen.messages)
    )
