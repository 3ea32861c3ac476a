"""Imports: what was handed over, by whom, what became of it, and what waits to be published."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.records import UtcDateTime
from app.extensions import Model


class InvoiceImport(Model):
    """A file that was handed over. It is kept for good: who, when, what, and what became of it.

    `touched_at` moves with each chunk, so that one whose process has died is known by its silence. `sums` are decimal
    texts by currency. `first_usage_id` and `last_usage_id` are the range that its usage records lie in. `cleared`
    says that nothing staged is left.
    """

    __tablename__ = "invoice_import"
    __table_args__ = (Index("ix_invoice_import_sha256", "sha256"), Index("ix_invoice_import_cleared", "cleared", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), nullable=False)
    state: Mapped[str] = mapped_column(String(10), nullable=False)
    filename: Mapped[str] = mapped_column(String(200), nullable=False)
    sha256: Mapped[str] = mapped_column(String(64), nullable=False)
    size: Mapped[int] = mapped_column(BigInteger, nullable=False)
    door: Mapped[str] = mapped_column(String(16), nullable=False)
    username: Mapped[str] = mapped_column(String(128), nullable=False)
    dealer_code: Mapped[str | None] = mapped_column(String(40))
    approve: Mapped[bool] = mapped_column(nullable=False)
    reason: Mapped[str | None] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    touched_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cleared: Mapped[bool] = mapped_column(nullable=False)
    rows: Mapped[int] = mapped_column(nullable=False)
    invoices: Mapped[int] = mapped_column(nullable=False)
    faults: Mapped[int] = mapped_column(nullable=False)
    sums: Mapped[dict[str, Any]] = mapped_column(JSON, nullable=False)
    first_usage_id: Mapped[int | None] = mapped_column()
    last_usage_id: Mapped[int | None] = mapped_column()


class ImportedInvoice(Model):
    """An invoice of an import: one that it makes, or one that its usage records belong to (`records` of them).

    `key` is the invoice's name in the program that wrote the file. `staged` holds what the invoice will be, and is
    emptied when it is made; `invoice_id` is null until then.
    """

    __tablename__ = "imported_invoice"
    __table_args__ = (
        Index("ix_imported_invoice_import_id_invoice_id", "import_id", "invoice_id", unique=True),
        Index("ix_imported_invoice_customer_id_key", "customer_id", "key"),
        Index("ix_imported_invoice_invoice_id", "invoice_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("invoice_import.id"), nullable=False)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), nullable=False)
    key: Mapped[str | None] = mapped_column(String(80))
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"))
    records: Mapped[int] = mapped_column(nullable=False)
    staged: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class ImportFault(Model):
    """What is wrong with a line of a file, in the words of whoever handed it over. `column` may be empty."""

    __tablename__ = "import_fault"
    __table_args__ = (Index("ix_import_fault_import_id_line", "import_id", "line", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("invoice_import.id"), nullable=False)
    line: Mapped[int] = mapped_column(nullable=False)
    column: Mapped[str] = mapped_column(String(80), nullable=False)
    message: Mapped[str] = mapped_column(Text, nullable=False)
