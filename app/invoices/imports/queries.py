"""Reads of imports, within the actor's sight, and of what their files name."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import Session

from app.access.ask import ensure
from app.access.table import Operation
from app.core.actor import Actor
from app.core.errors import NotFound
from app.core.words import say
from app.customers import queries as customers
from app.customers.models import Customer, normalised_number
from app.invoices import queries as invoices
from app.invoices.imports.models import ImportedInvoice, ImportFault, InvoiceImport
from app.invoices.models import Invoice


def imports(actor: Actor) -> Select[Any]:
    """Select the imports in sight: a dealer's staff see those of their dealer's staff. Raises Forbidden."""
    ensure(actor, Operation.READ, "invoice")
    own = [] if actor.dealer_code is None else [InvoiceImport.dealer_code == actor.dealer_code]
    return select(InvoiceImport).where(*own)


def import_(session: Session, actor: Actor, *, import_id: int, lock: bool = False) -> InvoiceImport:
    """Return one import in sight. Raises NotFound, Forbidden."""
    statement = imports(actor).where(InvoiceImport.id == import_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found: InvoiceImport | None = session.scalar(statement)
    if found is None:
        raise NotFound(say("There is no import with this number."))
    return found


def latest(session: Session, actor: Actor, *, before: int | None, limit: int) -> Sequence[InvoiceImport]:
    """Return imports, newest first, from one of an id onwards."""
    statement = imports(actor).order_by(InvoiceImport.id.desc()).limit(limit)
    return session.scalars(statement.where(InvoiceImport.id < before) if before else statement).all()


def published_twin(session: Session, *, kind: str, sha256: str) -> InvoiceImport | None:
    """Return an import of the very same file that is published."""
    same = select(InvoiceImport).where(InvoiceImport.sha256 == sha256, InvoiceImport.kind == kind)
    found: InvoiceImport | None = session.scalar(
        same.where(InvoiceImport.published_at.is_not(None)).order_by(InvoiceImport.id.desc()).limit(1)
    )
    return found


def faults(import_id: int) -> Select[Any]:
    """Select what is wrong with a file, line by line."""
    return select(ImportFault).where(ImportFault.import_id == import_id).order_by(ImportFault.line, ImportFault.id)


def accounts(session: Session, actor: Actor, numbers: Collection[str]) -> Mapping[str, Any]:
    """Return the customers in sight with some account numbers: id and currency, by the number as it is compared."""
    wanted = {normalised_number(number) for number in numbers}
    statement = customers.customers(actor).with_only_columns(
        Customer.account_number_normalised, Customer.id, Customer.currency
    )
    rows = session.execute(statement.where(Customer.account_number_normalised.in_(wanted)))
    return {row.account_number_normalised: row for row in rows}


def keys_in_use(session: Session, pairs: Collection[tuple[int, str]]) -> Mapping[tuple[int, str], str]:
    """Return which keys of customers name an invoice already, living and published, with its number."""
    statement = (
        select(ImportedInvoice.customer_id, ImportedInvoice.key, Invoice.number)
        .join(Invoice, Invoice.id == ImportedInvoice.invoice_id)
        .where(tuple_(ImportedInvoice.customer_id, ImportedInvoice.key).in_(list(pairs)), Invoice.deleted_at.is_(None))
    )
    return {(row.customer_id, row.key): row.number for row in session.execute(statement)}


def numbered(session: Session, actor: Actor, numbers: Collection[str]) -> Mapping[str, Any]:
    """Return the invoices in sight with some numbers, credit notes left out: id, customer, currency and status."""
    statement = invoices.invoices(actor).where(Invoice.number.in_(numbers), Invoice.credits_id.is_(None))
    rows = session.execute(
        statement.with_only_columns(Invoice.number, Invoice.id, Invoice.customer_id, Invoice.currency, Invoice.status)
    )
    return {row.number: row for row in rows}


def keyed(session: Session, actor: Actor, pairs: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], Any]:
    """Return the invoices in sight with some keys, by account number as it is compared and key; the latest of each."""
    statement = (
        invoices.invoices(actor)
        .join(ImportedInvoice, ImportedInvoice.invoice_id == Invoice.id)
        .where(tuple_(Customer.account_number_normalised, ImportedInvoice.key).in_(list(pairs)))
        .order_by(Invoice.id)
    )
    rows = session.execute(
        statement.with_only_columns(
            Customer.account_number_normalised,
            ImportedInvoice.key,
            Invoice.id,
            Invoice.customer_id,
            Invoice.currency,
            Invoice.status,
        )
    )
    return {(row.account_number_normalised, row.key): row for row in rows}
