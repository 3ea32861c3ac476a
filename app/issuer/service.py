"""The verb of the issuer: only administrators change it (see the access table)."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from app.access.ask import ensure
from app.access.table import Operation
from app.core import audit
from app.core.actor import Actor
from app.core.audit import Touch, Verb
from app.core.records import check_version
from app.issuer import queries
from app.issuer.fields import ISSUER_FIELDS
from app.issuer.models import Issuer
from app.lookups.editing import prepare_change


def update_issuer(
    session: Session, actor: Actor, *, issuer_id: int, values: Mapping[str, object], version: int | None = None
) -> Issuer:
    """Change the company that sends. Raises Forbidden, NotFound, Stale, Invalid."""
    ensure(actor, Operation.UPDATE, "issuer")
    issuer = queries.issuer_by_id(session, actor, issuer_id=issuer_id, lock=True)
    check_version(issuer, version)
    edit = prepare_change(
        session, actor, resource="issuer", fields=ISSUER_FIELDS, record=issuer, given=values, rule=lambda _merged: {}
    )
    if edit.changes:
        edit.apply(issuer)
        touched = [Touch("issuer", issuer.id, issuer.name, edit.trail())]
        audit.record(session, actor, verb=Verb.ISSUER_UPDATED, touched=touched)
    return issuer
