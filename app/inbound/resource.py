"""What the screens and REST of the mails that came in have in common."""

from __future__ import annotations

from sqlalchemy.orm import joinedload, raiseload, undefer

from app.core.addresses import normalise
from app.core.fields import Fields
from app.core.words import say
from app.inbound import queries, service
from app.inbound.models import InboundMail
from app.inbound.rules import REASON_LABELS, STATE_LABELS
from app.web.day_filters import DaysFilter
from app.web.list_filters import ListFilter, choice
from app.web.resource import Resource

NO_FIELDS: Fields = {}
LABELS = {
    "state": say("State"),
    "reason": say("Why it matched no ticket"),
    "detail": say("What was said"),
    "from_name": say("Name"),
    "from_address": say("From"),
    "to_address": say("Sent to"),
    "subject": say("Subject"),
    "sent_at": say("Written"),
    "created_at": say("Came in"),
    "message_id": say("Message-ID"),
    "ticket_id": say("Ticket"),
    "not_taken": say("Files that were not taken"),
    "size": say("Size"),
    "note": say("Note"),
    "text": say("Text"),
}
FILTERS: tuple[ListFilter, ...] = (
    choice("state", say("State"), InboundMail.state, STATE_LABELS),
    choice("reason", say("Why"), InboundMail.reason, REASON_LABELS),
    DaysFilter(name="created_at", label=say("Came in"), column=InboundMail.created_at),
)

INBOUND_MAIL = Resource(
    name="inbound_mail",
    label=say("Incoming mail"),
    plural=say("Incoming mails"),
    none_yet=say("No incoming mails"),
    labels=LABELS,
    model=InboundMail,
    fields=NO_FIELDS,
    rows=queries.inbound_mails,
    get=lambda session, actor, number: queries.inbound_mail(session, actor, mail_id=number),
    orders={
        "id": InboundMail.id,
        "from_address": InboundMail.from_normalised,
        "created_at": InboundMail.created_at,
    },
    default_order="-created_at",
    list_filters=FILTERS,
    filters={
        "id": InboundMail.id,
        "state": InboundMail.state,
        "reason": InboundMail.reason,
        "from_address": InboundMail.from_address,
        "message_id": InboundMail.message_id,
        "ticket_id": InboundMail.ticket_id,
        "ticket_update_id": InboundMail.ticket_update_id,
        "created_at": InboundMail.created_at,
    },
    spellings={"from_address": (InboundMail.from_normalised, normalise)},
    matching=queries.matching,
    load=(joinedload(InboundMail.ticket), raiseload("*")),
    load_one=(undefer(InboundMail.text), undefer(InboundMail.answer)),
    read_only={
        "state": lambda mail: mail.state,
        "reason": lambda mail: mail.reason,
        "detail": lambda mail: mail.detail,
        "from_name": lambda mail: mail.from_name,
        "from_address": lambda mail: mail.from_address,
        "to_address": lambda mail: mail.to_address,
        "subject": lambda mail: mail.subject,
        "sent_at": lambda mail: mail.sent_at,
        "message_id": lambda mail: mail.message_id,
        "text": lambda mail: mail.text,
        "size": lambda mail: mail.size,
        "is_cut": lambda mail: mail.is_cut,
        "not_taken": lambda mail: [{"name": one["name"], "why": one["why"]} for one in mail.not_taken],
        "answered_id": lambda mail: mail.answered_id,
        "ticket_id": lambda mail: mail.ticket_id,
        "ticket_update_id": lambda mail: mail.ticket_update_id,
        "note": lambda mail: mail.note,
    },
    of_one=("text",),
    delete=lambda session, actor, number, version: service.delete_mail(session, actor, mail_id=number, version=version),
    trash=queries.trash,
    restore=lambda session, actor, number, version, act: service.restore_mail(
        session, actor, mail_id=number, version=version, act=act
    ),
    purge=lambda session, actor, number, reason, version: service.purge_mail(
        session, actor, mail_id=number, reason=reason, version=version
    ),
)
