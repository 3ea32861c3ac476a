"""What the screens and REST of the issuer have in common."""

from __future__ import annotations

from app.core.words import say
from app.issuer import queries, service
from app.issuer.fields import ISSUER_FIELDS, ISSUER_LABELS
from app.issuer.logo import media_type_of
from app.issuer.models import Issuer
from app.web.resource import Resource

ISSUER = Resource(
    name="issuer",
    label=say("Issuer"),
    plural=say("Issuer"),
    labels=ISSUER_LABELS,
    model=Issuer,
    fields=ISSUER_FIELDS,
    rows=queries.issuers,
    get=lambda session, actor, number: queries.issuer_by_id(session, actor, issuer_id=number),
    orders={"id": Issuer.id, "name": Issuer.name},
    default_order="id",
    read_only={"logo": lambda issuer: media_type_of(issuer.logo) if issuer.logo else None},
    filters={"id": Issuer.id, "name": Issuer.name},
    update=lambda session, actor, number, values, version: service.update_issuer(
        session, actor, issuer_id=number, values=values, version=version
    ),
)
