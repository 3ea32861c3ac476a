"""How long the Short format of an invoice takes, with ten lines in four categories."""

from __future__ import annotations

import sys
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app.invoices.pdf import short_pdf
from app.invoices.pdf_model import InvoiceDocument, IssuerDetails
from app.invoices.rules import Line

ROUNDS = 50


def once() -> tuple[float, int]:
    lines = tuple(
        Line(
            description=f"Service {number}",
            category=f"Category {number % 4}",
            quantity=Decimal(number + 1),
            unit_price=Decimal("12.3456"),
            tax_rate=Decimal(20),
        )
        for number in range(10)
    )
    invoice = InvoiceDocument(
        number="PC1001/4",
        invoice_date=date(2026, 1, 31),
        due_date=date(2026, 3, 2),
        currency="GBP",
        customer_name="Acme Ltd",
        customer_address=("1 High Street", "Leeds", "LS1 1AA"),
        account_number="PC1001",
        lines=lines,
    )
    issuer = IssuerDetails(name="Pennine Communications Ltd", address=("Weir Mill", "Halifax"), bank_name="Calder Bank")
    started = time.perf_counter()
    data = short_pdf(invoice, issuer)
    return time.perf_counter() - started, len(data)


if __name__ == "__main__":
    once()
    results = [once() for _ in range(ROUNDS)]
    times = sorted(seconds * 1000 for seconds, _ in results)
    print(f"Short PDF, {ROUNDS} rounds, {results[0][1] / 1024:.0f} KiB with embedded fonts:")
    print(
        f"  least {times[0]:.1f} ms   median {times[len(times) // 2]:.1f} ms   most {times[-1]:.1f} ms   (bar: 15 ms)"
    )
