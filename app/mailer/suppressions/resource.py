"""What the screens and REST of suppressed addresses have in common."""

from __future__ import annotations

from app.core.words import say
from app.mailer.suppressions import queries, service
from app.mailer.suppressions.models import Suppression
from app.mailer.suppressions.rules import BOUNCES, KIND_LABELS, SUPPRESSION_FIELDS
from app.web.day_filters import DaysFilter
from app.web.list_filters import CasesFilter, ListFilter, choice
from app.web.resource import Resource

LABELS = {
    "address": say("Address"),
    "kind": say("Kind"),
    "reason": say("Reason"),
    "message_id": say("Message"),
    "diagnostic": say("What the server said"),
    "created_at": say("Suppressed since"),
}
FILTERS: tuple[ListFilter, ...] = (
    choice("kind", say("Kind"), Suppression.kind, KIND_LABELS),
    CasesFilter(
        name="bounced",
        label=say("Bounced"),
        cases={
            "yes": (say("Yes"), lambda: Suppression.kind.in_(BOUNCES)),
            "no": (say("No"), lambda: Suppression.kind.not_in(BOUNCES)),
        },
    ),
    DaysFilter(name="created_at", label=say("Suppressed"), column=Suppression.created_at),
)

SUPPRESSION = Resource(
    name="suppression",
    label=say("Suppressed address"),
    plural=say("Suppressed addresses"),
    add_label=say("Suppress an address"),
    none_yet=say("No suppressed addresses"),
    labels=LABELS,
    model=Suppression,
    fields=SUPPRESSION_FIELDS,
    rows=queries.suppressions,
    get=lambda session, actor, number: queries.suppression(session, actor, suppression_id=number),
    orders={
        "id": Suppression.id,
        "address": Suppression.address_normalised,
        "created_at": Suppression.created_at,
    },
    default_order="-created_at",
    list_filters=FILTERS,
    filters={
        "id": Suppression.id,
        "address": Suppression.address,
        "kind": Suppression.kind,
        "message_id": Suppression.message_id,
        "created_at": Suppression.created_at,
    },
    matching=queries.matching,
    read_only={
        "kind": lambda row: row.kind,
        "message_id": lambda row: row.message_id,
        "diagnostic": lambda row: row.diagnostic,
    },
    create=lambda session, actor, values: service.add_suppression(session, actor, values=values),
    trash=queries.trash,
    restore=lambda session, actor, number, version, act: service.restore_suppression(
        session, actor, suppression_id=number, version=version, act=act
    ),
    purge=lambda session, actor, number, reason, version: service.purge_suppression(
        session, actor, suppression_id=number, reason=reason, version=version
    ),
)
