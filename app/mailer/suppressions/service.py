"""The verbs of suppressed addresses: suppress one, lift that, bring it back, and purge it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.access.ask import ensure
from app.access.table import Operation
from app.core import audit, purging, soft_delete
from app.core.actor import Actor
from app.core.addresses import normalise
from app.core.audit import Touch, Verb
from app.core.errors import Conflict
from app.core.reach import Reach, lessened
from app.core.records import check_version
from app.core.words import say
from app.lookups.editing import prepare_new
from app.mailer.suppressions import queries
from app.mailer.suppressions.models import Suppression
from app.mailer.suppressions.rules import SUPPRESSION_FIELDS, SuppressionKind, checked_reason


def suppress(
    session: Session,
    actor: Actor,
    *,
    address: str,
    kind: SuppressionKind,
    reason: str,
    message_id: int | None = None,
    diagnostic: str | None = None,
) -> tuple[Suppression, list[Touch]]:
    """Have an address get nothing any more, and cancel what waits for it; the caller's verb leaves the audit entry.

    One that is suppressed already stays as it is: it is returned, and nothing was touched. `message_id` is the message
    that came back, `diagnostic` what the server said. Raises Forbidden.
    """
    ensure(actor, Operation.CREATE, "suppression")
    there = queries.living_at(session, address, lock=True)
    if there is not None:
        return there, []
    row = Suppression(
        address=address.strip(),
        address_normalised=normalise(address),
        kind=SuppressionKind(kind).value,
        reason=reason,
        message_id=message_id,
        diagnostic=diagnostic,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        # Somebody else was faster, and has suppressed it meanwhile.
        there = queries.living_at(session, address, lock=True)
        if there is None:
            raise
        return there, []
    changes = {"address": (None, row.address), "kind": (None, row.kind), "reason": (None, row.reason)}
    return row, [_touch(row, changes), *lessened(session, Reach(address=row.address_normalised))]


def add_suppression(session: Session, actor: Actor, *, values: Mapping[str, object]) -> Suppression:
    """Suppress an address by hand. Raises Forbidden, Invalid, Conflict (`duplicate`)."""
    ensure(actor, Operation.CREATE, "suppression")
    edit = prepare_new(
        session, actor, resource="suppression", fields=SUPPRESSION_FIELDS, given=values, rule=lambda _values: {}
    )
    given = {name: new for name, (_, new) in edit.changes.items()}
    row, touched = suppress(
        session, actor, address=given["address"], kind=SuppressionKind.BY_HAND, reason=given["reason"]
    )
    if not touched:
        raise _duplicate(given["address"])
    audit.record(session, actor, verb=Verb.SUPPRESSION_ADDED, touched=touched)
    return row


def lift_suppression(
    session: Session, actor: Actor, *, suppression_id: int, reason: object, version: int | None = None
) -> Suppression:
    """Let an address get copies again, from the next plan on. Raises Forbidden, NotFound, Stale, Invalid."""
    ensure(actor, Operation.LIFT, "suppression")
    row = queries.suppression(session, actor, suppression_id=suppression_id, lock=True)
    check_version(row, version)
    words = checked_reason(reason)
    soft_delete.delete(session, actor, record=row, touch=_touch(row), verb=Verb.SUPPRESSION_LIFTED, reason=words)
    return row


def restore_suppression(
    session: Session, actor: Actor, *, suppression_id: int, version: int | None = None, act: int | None = None
) -> Suppression:
    """Suppress an address again as before it was lifted; with `act`, only after that very lifting.

    Raises Forbidden, NotFound, Stale, Conflict (`not_deleted`, `other_deletion`; `duplicate` when it is suppressed
    anew since then).
    """
    ensure(actor, Operation.RESTORE, "suppression")
    row = queries.lifted_suppression(session, actor, suppression_id=suppression_id)
    there = queries.living_at(session, row.address)
    if there is not None and there.id != row.id:
        raise _duplicate(row.address)
    entry = soft_delete.restore(
        session, actor, record=row, touch=_touch(row), verb=Verb.SUPPRESSION_RESTORED, version=version, act=act
    )
    audit.also(session, entry, lessened(session, Reach(address=row.address_normalised)))
    return row


def purge_suppression(
    session: Session, actor: Actor, *, suppression_id: int, reason: object, version: int | None = None
) -> None:
    """Wipe a lifted suppression for good. Raises Forbidden, NotFound, Invalid, Stale, Conflict (`not_deleted`)."""
    ensure(actor, Operation.PURGE, "suppression")
    row = queries.lifted_suppression(session, actor, suppression_id=suppression_id)
    purging.purge(session, actor, record=row, verb=Verb.SUPPRESSION_PURGED, reason=reason, version=version)


def _duplicate(address: str) -> Conflict:
    return Conflict(say("{address} is suppressed already.", address=address), code="duplicate", field="address")


def _touch(row: Suppression, changes: audit.Changes | None = None) -> Touch:
    return Touch("suppression", row.id, row.label, changes or {})
