"""One invoice to four people in three formats and two languages, with one report: each has what its reader chose."""

from __future__ import annotations

import email
import threading
from datetime import UTC, datetime
from decimal import Decimal
from email.policy import default as mail_policy
from io import BytesIO

from pypdf import PdfReader

from app.extensions import db
from app.invoices import service
from app.mailer.delivery import sending
from app.mailer.models import Content, Rendition
from app.mailer.smtp.connection import connect
from tests.core import making
from tests.invoices.spreadsheets import xlsx_cells, xlsx_rows
from tests.mailer.smtp_servers import Server, running

LINES = [
    {"description": "Broadband", "category": "Lines", "quantity": "2", "unit_price": "34.50", "tax_rate": "20"},
    {"description": "Calls", "category": "Calls", "quantity": "1", "unit_price": "3.00", "tax_rate": "20"},
]
CALLS = [
    {
        "start": datetime(2026, 2, day, 9, 30, tzinfo=UTC),
        "reference": "01632 960 001",
        "origin": "Halifax",
        "destination": f"London {day:02}",
        "duration": 60 * day,
        "volume": None,
        "cost": Decimal("0.5"),
    }
    for day in range(1, 7)
]


def invoice(customer_id):
    values = {"customer_id": customer_id, **making.DATES, "lines": LINES}
    return making.run(service.create_invoice, values=values, default_currency="GBP", usage=CALLS).id


def words(mail):
    """Return the text of the PDF that goes along with a mail first."""
    attached = next(mail.iter_attachments())
    assert (attached.get_content_type(), attached.get_filename()) == ("application/pdf", "AC1-1.pdf")
    pages = PdfReader(BytesIO(attached.get_content())).pages
    return " ".join(" ".join(page.extract_text().split()) for page in pages)


def the_report(attached):
    """Open the report, and reckon with its cells: German headings, one row a destination, and a sum."""
    assert attached.get_filename() == "AC1-1-usage-by-destination.xlsx"
    data = attached.get_payload(decode=True)
    head, *rows, total = xlsx_rows(data)
    assert list(head.values()) == ["Ziel", "Einträge", "Dauer (h:mm:ss)", "Volumen (MB)", "Kosten (GBP)"]
    assert [row["A"] for row in rows] == [one["destination"] for one in CALLS]
    assert sum(row["E"] for row in rows) == total["E"] == sum(one["cost"] for one in CALLS)
    assert sum(row["B"] for row in rows) == total["B"] == len(CALLS)
    assert round(total["C"] * 86_400) == sum(one["duration"] for one in CALLS)
    assert {shown for row in xlsx_cells(data)[1:] for letter, (_, shown) in row.items() if letter == "E"} == {
        "#,##0.00"
    }


def test_each_gets_the_format_and_the_language_that_they_chose(app):
    customer_id = making.billed()
    report = making.lookup("usage_report_profile", "By destination", report="by_destination", file_format="xlsx")
    for name, format_, language in (("ann", "long", "en"), ("ben", "full", "en"), ("cem", "full", "de")):
        chosen = {"invoice_usage_report": report if name == "cem" else None, "language": language}
        making.contact(customer_id, email=f"{name}@acme.example", email_bill_type=format_, **chosen)
    making.send(invoice(customer_id))
    server, state = Server(), app.extensions["mail"]
    with running(server) as state.port, connect(app) as connection:
        state.server = "127.0.0.1"
        sending.drain(db.session, connection, worker="test", sender=None, stop=threading.Event())
    mails = {
        recipients[0]: email.message_from_bytes(content, policy=mail_policy) for _, recipients, content in server.mails
    }
    read = {address: words(mail) for address, mail in mails.items()}
    assert set(read) == {"bills@acme.example", "ann@acme.example", "ben@acme.example", "cem@acme.example"}
    for text in read.values():
        assert "AC1/1" in text
    totals = {address: "£86.40" in text or "86,40 £" in text for address, text in read.items()}
    assert all(totals.values()), totals
    has = {
        address: [one in text for one in ("Unit price", "At a glance", "London 06")] for address, text in read.items()
    }
    assert has["bills@acme.example"] == [False, False, False]
    assert has["ann@acme.example"] == [True, False, False]
    assert has["ben@acme.example"] == [True, True, True]
    assert has["cem@acme.example"] == [False, False, True]
    assert all(one in read["cem@acme.example"] for one in ("Rechnung", "Einzelpreis", "Auf einen Blick", "0:06:00"))
    beside = {address: list(mail.iter_attachments())[1:] for address, mail in mails.items()}
    assert {address: len(parts) for address, parts in beside.items()} == dict.fromkeys(read, 0) | {
        "cem@acme.example": 1
    }
    the_report(beside["cem@acme.example"][0])
    # Each is made once, and kept.
    assert db.session.query(Rendition).count() == 5
    assert db.session.query(Content).filter_by(content_type="application/pdf").count() == 4
