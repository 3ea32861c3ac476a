"""Documents of the sample data on their way: invoices that are sent, and one that is credited."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor
from app.invoices.credit_notes.service import credit_invoice
from app.invoices.fields import line_as_dict
from app.invoices.models import Invoice
from app.invoices.service import send_invoice
from app.mailer.planning.choices import Choices
from app.mailer.sending_defaults import sending_defaults


def send_first(session: Session, actor: Actor, customers: Sequence[int]) -> None:
    """Send the first invoice of some customers: the outbox worker takes their copies to the catcher."""
    first = select(Invoice.id).where(Invoice.customer_id.in_(customers), Invoice.series == 1).order_by(Invoice.id)
    for invoice_id in session.scalars(first).all():
        _send(session, actor, invoice_id)


def credit_first(session: Session, actor: Actor, customer_id: int) -> None:
    """Credit one item of a customer's first invoice, and send the credit note."""
    first = select(Invoice).where(Invoice.customer_id == customer_id, Invoice.series == 1)
    invoice = session.scalars(first).one()
    note = credit_invoice(
        session,
        actor,
        invoice_id=invoice.id,
        lines=[{**line_as_dict(invoice.lines[0]), "quantity": "1"}],
        reason="The line was out of order for four days.",
        today=clock.now().date(),
    )
    _send(session, actor, note.id)


def _send(session: Session, actor: Actor, invoice_id: int) -> None:
    send_invoice(
        session, actor, invoice_id=invoice_id, choices=Choices(), fingerprint=None, defaults=sending_defaults()
    )
