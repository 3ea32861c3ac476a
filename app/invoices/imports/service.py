"""The verbs of imports: begin, stage a chunk, finish the check, publish, discard, and clear what was staged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.access.ask import ensure
from app.access.table import Operation
from app.core import clock
from app.core.actor import Actor
from app.core.bulk import insert_rows, take_ids
from app.core.errors import Conflict, Invalid
from app.core.fields import Text
from app.core.words import said, say
from app.invoices.imports import publishing, queries
from app.invoices.imports.models import ImportedInvoice, ImportFault, InvoiceImport
from app.invoices.imports.rules import MAX_REASON, Fault, ImportKind, ImportState
from app.invoices.models import StoredUsage

MAX_NAME = 200
# So long without a chunk, and whoever read the file is dead; so long without a word, and nobody will publish it.
SILENCE = timedelta(minutes=10)
PATIENCE = timedelta(days=1)
KEPT_FAULTS = timedelta(days=30)
CLEARED_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that is handed over: what it holds, its name, its SHA-256 in hexadecimal, and its size in bytes."""

    kind: ImportKind
    name: str
    sha256: str
    size: int


def begin_import(
    session: Session, actor: Actor, *, file: File, approve: bool = False, reason: object = None
) -> InvoiceImport:
    """Note that a file is being checked.

    Raises Forbidden, Invalid (a reason that can't be kept), Conflict (`imported_already`: no reason).
    """
    _ensure(actor, approve=approve)
    try:
        words = Text(limit=MAX_REASON).clean(reason)
    except ValueError as error:
        raise Invalid(said(error), field="reason") from error
    _ensure_first(session, file.kind, file.sha256, words)
    moment = clock.now()
    table = InvoiceImport.__table__
    (number,) = take_ids(session, table, 1)
    row: dict[str, Any] = {
        "id": number,
        "kind": file.kind.value,
        "state": ImportState.CHECKING.value,
        "filename": _shown_name(file.name),
        "sha256": file.sha256,
        "size": file.size,
        "door": actor.door.value,
        "username": actor.username,
        "dealer_code": actor.dealer_code,
        "approve": approve,
        "reason": words,
        "started_at": moment,
        "touched_at": moment,
        "cleared": False,
        **dict.fromkeys(("rows", "invoices", "faults"), 0),
        "sums": {},
    }
    insert_rows(session, table, [row])
    return session.get_one(InvoiceImport, number)


def stage_invoices(session: Session, actor: Actor, *, import_id: int, staged: Sequence[Mapping[str, Any]]) -> None:
    """Keep invoices that are to be made. Raises Forbidden, NotFound, Conflict (`not_checking`)."""
    run = _being_checked(session, actor, import_id)
    rows = [{"import_id": run.id, "records": 0, **one} for one in staged]
    insert_rows(session, ImportedInvoice.__table__, rows)
    run.invoices += len(rows)


def stage_usage(
    session: Session,
    actor: Actor,
    *,
    import_id: int,
    records: Sequence[Mapping[str, Any]],
    counts: Mapping[tuple[int, int], int],
) -> None:
    """Keep usage records where nobody reads them yet; `counts` are those of each invoice and its customer.

    Raises Forbidden, NotFound, Conflict (`not_checking`).
    """
    run = _being_checked(session, actor, import_id)
    table = StoredUsage.__table__
    ids = take_ids(session, table, len(records))
    rows = [{"id": number, "import_id": run.id, **one} for number, one in zip(ids, records, strict=True)]
    insert_rows(session, table, rows)
    if ids:
        run.first_usage_id = min(ids) if run.first_usage_id is None else min(run.first_usage_id, *ids)
        run.last_usage_id = max(run.last_usage_id or 0, *ids)
    _count(session, run.id, counts)


def stage_faults(session: Session, actor: Actor, *, import_id: int, faults: Sequence[Fault]) -> None:
    """Keep what is wrong with some lines. Raises Forbidden, NotFound, Conflict (`not_checking`)."""
    run = _being_checked(session, actor, import_id)
    rows = [
        {"import_id": run.id, "line": one.line, "column": one.column[:80], "message": str(one.message)}
        for one in faults
    ]
    insert_rows(session, ImportFault.__table__, rows)
    run.faults += len(rows)


def finish_check(
    session: Session, actor: Actor, *, import_id: int, rows: int, invoices: int, sums: Mapping[str, Decimal]
) -> InvoiceImport:
    """Note what a file holds. It waits to be published if nothing is wrong with it, and is refused otherwise.

    Raises Forbidden, NotFound, Conflict (`not_checking`).
    """
    run = _being_checked(session, actor, import_id)
    run.rows, run.invoices = rows, invoices
    run.sums = {currency: str(amount) for currency, amount in sorted(sums.items())}
    run.state = (ImportState.REFUSED if run.faults else ImportState.CHECKED).value
    return run


def publish_import(session: Session, actor: Actor, *, import_id: int) -> InvoiceImport:
    """Have everybody see what an import holds: all of it, in the transaction under way.

    Raises Forbidden, NotFound, Conflict (`not_checked`, `imported_already`, `changed_meanwhile`).
    """
    run = queries.import_(session, actor, import_id=import_id)
    _ensure(actor, approve=run.approve)
    # Two imports of one file take turns here, in one order, so that the second sees the first.
    same = select(InvoiceImport.id).where(InvoiceImport.sha256 == run.sha256)
    session.execute(same.order_by(InvoiceImport.id).with_for_update())
    run = queries.import_(session, actor, import_id=import_id, lock=True)
    if run.state != ImportState.CHECKED:
        words = say("Only an import that is checked, and not yet published, can be published.")
        raise Conflict(words, code="not_checked")
    _ensure_first(session, run.kind, run.sha256, run.reason)
    publishing.publish(session, actor, run)
    run.state = ImportState.PUBLISHED.value
    run.published_at = run.touched_at = clock.now()
    run.cleared = True
    return run


