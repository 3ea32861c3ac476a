"""What the screens and REST of each list have in common."""

from __future__ import annotations

from typing import Any

from app.access.table import LOOKUPS
from app.lookups import queries, service
from app.lookups.models import LOOKUP_MODELS
from app.lookups.rules import LOOKUP_FIELDS
from app.web.resource import Resource

_PLURALS = {
    "contact_type": "Contact types",
    "title": "Titles",
    "number_type": "Number types",
    "topic": "Topics",
    "ticket_type": "Ticket types",
    "ticket_status": "Ticket statuses",
    "correspondence_type": "Correspondence types",
    "usage_report_profile": "Usage report profiles",
    "customer_status": "Customer statuses",
    "dealer": "Dealers",
}


def _resource(name: str) -> Resource:
    model: Any = LOOKUP_MODELS[name]
    columns = {field: getattr(model, field) for field in LOOKUP_FIELDS[name]}
    return Resource(
        name=name,
        label=name.replace("_", " ").capitalize(),
        plural=_PLURALS[name],
        model=model,
        fields=LOOKUP_FIELDS[name],
        rows=lambda actor: queries.rows(actor, resource=name),
        get=lambda session, actor, number: queries.row(session, actor, resource=name, lookup_id=number),
        orders={"id": model.id, **columns},
        default_order=(model.position, model.name),
        filters={"id": model.id, **columns},
        matching=lambda text: model.name.icontains(text, autoescape=True),
        create=lambda session, actor, values: service.create_lookup(session, actor, resource=name, values=values),
        update=lambda session, actor, number, values, version: service.update_lookup(
            session, actor, resource=name, lookup_id=number, values=values, version=version
        ),
        delete=lambda session, actor, number, version: service.delete_lookup(
            session, actor, resource=name, lookup_id=number, version=version
        ),
    )


LOOKUP_RESOURCES = {name: _resource(name) for name in LOOKUPS}
