"""Crediting: a sent invoice is taken back, in whole or in part, by a credit note in the same series."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from app.access.ask import ensure
from app.access.table import Operation
from app.core import audit, clock
from app.core.actor import Actor
from app.core.audit import Touch, Verb
from app.core.cleaning import clean_values
from app.core.errors import Conflict, FieldErrors, Invalid
from app.core.fields import Fields, Text
from app.core.money import minor_unit
from app.core.records import check_version
from app.core.words import say
from app.invoices import queries
from app.invoices.credit_notes.rules import MAX_REASON, credit_errors, left_by_rate
from app.invoices.fields import Lines, line_of
from app.invoices.lines import put_lines
from app.invoices.models import Invoice, as_line
from app.invoices.rules import InvoiceStatus, Line, next_number
from app.mailer.planning.facts import lock_customer
from app.web.formats import amount_text

CREDIT_FIELDS: Fields = {"reason": Text(limit=MAX_REASON, required=True, multiline=True), "lines": Lines()}


def credit_invoice(
    session: Session,
    actor: Actor,
    *,
    invoice_id: int,
    lines: object,
    reason: object,
    today: date,
    version: int | None = None,
) -> Invoice:
    """Credit lines of a sent invoice, and return the credit note: approved, and not to be changed.

    `lines` are as those of an invoice, with amounts above nothing for what is credited. Raises Forbidden, NotFound,
    Stale, Invalid, Conflict (`not_sent`, `credit_note`).
    """
    ensure(actor, Operation.CREATE, "invoice")
    ensure(actor, Operation.APPROVE, "invoice")
    lock_customer(session, queries.invoice(session, actor, invoice_id=invoice_id).customer_id)
    invoice = queries.invoice(session, actor, invoice_id=invoice_id, lock=True)
    check_version(invoice, version)
    ensure_creditable(invoice)
    given, why = _checked(session, invoice, lines=lines, reason=reason)
    note = _note(session, invoice, today=today)
    note.credit_reason = why
    put_lines(note, given)
    session.add(note)
    # Counted as a change of the invoice, so that a form that was sent twice credits once.
    invoice.last_modified_at = clock.now()
    session.flush()
    changes = {"credits_id": (None, invoice.number), "total": (None, str(note.total))}
    touched = [
        Touch("invoice", note.id, note.label, changes),
        Touch("invoice", invoice.id, invoice.label),
        Touch("customer", invoice.customer_id, invoice.customer.label),
    ]
    audit.record(session, actor, verb=Verb.INVOICE_CREDITED, touched=touched, reason=why)
    return note


def _note(session: Session, invoice: Invoice, *, today: date) -> Invoice:
    """Return a credit note with the next number, and nothing on it yet."""
    used = queries.last_series(session, customer_id=invoice.customer_id)
    return Invoice(
        series=used + 1,
        number=next_number(invoice.customer.account_number, used),
        customer_id=invoice.customer_id,
        customer=invoice.customer,
        invoice_date=today,
        due_date=today,
        currency=invoice.currency,
        purchase_order_number=invoice.purchase_order_number,
        status=InvoiceStatus.APPROVED.value,
        credits_id=invoice.id,
    )


def ensure_creditable(invoice: Invoice) -> None:
    """Raise Conflict unless an invoice is sent, and no credit note itself."""
    if invoice.credits_id is not None:
        raise Conflict(say("A credit note can't be credited."), code="credit_note")
    if invoice.status != InvoiceStatus.SENT:
        raise Conflict(say("Only a sent invoice is credited. This one can still be changed."), code="not_sent")


def ensure_no_credit_note(invoice: Invoice) -> None:
    """Raise Conflict for a credit note: it stands as it was approved."""
    if invoice.credits_id is not None:
        raise Conflict(
            say("A credit note can't be changed. Until it is sent it can be deleted, and made anew."),
            code="credit_note",
        )


def ensure_still_left(session: Session, note: Invoice) -> None:
    """Raise Conflict when a restored credit note can't be, since what it credits was credited or purged meanwhile."""
    if note.credited is None:
        return
    if note.credited.purged_at is not None:
        raise Conflict(say("The invoice that this credit note credits was purged."), code="credited_purged")
    given = [as_line(row) for row in note.lines]
    if _credit_errors(session, note.credited.id, given, note.currency, without=note.id):
        raise Conflict(
            say("What this credit note credits was credited by another one meanwhile."), code="credited_meanwhile"
        )


def _checked(session: Session, invoice: Invoice, *, lines: object, reason: object) -> tuple[Sequence[Line], str]:
    """Return lines and reason as they are kept. Raises Invalid, with all that is wrong at its place."""
    values, errors = clean_values(CREDIT_FIELDS, {"lines": lines, "reason": reason})
    given = [line_of(row) for row in values.get("lines", ())]
    if "lines" in values:
        errors |= _credit_errors(session, invoice.id, given, invoice.currency)
    if errors:
        raise Invalid(say("This can't be credited as it is."), errors=errors)
    return given, values["reason"]


def _credit_errors(
    session: Session, invoice_id: int, lines: Sequence[Line], currency: str, *, without: int | None = None
) -> FieldErrors:
    """Return what keeps lines from being credited beside an invoice's credit notes, one of them left out."""
    places = minor_unit(currency)
    invoiced, credited = queries.invoiced_and_credited(session, invoice_id=invoice_id)
    credited = [row for row in credited if row.invoice_id != without]
    left = left_by_rate(map(as_line, invoiced), map(as_line, credited), places=places)
    return credit_errors(lines, left, places=places, money=lambda amount: amount_text(amount, currency))
