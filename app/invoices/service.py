"""The verbs of invoices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.access.ask import ensure, may
from app.access.table import Operation
from app.core import audit, purging, soft_delete
from app.core.actor import Actor
from app.core.audit import Touch, Verb
from app.core.bulk import insert_rows
from app.core.errors import Conflict, Invalid, NotFound
from app.core.records import check_version
from app.core.words import say
from app.customers import queries as customers
from app.invoices import queries
from app.invoices.fields import INVOICE_FIELDS, invoice_errors
from app.invoices.lines import set_lines
from app.invoices.models import Invoice, UsageRecord
from app.invoices.particulars import keep_particulars
from app.invoices.rules import (
    InvoiceStatus,
    approval_error,
    may_approve,
    may_edit,
    may_send,
    next_number,
    status_after_edit,
)
from app.lookups.editing import prepare_change, prepare_new
from app.mailer import service as mailer
from app.mailer.planning.choices import Again, Choices
from app.mailer.planning.facts import Defaults, lock_customer
from app.mailer.planning.rules import Document, DocumentKind, Plan

_ALREADY = {
    InvoiceStatus.APPROVED: say("This invoice is approved already."),
    InvoiceStatus.SENT: say("This invoice is sent already."),
}


def create_invoice(
    session: Session,
    actor: Actor,
    *,
    values: Mapping[str, object],
    default_currency: str,
    usage: Sequence[Mapping[str, Any]] = (),
) -> Invoice:
    """Make a draft; number, totals and status are ours. `usage` are rows of `UsageRecord`, from programs.

    Raises Forbidden, Invalid, NotFound.
    """
    ensure(actor, Operation.CREATE, "invoice")
    edit = prepare_new(session, actor, resource="invoice", fields=INVOICE_FIELDS, given=values, rule=invoice_errors)
    customer_id = edit.changes["customer_id"][1]
    # The customer is locked: two invoices made at once take turns at the next number.
    try:
        customer = customers.customer(session, actor, customer_id=customer_id, lock=True)
    except NotFound as error:
        raise Invalid(say("There is no customer with this id."), field="customer_id") from error
    invoice = Invoice(status=InvoiceStatus.DRAFT.value)
    edit.apply(invoice)
    invoice.currency = invoice.currency or customer.currency or default_currency
    used = queries.last_series(session, customer_id=customer.id)
    invoice.series = used + 1
    invoice.number = next_number(customer.account_number, used)
    set_lines(invoice, edit)
    session.add(invoice)
    session.flush()
    insert_rows(session, UsageRecord.__table__, [{"invoice_id": invoice.id, **row} for row in usage])
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
        set_lines(invoice, edit)
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


def restore_invoice(
    session: Session, actor: Actor, *, invoice_id: int, version: int | None = None, act: int | None = None
) -> Invoice:
    """Bring back a deleted invoice; with `act`, only after that very deletion.

    Raises Forbidden, NotFound, Stale, Conflict (`not_deleted`, `other_deletion`, `parent_deleted`).
    """
    ensure(actor, Operation.RESTORE, "invoice")
    invoice = _deleted_invoice(session, actor, invoice_id)
    soft_delete.restore(
        session, actor, record=invoice, touch=_touch(invoice), verb=Verb.INVOICE_RESTORED, version=version, act=act
    )
    return invoice


def purge_invoice(
    session: Session, actor: Actor, *, invoice_id: int, reason: object, version: int | None = None
) -> None:
    """Wipe a deleted invoice for good, with its PDFs and messages; its number stays taken.

    Raises Forbidden, NotFound, Invalid, Stale, Conflict (`not_deleted`, `still_needed`).
    """
    ensure(actor, Operation.PURGE, "invoice")
    invoice = _deleted_invoice(session, actor, invoice_id)
    purging.purge(session, actor, record=invoice, verb=Verb.INVOICE_PURGED, reason=reason, version=version)


def _deleted_invoice(session: Session, actor: Actor, invoice_id: int) -> Invoice:
    """Return an invoice that may be in the trash, locked after its customer, as in every verb that needs both."""
    customer_id = queries.deleted_invoice(session, actor, invoice_id=invoice_id, lock=False).customer_id
    customers.deleted_customer(session, actor, customer_id=customer_id)
    return queries.deleted_invoice(session, actor, invoice_id=invoice_id)


def approve_invoice(session: Session, actor: Actor, *, invoice_id: int, version: int | None = None) -> Invoice:
    """Approve a draft. Raises Forbidden, NotFound, Stale, Conflict (`not_a_draft`), Invalid (no lines)."""
    ensure(actor, Operation.APPROVE, "invoice")
    invoice = queries.invoice(session, actor, invoice_id=invoice_id, lock=True)
    check_version(invoice, version)
    if not may_approve(invoice.status):
        raise Conflict(_ALREADY[InvoiceStatus(invoice.status)], code="not_a_draft")
    _ensure_complete(invoice)
    invoice.status = InvoiceStatus.APPROVED.value
    audit.record(
        session, actor, verb=Verb.INVOICE_APPROVED, touched=[_touch(invoice, {"status": ("draft", "approved")})]
    )
    return invoice


def plan_invoice(session: Session, actor: Actor, *, invoice: Invoice, choices: Choices, defaults: Defaults) -> Plan:
    """Return who would get an invoice and who would not. Raises Forbidden."""
    ensure(actor, Operation.READ, "invoice")
    return mailer.plan_document(
        session, document=document_of(invoice), customer=invoice.customer, choices=choices, defaults=defaults
    )


def plan_invoice_again(
    session: Session, actor: Actor, *, invoice: Invoice, addresses: tuple[str, ...], defaults: Defaults
) -> Plan:
    """Return what addresses that have had an invoice would get if it was sent again. Raises Forbidden."""
    ensure(actor, Operation.READ, "invoice")
    return mailer.plan_document_again(
        session, document=document_of(invoice), customer=invoice.customer, addresses=addresses, defaults=defaults
    )


def send_invoice(
    session: Session,
    actor: Actor,
    *,
    invoice_id: int,
    choices: Choices,
    fingerprint: str | None,
    defaults: Defaults,
    version: int | None = None,
) -> Plan:
    """Execute an invoice's plan: put its messages into the outbox. Sending approves a draft.

    To addresses that have it, it does nothing, and the plan says so. Raises Forbidden, NotFound, Stale, Invalid,
    Conflict (`plan_changed`, `not_approved`).
    """
    invoice = _to_send(session, actor, invoice_id, version)
    if not may_send(invoice.status, sender_may_approve=may(actor, Operation.APPROVE, "invoice")):
        raise Conflict(say("This invoice is not approved yet."), code="not_approved")
    _ensure_complete(invoice)
    done, made = mailer.send_document(
        session,
        document=document_of(invoice),
        customer=invoice.customer,
        choices=choices,
        fingerprint=fingerprint,
        defaults=defaults,
    )
    if made:
        before = invoice.status
        if before != InvoiceStatus.SENT:
            keep_particulars(session, invoice)
        invoice.status = InvoiceStatus.SENT.value
        changes = {"status": (before, invoice.status)} if before != invoice.status else {}
        audit.record(session, actor, verb=Verb.INVOICE_SENT, touched=[_touch(invoice, changes), *made])
    return done


def send_invoice_again(
    session: Session,
    actor: Actor,
    *,
    invoice_id: int,
    again: Again,
    defaults: Defaults,
    version: int | None = None,
) -> Plan:
    """Send an invoice once more to addresses that have had it, for a reason.

    Raises Forbidden, NotFound, Stale, Invalid (never had it, or must not get it), Conflict (`on_its_way`).
    """
    invoice = _to_send(session, actor, invoice_id, version)
    done, made = mailer.send_document_again(
        session,
        document=document_of(invoice),
        customer=invoice.customer,
        addresses=again.addresses,
        defaults=defaults,
    )
    touched = [_touch(invoice), *made]
    audit.record(session, actor, verb=Verb.INVOICE_SENT_AGAIN, touched=touched, reason=again.reason)
    return done


def _to_send(session: Session, actor: Actor, invoice_id: int, version: int | None) -> Invoice:
    """Return an invoice to send, locked after its customer, as in every verb that needs both."""
    ensure(actor, Operation.SEND, "invoice")
    lock_customer(session, queries.invoice(session, actor, invoice_id=invoice_id).customer_id)
    invoice = queries.invoice(session, actor, invoice_id=invoice_id, lock=True)
    check_version(invoice, version)
    return invoice


def document_of(invoice: Invoice) -> Document:
    """Return an invoice as a plan asks for it."""
    return Document(kind=DocumentKind.INVOICE, id=invoice.id, number=invoice.number, version=invoice.version)


def _ensure_editable(invoice: Invoice) -> None:
    if not may_edit(invoice.status):
        raise Conflict(say("A sent invoice can't be changed, only credited or sent again."), code="sent")


def _ensure_complete(invoice: Invoice) -> None:
    error = approval_error(len(invoice.lines))
    if error:
        raise Invalid(error, field="lines")


def _touch(invoice: Invoice, changes: Mapping[str, tuple[Any, Any]] | None = None) -> Touch:
    return Touch("invoice", invoice.id, invoice.label, changes or {})
