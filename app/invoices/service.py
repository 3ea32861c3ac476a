"""The verbs of invoices and of the issuer."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.access.ask import ensure, may
from app.access.table import Operation
from app.core import audit, soft_delete
from app.core.actor import Actor
from app.core.audit import Touch, Verb
from app.core.errors import Conflict, Invalid, NotFound
from app.core.money import minor_unit
from app.core.records import check_version
from app.customers import queries as customers
from app.invoices import queries
from app.invoices.fields import INVOICE_FIELDS, ISSUER_FIELDS, invoice_errors, line_of
from app.invoices.models import Invoice, InvoiceLine, Issuer, as_line
from app.invoices.rules import (
    InvoiceStatus,
    Line,
    approval_error,
    invoice_totals,
    may_approve,
    may_edit,
    may_send,
    next_number,
    status_after_edit,
)
from app.lookups.editing import Edit, prepare_change, prepare_new
from app.mailer import service as mailer
from app.mailer.rules import Document, DocumentKind, Plan


def create_invoice(session: Session, actor: Actor, *, values: Mapping[str, object], default_currency: str) -> Invoice:
    """Make a draft; number, totals and status are ours. Raises Forbidden, Invalid, NotFound."""
    ensure(actor, Operation.CREATE, "invoice")
    edit = prepare_new(session, actor, resource="invoice", fields=INVOICE_FIELDS, given=values, rule=invoice_errors)
    customer_id = edit.changes["customer_id"][1]
    # The customer is locked: two invoices made at once take turns at the next number.
    try:
        customer = customers.customer(session, actor, customer_id=customer_id, lock=True)
    except NotFound as error:
        raise Invalid("There is no customer with this id.", field="customer_id") from error
    invoice = Invoice(status=InvoiceStatus.DRAFT.value)
    edit.apply(invoice)
    invoice.currency = invoice.currency or customer.currency or default_currency
    used = queries.last_series(session, customer_id=customer.id)
    invoice.series = used + 1
    invoice.number = next_number(customer.account_number, used)
    _set_lines(invoice, edit)
    session.add(invoice)
    session.flush()
    audit.record(
        session,
        actor,
        verb=Verb.INVOICE_CREATED,
        touched=[_touch(invoice, edit.trail()), Touch("customer", customer.id, customer.label)],
    )
    return invoice


def update_invoice(
    session: Session, actor: Actor, *, invoice_id: int, values: Mapping[str, object], version: int | None = None
) -> Invoice:
    """Change an invoice that isn't sent; one that was approved is a draft again.

    Raises Forbidden, NotFound, Stale, Invalid, Conflict (`sent`).
    """
    ensure(actor, Operation.UPDATE, "invoice")
    # An invoice always has a currency: none given leaves the one that it has.
    values = {name: value for name, value in values.items() if name != "currency" or value not in (None, "")}
    invoice = queries.invoice(session, actor, invoice_id=invoice_id, lock=True)
    check_version(invoice, version)
    edit = prepare_change(
        session, actor, resource="invoice", fields=INVOICE_FIELDS, record=invoice, given=values, rule=invoice_errors
    )
    if edit.changes:
        _ensure_editable(invoice)
        before = invoice.status
        edit.apply(invoice)
        invoice.status = status_after_edit(invoice.status).value
        _set_lines(invoice, edit)
        trail = edit.trail()
        if before != invoice.status:
            trail["status"] = (before, invoice.status)
        audit.record(session, actor, verb=Verb.INVOICE_UPDATED, touched=[_touch(invoice, trail)])
    return invoice


def delete_invoice(session: Session, actor: Actor, *, invoice_id: int, version: int | None = None) -> Invoice:
    """Delete an invoice that isn't sent; its number is never used again. Raises as `update_invoice` does."""
    ensure(actor, Operation.DELETE, "invoice")
    invoice = queries.invoice(session, actor, invoice_id=invoice_id, lock=True)
    check_version(invoice, version)
    _ensure_editable(invoice)
    soft_delete.delete(session, actor, record=invoice, touch=_touch(invoice), verb=Verb.INVOICE_DELETED)
    return invoice


def restore_invoice(session: Session, actor: Actor, *, invoice_id: int) -> Invoice:
    """Bring back a deleted invoice. Raises Forbidden, NotFound, Conflict (`not_deleted`, `parent_deleted`)."""
    ensure(actor, Operation.RESTORE, "invoice")
    invoice = queries.deleted_invoice(session, actor, invoice_id=invoice_id)
    if customers.deleted_customer(session, actor, customer_id=invoice.customer_id).deleted_at is not None:
        raise Conflict(
            "This invoice belongs to a customer that is deleted. Restore that one first.", code="parent_deleted"
        )
    soft_delete.restore(session, actor, record=invoice, touch=_touch(invoice), verb=Verb.INVOICE_RESTORED)
    return invoice


