"""How long an invoice takes in each format, beside WeasyPrint for the same tables and graphs: `make bench-pdf`."""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app.invoices.pdf.formats import invoice_pdf
from app.invoices.pdf.model import InvoiceDocument, Usage
from app.invoices.rules import Line
from app.paper.issuer import IssuerDetails

HERE = Path(__file__).resolve().parent
ISSUER = IssuerDetails(name="Pennine Communications Ltd", address=("Weir Mill", "Halifax"), bank_name="Calder Bank")
# The format, how many lines, how many usage records, and the bar in milliseconds.
CASES = (("short", 10, 0, 15), ("long", 50, 0, 40), ("full", 50, 2_000, 400))
HEAD = ["Description", "Quantity", "Unit price", "VAT", "Net amount"]
USAGE_HEAD = ["Date and time", "From", "To", "Time or volume", "Cost"]


def invoice(lines: int, records: int) -> InvoiceDocument:
    begin = datetime(2026, 1, 1, 8)  # noqa: DTZ001  local, as on the paper
    return InvoiceDocument(
        number="PC1001/4",
        invoice_date=date(2026, 1, 31),
        due_date=date(2026, 3, 2),
        currency="GBP",
        customer_name="Acme Ltd",
        customer_address=("1 High Street", "Leeds", "LS1 1AA"),
        account_number="PC1001",
        lines=tuple(
            Line(
                description=f"Service {number}",
                category=f"Category {number % 4}",
                quantity=Decimal(number + 1),
                unit_price=Decimal("12.3456"),
                tax_rate=Decimal(20),
                reference=f"01632 960 {number:03}",
            )
            for number in range(lines)
        ),
        usage=tuple(
            Usage(
                start=begin + timedelta(minutes=20 * number),
                reference=f"01632 960 {number * 20 // max(records, 1):03}",
                origin="Halifax",
                destination=f"Manchester 0161 496 0{number % 997:03}",
                duration=number % 1_500,
                cost=Decimal(number % 400) / 1000,
            )
            for number in range(records)
        ),
        months=tuple((date(2025 + number // 12, number % 12 + 1, 1), Decimal(900 + number)) for number in range(13)),
    )


def as_content(document: InvoiceDocument) -> dict[str, Any]:
    """Return what the peer is to put on paper: the same rows, and graphs with as many bars."""
    rows = [
        [one.description, str(one.quantity), f"£{one.unit_price}", f"{one.tax_rate}%", f"£{one.net()}"]
        for one in document.lines
    ]
    used = [
        [f"{one.start:%d/%m/%Y %H:%M:%S}", one.origin, one.destination, str(one.duration), f"£{one.cost}"]
        for one in document.usage
    ]
    tables = [{"head": HEAD, "rows": rows}]
    graphs: list[list[int]] = []
    if used:
        tables.append({"head": USAGE_HEAD, "rows": used})
        graphs = [[50] * count for count in (4, 28, 10, 13)]
    return {"title": f"Invoice {document.number}", "tables": tables, "graphs": graphs}


@contextmanager
def peer() -> Iterator[subprocess.Popen[str]]:
    """Start WeasyPrint in a venv of its own, made where it is not there as it should be."""
    folder, wanted = HERE.parent / "build/pdf-bench-venv", HERE / "papers/requirements.txt"
    made, python = folder / "requirements.txt", folder / "bin/python"
    if not made.exists() or made.read_text() != wanted.read_text():
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-qq", "-r", wanted], check=True)
        shutil.copy(wanted, made)
    process = subprocess.Popen(
        [str(python), str(HERE / "papers/weasy.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def ours(document: InvoiceDocument, format_: str) -> tuple[float, int]:
    began = time.perf_counter()
    data = invoice_pdf(document, ISSUER, format_=format_)
    return 1000 * (time.perf_counter() - began), len(data)


def theirs(process: subprocess.Popen[str], document: InvoiceDocument) -> tuple[float, int]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(as_content(document)) + "\n")
    process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        sys.exit("WeasyPrint could not start: it needs Pango (sudo apt-get install libpango-1.0-0 libpangoft2-1.0-0).")
    told = json.loads(line)
    return told["ms"], told["bytes"]


def measure(rounds: int, process: subprocess.Popen[str] | None) -> None:
    print(f"{'':8}{'median':>10}{'least':>9}{'most':>9}{'KiB':>7}{'bar':>8}   WeasyPrint, and how many times as long")
    for format_, lines, records, bar in CASES:
        document = invoice(lines, records)
        ours(document, format_)
        taken, others = [], []
        for _ in range(rounds):
            taken.append(ours(document, format_))
            if process is not None:
                others.append(theirs(process, document))
        times = sorted(one for one, _ in taken)
        beside = ""
        if others:
            ratios = [other / own for (own, _), (other, _) in zip(taken, others, strict=True)]
            beside = (
                f"{statistics.median(one for one, _ in others):,.0f} ms, {others[0][1] / 1024:,.0f} KiB;"
                f" {statistics.median(ratios):.0f} ({min(ratios):.0f} to {max(ratios):.0f})"
            )
        print(
            f"{format_:8}{statistics.median(times):>7.1f} ms{times[0]:>9.1f}{times[-1]:>9.1f}"
            f"{taken[0][1] / 1024:>7.0f}{bar:>5} ms   {beside}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-pdf", description=__doc__)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--alone", action="store_true", help="without WeasyPrint")
    given = parser.parse_args()
    if given.alone:
        measure(given.rounds, None)
        return
    with peer() as process:
        measure(given.rounds, process)


if __name__ == "__main__":
    main()
