"""Usage reports as files: their headings and cells, what goes along with which mail, and that each is made once."""

from __future__ import annotations

import email
import threading
from datetime import UTC, datetime
from decimal import Decimal
from email.policy import default as mail_policy

import pytest

from app.extensions import db
from app.invoices import service
from app.invoices.models import Invoice
from app.invoices.usage import rendering
from app.lookups.models import UsageReportProfile
from app.lookups.service import update_lookup
from app.mailer.delivery import sending
from app.mailer.models import Content, Rendition
from app.mailer.smtp.connection import connect
from tests.core import making
from tests.invoices.spreadsheets import csv_rows, xlsx_cells, xlsx_rows
from tests.mailer.smtp_servers import Server, running

CALL = {
    "start": datetime(2026, 6, 1, 9, 30, tzinfo=UTC),
    "reference": "01632 960 001",
    "site": "Mill Lane",
    "origin": "Halifax",
    "destination": "London",
    "duration": 65,
    "volume": None,
    "cost": Decimal("0.125"),
}
CALLS = [
    CALL,
    {
        **CALL,
        "reference": "01632 960 002",
        "site": "",
        "destination": "Paris",
        "duration": 90_000,
        "cost": Decimal("2.25"),
    },
]
ALL = ["number", "site", "destinations", "records", "duration", "volume", "cost", "share", "first_use", "last_use"]


def invoiced(customer_id, usage=CALLS, **values):
    given = {"customer_id": customer_id, **making.DATES, "lines": [making.LINE], **values}
    return making.run(service.create_invoice, values=given, default_currency="GBP", usage=usage).id


def report(invoice_id, *, language="en", **profile):
    """Return the report of an invoice by a profile of its own."""
    number = making.lookup("usage_report_profile", profile.pop("name", "Ours"), **profile)
    db.session.rollback()
    return rendering.usage_report(
        db.session(),
        invoice=db.session.get_one(Invoice, invoice_id),
        profile=db.session.get_one(UsageReportProfile, number),
        language=language,
    )


def mailed(app):
    """Deliver what is due; return each mail's attachments by its address: the names and the bytes."""
    server, state = Server(), app.extensions["mail"]
    with running(server) as state.port, connect(app) as connection:
        state.server = "127.0.0.1"
        sending.drain(db.session, connection, worker="test", sender=None, stop=threading.Event())
    read = {to[0]: email.message_from_bytes(content, policy=mail_policy) for _, to, content in server.mails}
    return {
        to: [
            (one.get_filename(), one.get_content_type(), one.get_payload(decode=True))
            for one in mail.iter_attachments()
        ]
        for to, mail in read.items()
    }


@pytest.mark.usefixtures("app")
class TestFiles:
    def test_csv_has_the_chosen_columns_in_their_order_and_a_sum(self):
        made = report(invoiced(making.customer()), columns=["cost", "number", "duration", "records"])
        assert (made.filename, made.content_type) == ("AC1-1-usage-ours.csv", "text/csv")
        assert csv_rows(made.data) == [
            ["Cost (GBP)", "Number or service", "Duration (h:mm:ss)", "Items"],
            ["0.13", "01632 960 001", "0:01:05", "1"],
            ["2.25", "01632 960 002", "25:00:00", "1"],
            ["2.38", "Total", "25:01:05", "2"],
        ]

    def test_xlsx_has_numbers_with_the_places_of_the_currency(self):
        made = report(invoiced(making.customer()), columns=ALL, file_format="xlsx")
        assert made.filename == "AC1-1-usage-ours.xlsx"
        head, first, _, total = xlsx_rows(made.data)
        assert [head[letter] for letter in "ABGI"] == [
            "Number or service",
            "Site or cost centre",
            "Cost (GBP)",
            "First use",
        ]
        assert (first["A"], first["B"], first["D"], first["G"]) == ("01632 960 001", "Mill Lane", 1, Decimal("0.13"))
        # Five hours past midnight in Greenwich are six in London's summer.
        assert first["I"] == "2026-06-01 10:30:00"
        assert "F" not in first
        assert (total["A"], total["C"], total["G"], total["H"]) == ("Total", 2, Decimal("2.38"), 100)
        cells = xlsx_cells(made.data)[1]
        assert {letter: cells[letter][1] for letter in "DEGH"} == {
            "D": "#,##0",
            "E": "[h]:mm:ss",
            "G": "#,##0.00",
            "H": "#,##0.00",
        }

    @pytest.mark.parametrize(("currency", "total"), [("JPY", "2"), ("GBP", "2.38"), ("KWD", "2.375")])
    def test_amounts_have_the_places_of_their_currency(self, currency, total):
        made = report(invoiced(making.customer(), currency=currency), columns=["number", "cost"])
        rows = csv_rows(made.data)
        assert rows[0] == ["Number or service", f"Cost ({currency})"]
        assert rows[-1] == ["Total", total]
        assert sum(Decimal(row[1]) for row in rows[1:-1]) == Decimal(total)

    @pytest.mark.parametrize(
        ("language", "head", "not_given", "total"),
        [
            ("en", "Site or cost centre", "Not given", "Total"),
            ("de", "Standort oder Kostenstelle", "Ohne Angabe", "Summe"),
            ("fr", "Site ou centre de coûts", "Non précisé", "Total"),
            ("es", "Sede o centro de coste", "Sin indicar", "Total"),
            ("cy", "Site or cost centre", "Not given", "Total"),
        ],
    )
    def test_it_speaks_the_readers_language(self, language, head, not_given, total):
        made = report(invoiced(making.customer()), report="by_site", language=language)
        assert [row[0] for row in csv_rows(made.data)] == [head, "Mill Lane", not_given, total]

    @pytest.mark.parametrize("kind", ["csv", "xlsx"])
    def test_formulas_are_disarmed(self, kind):
        wrong = [{**CALL, "destination": text} for text in ("=1+1", "+44 161", "@SUM(A1)", '=HYPERLINK("http://x")')]
        made = report(invoiced(making.customer(), wrong), report="by_destination", file_format=kind)
        if kind == "csv":
            assert [row[0][0] for row in csv_rows(made.data)[1:-1]] == ["'"] * 4
        else:
            assert {row["A"] for row in xlsx_rows(made.data)[1:-1]} == {one["destination"] for one in wrong}

    def test_days_are_sorted_and_written_as_dates(self):
        later = {**CALL, "start": datetime(2026, 6, 1, 23, 30, tzinfo=UTC)}
        made = report(invoiced(making.customer(), [later, CALL]), report="by_day")
        assert [row[0] for row in csv_rows(made.data)] == ["Day", "2026-06-01", "2026-06-02", "Total"]

    def test_an_invoice_without_usage_has_a_report_that_says_so(self):
        made = report(invoiced(making.customer(), []))
        assert csv_rows(made.data)[1:] == [["Total", "0", "", "", "0.00"]]

    def test_the_same_rows_make_the_same_bytes(self):
        invoice_id = invoiced(making.customer())
        one = report(invoice_id, name="One", file_format="xlsx")
        other = report(invoice_id, name="Two", file_format="xlsx")
        assert (one.data, one.filename) == (other.data, "AC1-1-usage-one.xlsx")

    def test_its_name_is_one_that_any_system_takes(self):
        made = report(invoiced(making.customer("A/B")), name='By "cost": Größe / week\\1')
        assert made.filename == "A-B-1-usage-by-cost-größe-week-1.csv"


