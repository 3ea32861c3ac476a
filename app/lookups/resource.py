"""What the screens and REST of each list have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import current_app
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.interfaces import ExecutableOption

from app.access.table import LOOKUPS
from app.core.fields import Ordered, References
from app.core.words import say
from app.lookups import queries, service
from app.lookups.models import LOOKUP_MODELS
from app.lookups.rules import LOOKUP_FIELDS
from app.lookups.usage_reports.list_filters import PROFILE_FILTERS
from app.web.list_filters import ListFilter, yes_no
from app.web.resource import Resource

# Of each list: one row, all of them, the button that adds one, and what an empty list says.
_TEXTS = {
    "contact_type": (
        say("Contact type"),
        say("Contact types"),
        say("Add contact type"),
        say("No contact types yet"),
    ),
    "title": (say("Title"), say("Titles"), say("Add title"), say("No titles yet")),
    "number_type": (say("Number type"), say("Number types"), say("Add number type"), say("No number types yet")),
    "topic": (say("Topic"), say("Topics"), say("Add topic"), say("No topics yet")),
    "ticket_type": (say("Ticket type"), say("Ticket types"), say("Add ticket type"), say("No ticket types yet")),
    "ticket_status": (
        say("Ticket status"),
        say("Ticket statuses"),
        say("Add ticket status"),
        say("No ticket statuses yet"),
    ),
    "correspondence_type": (
        say("Correspondence type"),
        say("Correspondence types"),
        say("Add correspondence type"),
        say("No correspondence types yet"),
    ),
    "usage_report_profile": (
        say("Usage report profile"),
        say("Usage report profiles"),
        say("Add usage report profile"),
        say("No usage report profiles yet"),
    ),
    "customer_status": (
        say("Customer status"),
        say("Customer statuses"),
        say("Add customer status"),
        say("No customer statuses yet"),
    ),
    "dealer": (say("Dealer"), say("Dealers"), say("Add dealer"), say("No dealers yet")),
}
LABELS = {
    "name": say("Name"),
    "active": say("Active"),
    "position": say("Position in the list"),
    "closed": say("Closed"),
    "correspondence_class": say("Class"),
    "bulk": say("Bulk"),
    "template_subject": say("Subject to begin with"),
    "template_body": say("Text to begin with"),
    "allows_correspondence": say("Allows Correspondence"),
    "code": say("Code"),
    "report": say("Report"),
    "columns": say("Columns"),
    "file_format": say("File format"),
    "available_to": say("Available to"),
    "customers": say("Customers"),
    "dealers": say("Dealers"),
}

# Of lists that belong to a module: whether it is on.
_MODULES: dict[str, Callable[[], bool]] = {
    "usage_report_profile": lambda: bool(current_app.config["SETTINGS"].invoice_usage)
}
_FILTERS: dict[str, tuple[ListFilter, ...]] = {"usage_report_profile": PROFILE_FILTERS}


@dataclass(frozen=True, slots=True)
class _Listed:
    """What a list is sorted by and filtered by over REST, and the relations that come along with its rows."""

    orders: dict[str, Any]
    filters: dict[str, Any]
    load: tuple[ExecutableOption, ...]


def _listed(name: str, model: Any) -> _Listed:
    """Return it by the fields of a list; words in an order and long texts are neither sorted by nor filtered by."""
    fields = {
        field: kind
        for field, kind in LOOKUP_FIELDS[name].items()
        if not isinstance(kind, Ordered) and not getattr(kind, "multiline", False)
    }
    columns = {field: getattr(model, field) for field, kind in fields.items() if not isinstance(kind, References)}
    relations = {field: getattr(model, field) for field in fields if field not in columns}
    # By customers nothing is filtered: it would tell of those out of sight.
    offered = {field: relation for field, relation in relations.items() if field != "customers"}
    return _Listed(
        orders={"id": model.id, **columns, "position": (model.position, model.name)},
        filters={"id": model.id, **columns, **offered},
        load=tuple(map(selectinload, relations.values())),
    )


def _resource(name: str) -> Resource:
    model: Any = LOOKUP_MODELS[name]
    label, plural, add_label, none_yet = _TEXTS[name]
    listed = _listed(name, model)
    return Resource(
        name=name,
        label=label,
        plural=plural,
        add_label=add_label,
        none_yet=none_yet,
        labels=LABELS,
        is_on=_MODULES.get(name, lambda: True),
        model=model,
        fields=LOOKUP_FIELDS[name],
        rows=lambda actor: queries.rows(actor, resource=name),
        get=lambda session, actor, number: queries.row(session, actor, resource=name, lookup_id=number),
        orders=listed.orders,
        default_order="position",
        load=listed.load,
        list_filters=(yes_no("active", say("Active"), model.active), *_FILTERS.get(name, ())),
        filters=listed.filters,
        matching=lambda text: model.name.icontains(text, autoescape=True),
        create=lambda session, actor, values: service.create_lookup(session, actor, resource=name, values=values),
        update=lambda session, actor, number, values, version: service.update_lookup(
            session, actor, resource=name, lookup_id=number, values=values, version=version
        ),
        delete=lambda session, actor, number, version: service.delete_lookup(
            session, actor, resource=name, lookup_id=number, version=version
        ),
        trash=lambda actor: queries.trash(actor, resource=name),
        restore=lambda session, actor, number, version, act: service.restore_lookup(
            session, actor, resource=name, lookup_id=number, version=version, act=act
        ),
        purge=lambda session, actor, number, reason, version: service.purge_lookup(
            session, actor, resource=name, lookup_id=number, reason=reason, version=version
        ),
    )


LOOKUP_RESOURCES = {name: _resource(name) for name in LOOKUPS}