def approve_invoice(session: Session, actor: Actor, *, invoice_id: int, version: int | None = None) -> Invoice:
    """Approve a draft. Raises Forbidden, NotFound, Stale, Conflict (`not_a_draft`), Invalid (no lines)."""
    ensure(actor, Operation.APPROVE, "invoice")
    invoice = queries.invoice(session, actor, invoice_id=invoice_id, lock=True)
    check_version(invoice, version)
    if not may_approve(invoice.status):
        raise Conflict(f"This invoice is {invoice.status} already.", code="not_a_draft")
    _ensure_complete(invoice)
    invoice.status = InvoiceStatus.APPROVED.value
    audit.record(
        session, actor, verb=Verb.INVOICE_APPROVED, touched=[_touch(invoice, {"status": ("draft", "approved")})]
    )
    return invoice


def plan_invoice(
    session: Session, actor: Actor, *, invoice: Invoice, choices: mailer.Choices, defaults: mailer.Defaults
) -> Plan:
    """Return who would get an invoice and who would not. Raises Forbidden."""
    ensure(actor, Operation.READ, "invoice")
    return mailer.plan_document(
        session, document=_document(invoice), customer=invoice.customer, choices=choices, defaults=defaults
    )


def send_invoice(
    session: Session,
    actor: Actor,
    *,
    invoice_id: int,
    choices: mailer.Choices,
    fingerprint: str | None,
    defaults: mailer.Defaults,
    version: int | None = None,
) -> Plan:
    """Execute an invoice's plan: put its messages into the outbox. Sending approves a draft.

    To addresses that have it, it does nothing, and the plan says so. Raises Forbidden, NotFound, Stale, Invalid,
    Conflict (`plan_changed`, `not_approved`).
    """
    ensure(actor, Operation.SEND, "invoice")
    invoice = queries.invoice(session, actor, invoice_id=invoice_id, lock=True)
    check_version(invoice, version)
    if not may_send(invoice.status, sender_may_approve=may(actor, Operation.APPROVE, "invoice")):
        raise Conflict("This invoice is not approved yet.", code="not_approved")
    _ensure_complete(invoice)
    chosen = plan_invoice(session, actor, invoice=invoice, choices=choices, defaults=defaults)
    base = plan_invoice(session, actor, invoice=invoice, choices=mailer.Choices(), defaults=defaults)
    mailer.ensure_fingerprint(chosen, base, fingerprint)
    done, made = mailer.put_into_outbox(session, chosen=chosen, customer=invoice.customer, defaults=defaults)
    if made:
        before = invoice.status
        invoice.status = InvoiceStatus.SENT.value
        changes = {"status": (before, invoice.status)} if before != invoice.status else {}
        audit.record(session, actor, verb=Verb.INVOICE_SENT, touched=[_touch(invoice, changes), *made])
    return done


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


def _document(invoice: Invoice) -> Document:
    return Document(kind=DocumentKind.INVOICE, id=invoice.id, number=invoice.number, version=invoice.version)


def _ensure_editable(invoice: Invoice) -> None:
    if not may_edit(invoice.status):
        raise Conflict("A sent invoice can't be changed, only credited or sent again.", code="sent")


def _ensure_complete(invoice: Invoice) -> None:
    error = approval_error(len(invoice.lines))
    if error:
        raise Invalid(error, field="lines")


def _set_lines(invoice: Invoice, edit: Edit) -> None:
    """Make the rows of the lines, and add them up in the invoice's currency."""
    places = minor_unit(invoice.currency)
    if "lines" in edit.changes:
        given = [line_of(row) for row in edit.changes["lines"][1]]
        for row, line in zip(invoice.lines, given, strict=False):
            _fill(row, line)
        del invoice.lines[len(given) :]
        for position in range(len(invoice.lines), len(given)):
            invoice.lines.append(_fill(InvoiceLine(position=position), given[position]))
    totals = invoice_totals([as_line(row) for row in invoice.lines], places=places)
    for row in invoice.lines:
        row.net = as_line(row).net(places=places)
    invoice.net, invoice.tax, invoice.total = totals.net, totals.tax, totals.total


def _fill(row: InvoiceLine, line: Line) -> InvoiceLine:
    row.description, row.category, row.reference = line.description, line.category, line.reference
    row.quantity, row.unit_price, row.tax_rate = line.quantity, line.unit_price, line.tax_rate
    row.net = Decimal(0)
    return row


def _touch(invoice: Invoice, changes: Mapping[str, tuple[Any, Any]] | None = None) -> Touch:
    return Touch("invoice", invoice.id, invoice.label, changes or {})