class TestMails:
    def test_it_goes_to_who_chose_it_and_once_where_several_did(self, app):
        number = making.lookup("usage_report_profile", "By number")
        day = making.lookup("usage_report_profile", "By day", report="by_day", file_format="xlsx")
        customer_id = making.billed(invoice_usage_report=number)
        bill = {"email_bill_type": "short"}
        making.contact(customer_id, email="bills@acme.example", invoice_usage_report=number, **bill)
        making.contact(customer_id, email="bills@acme.example", invoice_usage_report=day, **bill)
        making.contact(customer_id, email="plain@acme.example", **bill)
        making.send(invoiced(customer_id))
        found = mailed(app)
        assert [name for name, *_ in found["bills@acme.example"]] == [
            "AC1-1.pdf",
            "AC1-1-usage-by-number.csv",
            "AC1-1-usage-by-day.xlsx",
        ]
        assert [name for name, *_ in found["plain@acme.example"]] == ["AC1-1.pdf"]
        assert csv_rows(found["bills@acme.example"][1][2])[-1][0] == "Total"

    def test_it_is_made_once_for_each_profile_and_language_whatever_the_format(self, app, monkeypatch):
        number = making.lookup("usage_report_profile", "By number")
        customer_id = making.billed(invoice_usage_report=number)
        for name, form, language in (("ann", "long", "en"), ("ben", "full", "en"), ("cem", "full", "de")):
            making.contact(
                customer_id,
                email=f"{name}@acme.example",
                email_bill_type=form,
                language=language,
                invoice_usage_report=number,
            )
        made = []
        real = rendering.file_name
        monkeypatch.setattr(rendering, "file_name", lambda *given: made.append(given) or real(*given))
        making.send(invoiced(customer_id))
        found = mailed(app)
        assert len(found) == 4
        assert len(made) == 2
        german = csv_rows(found["cem@acme.example"][1][2])
        assert (german[0][0], german[-1][0]) == ("Nummer oder Dienst", "Summe")
        kept = db.session.query(Rendition).filter(Rendition.format == f"usage_report:{number}").all()
        assert {(one.language, one.filename) for one in kept} == {
            ("en", "AC1-1-usage-by-number.csv"),
            ("de", "AC1-1-usage-by-number.csv"),
        }
        assert db.session.query(Content).filter_by(content_type="text/csv").count() == 2

    def test_what_was_sent_stays_as_it_was_sent(self, app):
        number = making.lookup("usage_report_profile", "By number")
        customer_id = making.billed(invoice_usage_report=number)
        invoice_id = invoiced(customer_id)
        making.send(invoice_id)
        first = mailed(app)["bills@acme.example"][1]
        values = {"report": "by_day", "columns": ["day", "cost"], "file_format": "xlsx"}
        making.run(update_lookup, resource="usage_report_profile", lookup_id=number, values=values)
        making.contact(customer_id, email="late@acme.example", email_bill_type="short", invoice_usage_report=number)
        making.send(invoice_id)
        assert mailed(app)["late@acme.example"][1] == first

    def test_one_that_is_not_active_or_deleted_goes_where_it_is_chosen(self, app):
        number = making.lookup("usage_report_profile", "By number")
        customer_id = making.billed(invoice_usage_report=number)
        making.run(update_lookup, resource="usage_report_profile", lookup_id=number, values={"active": False})
        making.send(invoiced(customer_id))
        assert len(mailed(app)["bills@acme.example"]) == 2
