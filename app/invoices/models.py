"""Invoices, their lines, and the usage that itemises them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    ForeignKey,
    Index,
    Numeric,
    String,
    Subquery,
    UniqueConstraint,
    exists,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Mapped, aliased, mapped_column, relationship

from app.core.records import Record, UtcDateTime, list_index, trash_index
from app.customers.models import Customer
from app.extensions import Model
from app.invoices.imports.models import InvoiceImport
from app.invoices.rules import Line


class Invoice(Record):
    """An invoice. Its number is `ACCOUNT/4`; `series` is the 4, counted from 1 for each customer, never used again.

    Amounts are kept with four places, and hold as many as `currency` has (ISO 4217). `sent_particulars` are the
    customer and the issuer as they were when it was sent (`particulars.py`). A credit note names in `credits_id` the
    invoice that it credits; its amounts are what is credited, and so above nothing, as in EN 16931.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("customer_id", "series"),
        Index(
            "ix_invoice_credits_id",
            "credits_id",
            sqlite_where=text("credits_id IS NOT NULL"),
            postgresql_where=text("credits_id IS NOT NULL"),
        ),
        Index("ix_invoice_status_invoice_date", "status", "invoice_date"),
        trash_index("invoice"),
        *(list_index("invoice", name, name) for name in ("number", "invoice_date", "due_date", "status", "total")),
    )

    number: Mapped[str] = mapped_column(String(60), nullable=False, unique=True)
    series: Mapped[int] = mapped_column(nullable=False)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), nullable=False)
    customer: Mapped[Customer] = relationship(Customer)
    invoice_date: Mapped[date] = mapped_column(nullable=False)
    due_date: Mapped[date] = mapped_column(nullable=False)
    purchase_order_number: Mapped[str | None] = mapped_column(String(80))
    currency: Mapped[str] = mapped_column(String(3), nullable=False)
    status: Mapped[str] = mapped_column(String(10), nullable=False, default="draft")
    net: Mapped[Decimal] = mapped_column(Numeric(18, 4), nullable=False, default=0)
    tax: Mapped[Decimal] = mapped_column(Numeric(18, 4), nullable=False, default=0)
    total: Mapped[Decimal] = mapped_column(Numeric(18, 4), nullable=False, default=0)
    credits_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"))
    credited: Mapped[Invoice | None] = relationship("Invoice", remote_side="Invoice.id")
    credit_reason: Mapped[str | None] = mapped_column(String(500))
    sent_particulars: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True), deferred=True)
    lines: Mapped[list[InvoiceLine]] = relationship(
        back_populates="invoice", order_by="InvoiceLine.position", cascade="all, delete-orphan"
    )

    @property
    def label(self) -> str:
        """Return how staff name the invoice: its number."""
        return self.number

    def __repr__(self) -> str:
        return self.label


class InvoiceLine(Model):
    """A line of an invoice: `reference` is the service or phone number, `tax_rate` is in percent."""

    __tablename__ = "invoice_line"
    __table_args__ = (UniqueConstraint("invoice_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id", ondelete="CASCADE"), nullable=False)
    position: Mapped[int] = mapped_column(nullable=False)
    description: Mapped[str] = mapped_column(String(200), nullable=False)
    category: Mapped[str | None] = mapped_column(String(80))
    quantity: Mapped[Decimal] = mapped_column(Numeric(14, 4), nullable=False)
    unit_price: Mapped[Decimal] = mapped_column(Numeric(18, 6), nullable=False)
    tax_rate: Mapped[Decimal] = mapped_column(Numeric(5, 2), nullable=False)
    reference: Mapped[str | None] = mapped_column(String(80))
    net: Mapped[Decimal] = mapped_column(Numeric(18, 4), nullable=False)
    invoice: Mapped[Invoice] = relationship(back_populates="lines")


class StoredUsage(Model):
    """A call or a transfer that itemises an invoice's lines, and adds nothing to its totals.

    `reference` is the number or service that it was made from, `site` the site or cost centre that it is charged to, as
    far as the program that hands it over knows. `duration` is in seconds, `volume` in megabytes (10^6
    bytes); `cost` is net, in the invoice's currency. Those of an import are nobody's until it is published: whoever
    reads, reads `UsageRecord`.
    """

    __tablename__ = "usage_record"
    __table_args__ = (Index("ix_usage_record_itemised", "invoice_id", "reference", "start", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id", ondelete="CASCADE"), nullable=False)
    start: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    reference: Mapped[str] = mapped_column(String(80), nullable=False, default="")
    site: Mapped[str] = mapped_column(String(80), nullable=False, default="", server_default="")
    origin: Mapped[str] = mapped_column(String(80), nullable=False, default="")
    destination: Mapped[str] = mapped_column(String(80), nullable=False, default="")
    duration: Mapped[int | None] = mapped_column()
    volume: Mapped[Decimal | None] = mapped_column(Numeric(14, 3))
    cost: Mapped[Decimal] = mapped_column(Numeric(18, 6), nullable=False)
    # Found by the range of ids that the import keeps, so it needs no index.
    import_id: Mapped[int | None] = mapped_column(ForeignKey("invoice_import.id"))


def _published() -> Subquery:
    """Select the usage records that are there for readers: of no import, or of one that is published."""
    table, imports = StoredUsage.__table__, InvoiceImport.__table__
    published = exists().where(imports.c.id == table.c.import_id, imports.c.published_at.is_not(None))
    return select(table).where(or_(table.c.import_id.is_(None), published)).subquery("usage")


# The usage records as everybody reads them. It can't be written to, so none is staged or removed by mistake.
UsageRecord = aliased(StoredUsage, _published(), name="usage")


def as_line(row: InvoiceLine) -> Line:
    """Return a row as the line that the rules reckon with."""
    return Line(
        description=row.description,
        category=row.category or "",
        quantity=row.quantity,
        unit_price=row.unit_price,
        tax_rate=row.tax_rate,
        reference=row.reference or "",
    )
