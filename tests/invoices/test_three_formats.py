"""One invoice to four people in three formats and two languages: each mail is opened, and has what its reader chose."""

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
    """Return the text of the one PDF that goes along with a mail."""
    (attached,) = mail.iter_attachments()
    assert (attached.get_content_type(), attached.get_filename()) == ("application/pdf", "AC1-1.pdf")
    pages = PdfReader(BytesIO(attached.get_content())).pages
    return " ".join(" ".join(page.extract_text().split()) for page in pages)


def test_each_gets_the_format_and_the_language_that_they_chose(app):
    customer_id = making.billed()
    for name, format_, language in (("ann", "long", "en"), ("ben", "full", "en"), ("cem", "full", "de")):
        making.contact(customer_id, email=f"{name}@acme.example", email_bill_type=format_, language=language)
    making.send(invoice(customer_id))
    server, state = Server(), app.extensions["mail"]
    with running(server) as state.port, connect(app) as connection:
        state.server = "127.0.0.1"
        sending.drain(db.session, connection, worker="test", sender=None, stop=threading.Event())
    read = {
        recipients[0]: words(email.message_from_bytes(content, policy=mail_policy))
        for _, recipients, content in server.mails
    }
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
    # Each is made once, and kept.
    assert db.session.query(Rendition).count() == 4
    assert db.session.query(Content).filter_by(content_type="application/pdf").count() == 4
