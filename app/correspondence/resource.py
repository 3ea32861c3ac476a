"""What the screens and REST of letters have in common."""

from __future__ import annotations

from typing import Any

from flask import has_request_context
from sqlalchemy.orm import joinedload, raiseload, selectinload

from app.access.ask import may
from app.access.table import Operation
from app.core.words import say
from app.correspondence import dispatch, queries, service
from app.correspondence.fields import LETTER_FIELDS, LETTER_LABELS
from app.correspondence.list_filters import LETTER_FILTERS
from app.correspondence.models import Attachment, Correspondence
from app.mailer.file_calls import file_as_dict
from app.mailer.planning.choices import Choices
from app.mailer.planning.rules import Plan
from app.mailer.sending_defaults import sending_defaults
from app.web.current import current_actor
from app.web.resource import Resource


def _files(letter: Correspondence) -> list[dict[str, Any]]:
    return [file_as_dict(one) for one in letter.attachments]


def _out_of_sight() -> frozenset[str]:
    """Hide the invoices that a letter is about from those who may see none; they are kept."""
    if has_request_context() and not may(current_actor(), Operation.READ, "invoice"):
        return frozenset({"invoices"})
    return frozenset()


LETTER = Resource(
    name="correspondence",
    label=say("Letter"),
    plural=say("Correspondence"),
    add_label=say("Add letter"),
    none_yet=say("No letters yet"),
    labels=LETTER_LABELS,
    model=Correspondence,
    fields=LETTER_FIELDS,
    rows=queries.letters,
    get=lambda session, actor, number: queries.letter(session, actor, letter_id=number),
    orders={
        "id": Correspondence.id,
        "number": Correspondence.number,
        "subject": Correspondence.subject,
        "status": Correspondence.status,
        "created_at": Correspondence.created_at,
    },
    default_order="-created_at",
    list_filters=LETTER_FILTERS,
    filters={
        "id": Correspondence.id,
        "number": Correspondence.number,
        "customer_id": Correspondence.customer_id,
        "correspondence_type": Correspondence.correspondence_type_id,
        "correspondence_class": Correspondence.correspondence_class,
        "subject": Correspondence.subject,
        "status": Correspondence.status,
        "letter_date": Correspondence.letter_date,
        "created_at": Correspondence.created_at,
    },
    matching=queries.matching,
    load=(
        selectinload(Correspondence.invoices),
        selectinload(Correspondence.attachments).options(joinedload(Attachment.content), raiseload("*")),
        raiseload("*"),
    ),
    read_only={
        "number": lambda letter: letter.number,
        "correspondence_class": lambda letter: letter.correspondence_class,
        "status": lambda letter: letter.status,
        "letter_date": lambda letter: letter.letter_date,
        "attachments": _files,
        "delivered_at": lambda letter: letter.delivered_at,
        "delivered_note": lambda letter: letter.delivered_note,
    },
    of_owner=("customer.account_number",),
    hidden=_out_of_sight,
    create=lambda session, actor, values: service.create_letter(session, actor, values=values),
    update=lambda session, actor, number, values, version: service.update_letter(
        session, actor, letter_id=number, values=values, version=version
    ),
    delete=lambda session, actor, number, version: service.delete_letter(
        session, actor, letter_id=number, version=version
    ),
    trash=queries.trash,
    restore=lambda session, actor, number, version, act: service.restore_letter(
        session, actor, letter_id=number, version=version, act=act
    ),
    purge=lambda session, actor, number, reason, version: service.purge_letter(
        session, actor, letter_id=number, reason=reason, version=version
    ),
)


def planned(session: Any, actor: Any, letter: Correspondence, choices: Choices) -> Plan:
    """Return a letter's plan by the settings of this instance."""
    return dispatch.plan_letter(session, actor, letter=letter, choices=choices, defaults=sending_defaults())