def discard_import(session: Session, actor: Actor, *, import_id: int) -> InvoiceImport:
    """Give up an import that is not published. Raises Forbidden, NotFound, Conflict (`published`)."""
    ensure(actor, Operation.CREATE, "invoice")
    run = queries.import_(session, actor, import_id=import_id, lock=True)
    if run.state == ImportState.PUBLISHED:
        raise Conflict(say("This import is published: its invoices can be deleted, each by itself."), code="published")
    if run.state != ImportState.REFUSED:
        run.state = ImportState.DISCARDED.value
    return run


def next_to_clear(session: Session) -> int | None:
    """Return an import that something staged is left of and that nobody will publish; give up what is abandoned."""
    moment = clock.now()
    ended = InvoiceImport.state.in_([ImportState.REFUSED.value, ImportState.DISCARDED.value])
    dead = and_(InvoiceImport.state == ImportState.CHECKING.value, InvoiceImport.touched_at < moment - SILENCE)
    forgotten = and_(InvoiceImport.state == ImportState.CHECKED.value, InvoiceImport.touched_at < moment - PATIENCE)
    statement = select(InvoiceImport).where(InvoiceImport.cleared.is_(False), or_(ended, dead, forgotten))
    run: InvoiceImport | None = session.scalar(statement.order_by(InvoiceImport.id).limit(1).with_for_update())
    if run is None:
        return None
    if run.state != ImportState.REFUSED:
        run.state = ImportState.DISCARDED.value
    return run.id


def clear_some(session: Session, *, import_id: int) -> bool:
    """Remove some of what an import has staged; tell whether more is left."""
    run = session.get_one(InvoiceImport, import_id, with_for_update=True)
    if run.state not in (ImportState.REFUSED, ImportState.DISCARDED):
        return False
    left = _clear_usage(session, run)
    if not left:
        ids = select(ImportedInvoice.id).where(ImportedInvoice.import_id == run.id).limit(CLEARED_AT_ONCE)
        left = _removed(session, ImportedInvoice, ids) == CLEARED_AT_ONCE
    run.cleared = not left
    return left


def clear_old_faults(session: Session) -> bool:
    """Remove some errors of files that were handed over long ago; tell whether more are left."""
    old = select(InvoiceImport.id).where(InvoiceImport.started_at < clock.now() - KEPT_FAULTS)
    ids = select(ImportFault.id).where(ImportFault.import_id.in_(old)).limit(CLEARED_AT_ONCE)
    return _removed(session, ImportFault, ids) == CLEARED_AT_ONCE


def _clear_usage(session: Session, run: InvoiceImport) -> bool:
    """Remove the next portion of the range of ids in which an import's usage records lie."""
    if run.first_usage_id is None or run.last_usage_id is None or run.first_usage_id > run.last_usage_id:
        return False
    until = run.first_usage_id + CLEARED_AT_ONCE
    table = StoredUsage.__table__
    within = and_(table.c.id >= run.first_usage_id, table.c.id < until, table.c.import_id == run.id)
    session.execute(delete(table).where(within))
    run.first_usage_id = until
    return until <= run.last_usage_id


def _removed(session: Session, model: Any, ids: Any) -> int:  # noqa: ANN401  a mapped class, a selection of its ids
    table = model.__table__
    found = session.scalars(ids).all()
    session.execute(delete(table).where(table.c.id.in_(found)))
    return len(found)


def _being_checked(session: Session, actor: Actor, import_id: int) -> InvoiceImport:
    ensure(actor, Operation.CREATE, "invoice")
    run = queries.import_(session, actor, import_id=import_id, lock=True)
    if run.state != ImportState.CHECKING:
        raise Conflict(say("This import was given up meanwhile. Hand the file over again."), code="not_checking")
    run.touched_at = clock.now()
    return run


def _count(session: Session, import_id: int, counts: Mapping[tuple[int, int], int]) -> None:
    """Add to how many records an import has for each invoice."""
    if not counts:
        return
    rows = [
        {"import_id": import_id, "invoice_id": invoice_id, "customer_id": customer_id, "records": count}
        for (invoice_id, customer_id), count in sorted(counts.items())
    ]
    dialect: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(ImportedInvoice.__table__)
    table = ImportedInvoice.__table__
    more = {"records": table.c.records + statement.excluded.records}
    session.execute(statement.on_conflict_do_update(index_elements=["import_id", "invoice_id"], set_=more), rows)


def _ensure(actor: Actor, *, approve: bool) -> None:
    for operation in (Operation.CREATE, Operation.UPDATE, *([Operation.APPROVE] if approve else [])):
        ensure(actor, operation, "invoice")


def _ensure_first(session: Session, kind: str, sha256: str, reason: object) -> None:
    twin = None if reason else queries.published_twin(session, kind=kind, sha256=sha256)
    if twin is not None:
        words = say(
            "This very file is imported already (import {number}). To import it once more, say why.", number=twin.id
        )
        raise Conflict(words, code="imported_already", field="reason")


def _shown_name(name: str) -> str:
    """Return a file's name without what a line can't hold, and without its folders."""
    plain = "".join(char for char in name.replace("\\", "/").rpartition("/")[2] if char.isprintable())
    return plain[-MAX_NAME:] or "-"
