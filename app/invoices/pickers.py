"""The picker of invoices: by number, order number or customer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy.orm import Session

from app.access.ask import may
from app.access.table import Operation
from app.core.actor import Actor
from app.invoices import queries
from app.invoices.models import Invoice
from app.web.formats import amount_text
from app.web.pickers import PICKER_ROWS, Option, Picker
from app.web.request_filters import ids_of


def invoice_picker() -> Picker:
    """Return the picker of the invoices in sight, the latest first; of none for who may see none."""

    def search(session: Session, actor: Actor, text: str, _args: Mapping[str, str]) -> Iterable[Option]:
        if not may(actor, Operation.READ, "invoice"):
            return []
        statement = queries.invoices(actor)
        if text:
            statement = statement.where(queries.matching(text))
        return map(_option, session.scalars(statement.order_by(Invoice.id.desc()).limit(PICKER_ROWS)))

    def chosen(session: Session, actor: Actor, values: list[str]) -> Iterable[Option]:
        if not may(actor, Operation.READ, "invoice"):
            return []
        return map(_option, session.scalars(queries.invoices(actor).where(Invoice.id.in_(ids_of(values)))))

    return Picker(search, chosen)


def _option(invoice: Invoice) -> Option:
    amount = amount_text(invoice.total, invoice.currency)
    return Option(str(invoice.id), invoice.number, f"{invoice.customer.name}, {amount}")
