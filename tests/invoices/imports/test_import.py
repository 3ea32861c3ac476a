"""Imports through the service: what is published, what is refused and how, and who may."""

from __future__ import annotations

import io
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from app.core import clock
from app.core.actor import Door
from app.core.errors import Conflict, Forbidden
from app.extensions import db
from app.invoices import service as invoices
from app.invoices.imports import jobs, service
from app.invoices.imports.models import ImportedInvoice, ImportFault, InvoiceImport
from app.invoices.imports.rules import ImportKind
from app.invoices.models import Invoice, InvoiceLine, StoredUsage, UsageRecord
from tests.conftest import actor
from tests.core import making

HEAD = (
    "account_number,invoice_key,invoice_date,due_date,currency,purchase_order_number,"
    "description,category,quantity,unit_price,tax_rate,reference\n"
)
ONE = "AC1,R-1,2026-06-01,2026-06-30,GBP,PO 7,Line rental,Rental,2,12.50,20,0161\nAC1,R-1,,,,,Calls,Calls,1,3.333,20,\n"
TWO = "ac1,R-2,2026-06-01,2026-06-30,,,Line rental,,1,10,0,\n"
USAGE = "invoice_number,start,reference,origin,destination,duration,volume,cost\n"
CALL = "AC1/1,2026-05-01T10:00:00Z,0161,0161,0207,65,,0.125\n"

pytestmark = pytest.mark.usefixtures("app")


def hand_over(text, kind=ImportKind.INVOICES, who="finance", **given):
    """Check a file; return the import as it is then."""
    check = jobs.Check(sessions=db.session, actor=actor(who, Door.IMPORT), default_currency="GBP", **given)
    data = text if isinstance(text, bytes) else text.encode()
    return db.session.get(InvoiceImport, check.run(io.BytesIO(data), kind=kind, name="june.csv"))


def publish(run, who="finance"):
    jobs.publish(db.session, actor(who, Door.IMPORT), import_id=run.id)


def faults(run):
    return [(one.line, one.column, one.message) for one in db.session.scalars(select(ImportFault))]


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


def test_invoices_are_numbered_added_up_and_found():
    making.customer("AC1")
    making.invoice(db.session.scalar(select(making.db.metadata.tables["customer"].c.id)))
    run = hand_over(HEAD + ONE + TWO)
    assert (run.state, run.rows, run.invoices, run.sums) == ("checked", 3, 2, {"GBP": "44.00"})
    assert count(Invoice) == 1
    publish(run)
    made = db.session.scalars(select(Invoice).order_by(Invoice.id)).all()[1:]
    assert [(one.number, one.status, one.total, len(one.lines)) for one in made] == [
        ("AC1/2", "draft", Decimal("34.00"), 2),
        ("AC1/3", "draft", Decimal(10), 1),
    ]
    assert made[0].purchase_order_number == "PO 7"
    assert making.last_entry()[0] == "invoice:imported"
    assert {name for name, _ in making.last_entry()[1]} == {"customer", "invoice"}
    assert making.trail()[-1].door == "import"
    from app.invoices.queries import matching

    assert db.session.scalars(select(Invoice.number).where(matching("AC1/3"))).all() == ["AC1/3"]


def test_an_import_makes_what_the_form_would_make():
    customer_id = making.customer("AC1")
    publish(hand_over(HEAD + ONE))
    lines = [
        {
            "description": "Line rental",
            "category": "Rental",
            "quantity": "2",
            "unit_price": "12.50",
            "tax_rate": "20",
            "reference": "0161",
        },
        {"description": "Calls", "category": "Calls", "quantity": "1", "unit_price": "3.333", "tax_rate": "20"},
    ]
    making.invoice(
        customer_id, invoice_date="2026-06-01", due_date="2026-06-30", purchase_order_number="PO 7", lines=lines
    )
    own = {"id", "number", "series", "created_at", "last_modified_at", "invoice_id"}
    for model in (Invoice, InvoiceLine):
        rows = [
            {name: value for name, value in row.items() if name not in own}
            for row in db.session.execute(select(model.__table__).order_by(model.__table__.c.id)).mappings()
        ]
        half = len(rows) // 2
        assert rows[:half] == rows[half:]


def test_usage_is_nobodys_until_it_is_published():
    making.invoice(making.customer("AC1"))
    run = hand_over(USAGE + CALL * 3, ImportKind.USAGE)
    assert (run.state, run.rows, run.invoices, run.sums) == ("checked", 3, 1, {"GBP": "0.375000"})
    assert (count(UsageRecord), count(StoredUsage)) == (0, 3)
    before = db.session.scalar(select(Invoice.version))
    publish(run)
    assert count(UsageRecord) == 3
    db.session.expire_all()
    assert db.session.scalar(select(Invoice.version)) == before + 1
    assert making.last_entry() == ("invoice:usage_imported", [("invoice", 1)])


def test_usage_by_the_key_of_the_invoices_file():
    making.customer("AC1")
    publish(hand_over(HEAD + ONE + TWO))
    text = "account_number;invoice_key;start;cost\nAC1;R-2;2026-05-01T10:00:00+01:00;1\n"
    publish(hand_over(text, ImportKind.USAGE))
    record = db.session.scalars(select(UsageRecord)).one()
    assert db.session.get(Invoice, record.invoice_id).number == "AC1/2"
    assert record.start.hour == 9


def test_an_approval_falls_away_unless_the_import_approves():
    making.invoice(making.customer("AC1"))
    making.run(invoices.approve_invoice, invoice_id=1)
    publish(hand_over(USAGE + CALL, ImportKind.USAGE))
    assert db.session.scalar(select(Invoice.status)) == "draft"
    publish(hand_over(USAGE + CALL + CALL, ImportKind.USAGE, approve=True))
    assert db.session.scalar(select(Invoice.status)) == "approved"
    publish(hand_over(HEAD + ONE, approve=True))
    assert set(db.session.scalars(select(Invoice.status))) == {"approved"}


def test_the_same_file_twice_needs_a_reason():
    making.customer("AC1")
    first, second = hand_over(HEAD + ONE), hand_over(HEAD + ONE)
    publish(first)
    with pytest.raises(Conflict, match="imported already") as refusal:
        publish(second)
    assert refusal.value.code == "imported_already"
    with pytest.raises(Conflict, match="To import it once more, say why"):
        hand_over(HEAD + ONE)
    publish(hand_over(HEAD + ONE, reason="The first was deleted."))
    assert making.trail()[-1].reason.endswith("The first was deleted.")
    assert db.session.scalars(select(Invoice.number).order_by(Invoice.id)).all() == ["AC1/1", "AC1/2"]


def test_a_key_in_use_is_refused_until_its_invoice_is_deleted():
    making.customer("AC1")
    publish(hand_over(HEAD + ONE))
    assert faults(hand_over(HEAD + ONE + TWO)) == [(2, "invoice_key", "Invoice AC1/1 was imported with this key.")]
    making.run(invoices.delete_invoice, invoice_id=1)
    assert hand_over(HEAD + ONE + TWO).state == "checked"


def test_who_may():
    making.dealers("NORTH", "SOUTH")
    making.customer("AC1", dealer_code="SOUTH")
    making.customer("AC2", dealer_code="NORTH")
    for name in ("support", "auditor"):
        with pytest.raises(Forbidden):
            hand_over(HEAD + ONE, who=name)
    foreign = faults(hand_over(HEAD + ONE, who="north_finance"))
    db.session.execute(ImportFault.__table__.delete())
    db.session.commit()
    unknown = faults(hand_over(HEAD + ONE.replace("AC1", "NOBODY"), who="north_finance"))
    assert foreign == unknown == [(2, "account_number", "There is no such account.")]
    assert hand_over(HEAD + ONE.replace("AC1", "AC2"), who="north_finance").state == "checked"
    making.invoice(1)
    db.session.execute(ImportFault.__table__.delete())
    db.session.commit()
    assert faults(hand_over(USAGE + CALL, ImportKind.USAGE, who="north_finance")) == [
        (2, "invoice_number", "There is no invoice with this number.")
    ]


def test_what_has_changed_since_the_check_is_refused_at_publishing():
    customer_id = making.customer("AC1")
    making.invoice(customer_id)
    run = hand_over(USAGE + CALL, ImportKind.USAGE)
    making.run(invoices.delete_invoice, invoice_id=1)
    with pytest.raises(Conflict, match="sent or deleted"):
        publish(run)
    assert count(UsageRecord) == 0
    from app.customers.service import delete_customer

    run = hand_over(HEAD + ONE)
    making.run(delete_customer, customer_id=customer_id)
    with pytest.raises(Conflict, match="is gone"):
        publish(run)
    assert count(Invoice) == 1


def test_what_is_abandoned_is_swept():
    making.invoice(making.customer("AC1"))
    waiting = hand_over(USAGE + CALL, ImportKind.USAGE)
    with making.unit_of_work(db.session) as session:
        file = service.File(kind=ImportKind.USAGE, name="x", sha256="0" * 64, size=1)
        dead = service.begin_import(session, actor("finance"), file=file)
        record = {"start": clock.now(), "reference": "", "origin": "", "destination": "", "duration": 1, "volume": None}
        rows = [{**record, "invoice_id": 1, "cost": Decimal(1)}] * 5_000
        service.stage_usage(session, actor("finance"), import_id=dead.id, records=rows, counts={(1, 1): 5_000})
    assert jobs.sweep(db.session) == 0
    with clock.frozen(clock.now() + timedelta(minutes=11)):
        assert jobs.sweep(db.session) == 1
    assert count(StoredUsage) == 1
    assert db.session.get(InvoiceImport, waiting.id).state == "checked"
    with clock.frozen(clock.now() + timedelta(days=2)):
        assert jobs.sweep(db.session) == 1
    assert (count(StoredUsage), count(ImportedInvoice)) == (0, 0)
    with pytest.raises(Conflict):
        publish(waiting)


BAD = {
    "no rows": (HEAD, (1, "", "There are no rows below the names of the columns.")),
    "empty": (b"", (1, "", "This file is empty.")),
    "workbook": (
        b"PK\x03\x04....",
        (1, "", "This is a workbook or an archive, and no CSV. Save the sheet as CSV UTF-8."),
    ),
    "missing": (HEAD.replace("tax_rate", "vat"), (1, "tax_rate", "This column is missing.")),
    "unknown": (HEAD.replace("tax_rate", "vat"), (1, "vat", "There is no such column.")),
    "latin-1": (
        HEAD.encode() + ONE.replace("rental", "caf\xe9").encode("latin-1"),
        (2, "", "These are no letters of UTF-8. Save the file as UTF-8."),
    ),
    "utf-16": (HEAD.encode("utf-16"), (1, "", "These are no letters of UTF-8. Save the file as UTF-8.")),
    "ragged": (HEAD + ONE + "AC1,R-9\n", (4, "", "This row has 2 fields; the first line has 12.")),
    "nul": (
        HEAD + ONE.replace("Line rental", "Line\x00rental"),
        (2, "description", "Control characters and line breaks are not allowed."),
    ),
    "line break": (
        HEAD + ONE.replace("Line rental", '"Line\nrental"'),
        (2, "description", "Control characters and line breaks are not allowed."),
    ),
    "long": (HEAD + ONE.replace("Line rental", "x" * 201), (2, "description", "At most 200 characters.")),
    "endless": (
        HEAD + ONE + '"' + "x\n" * 100_000,
        (4, "", "A field here is far too long, or its quotation mark is never closed. Nothing was read from here on."),
    ),
    "no line ends": (
        HEAD + "x" * 300_000,
        (2, "", "A field here is far too long, or its quotation mark is never closed. Nothing was read from here on."),
    ),
    "decimal comma": (
        HEAD + ONE.replace("12.50", '"12,50"'),
        (2, "unit_price", "Enter a number such as 12.50, without thousands separators."),
    ),
    "other date": (HEAD + ONE.replace("2026-06-01", "01.06.2026"), (2, "invoice_date", "Give a date as YYYY-MM-DD.")),
    "due before": (
        HEAD + ONE.replace("2026-06-30", "2026-05-30"),
        (2, "due_date", "The due date can't be before the invoice date."),
    ),
    "no account": (HEAD + TWO.replace("ac1", "AC9"), (2, "account_number", "There is no such account.")),
    "duplicate": (
        HEAD + ONE + TWO + ONE,
        (5, "invoice_key", "Another invoice of this account has this key above. The rows of one follow one another."),
    ),
    "differs": (
        HEAD + ONE.replace("AC1,R-1,,,", "AC1,R-1,2026-07-01,,"),
        (3, "invoice_date", "This differs from the first row of the invoice. Repeat it, or leave it empty."),
    ),
    "too many lines": (
        HEAD + ONE + "AC1,R-1,,,,,Calls,Calls,1,3,20,\n" * 1_000,
        (2, "", "An invoice has at most 1,000 lines."),
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_answered_by_line_and_nothing_is_kept(name):
    text, wanted = BAD[name]
    making.customer("AC1")
    run = hand_over(text)
    assert wanted in faults(run)
    assert (run.state, run.faults, run.cleared) == ("refused", len(faults(run)), True)
    assert (count(ImportedInvoice), count(Invoice)) == (0, 0)
    with pytest.raises(Conflict):
        publish(run)


BAD_USAGE = {
    "no zone": (CALL.replace("Z,", ","), "start", "Give the time with its zone, such as 2026-03-01T10:00:00Z."),
    "no time": (
        CALL.replace("2026-05-01T10:00:00Z", "1.5.2026"),
        "start",
        "Give a time as ISO 8601, such as 2026-03-01T10:00:00Z.",
    ),
    "duration": (CALL.replace(",65,", ",1:05,"), "duration", "Give whole seconds, such as 65."),
    "volume": (CALL.replace(",65,,", ",,-1,"), "volume", "A volume can't be less than nothing."),
    "cost": (CALL.replace("0.125", "=1+1"), "cost", "Enter a number such as 12.50, without thousands separators."),
    "no cost": (CALL.replace("0.125", ""), "cost", "This is needed."),
    "unknown": (CALL.replace("AC1/1", "AC1/9"), "invoice_number", "There is no invoice with this number."),
    "nobody": (
        CALL.replace("AC1/1", ""),
        "",
        "Name the invoice by its number, or by its account and key, and not by both.",
    ),
    "long": (CALL.replace("0207", "0" * 81), "destination", "Use 80 characters at most; this has 81."),
    "nul": (CALL.replace("0207", "02\x0007"), "destination", "Leave out control characters."),
}


@pytest.mark.parametrize("name", BAD_USAGE)
def test_a_bad_usage_record_is_answered_by_line(name):
    text, column, words = BAD_USAGE[name]
    making.invoice(making.customer("AC1"))
    run = hand_over(USAGE + CALL + text, ImportKind.USAGE)
    assert faults(run) == [(3, column, words)]
    assert (run.state, count(StoredUsage)) == ("refused", 0)


def test_a_sent_invoice_takes_no_usage():
    making.send(making.invoice(making.billed("AC1")))
    words = "A sent invoice can't be changed, only credited or sent again."
    assert faults(hand_over(USAGE + CALL, ImportKind.USAGE)) == [(2, "invoice_number", words)]


def test_formulas_are_texts():
    making.customer("AC1")
    publish(hand_over(HEAD + ONE.replace("Line rental", "=1+1")))
    assert db.session.scalars(select(InvoiceLine.description).limit(1)).one() == "=1+1"


def test_a_page_takes_so_many_rows():
    making.customer("AC1")
    run = hand_over(HEAD + ONE, most_rows=1)
    assert [text for _, _, text in faults(run)] == [
        "This page takes 1 row at most. The command flask import takes any number."
    ]


def test_semicolons_tabs_a_mark_and_capital_names():
    making.customer("AC1")
    for mark in (";", "\t"):
        text = "\ufeff" + (HEAD.upper() + ONE).replace(",", mark)
        assert hand_over(text).state == "checked"


def test_a_purge_takes_the_key():
    making.customer("AC1")
    publish(hand_over(HEAD + ONE))
    making.run(invoices.delete_invoice, invoice_id=1)
    making.run(invoices.purge_invoice, invoice_id=1, reason="They asked for it.")
    assert db.session.scalars(select(ImportedInvoice.key)).all() == [None]


def test_errors_come_line_by_line():
    making.customer("AC1")
    run = hand_over(HEAD + TWO.replace("ac1", "AC9") + "AC1\n" + TWO.replace("ac1", "AC8"))
    from app.invoices.imports.queries import faults as in_order

    assert [one.line for one in db.session.scalars(in_order(run.id))] == [2, 3, 4]


def test_the_records_that_are_read_are_found_by_their_index():
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL plans by statistics, which an empty table has none of.")
    statement = select(UsageRecord).where(UsageRecord.invoice_id == 1).order_by(UsageRecord.reference)
    text = str(statement.compile(db.engine, compile_kwargs={"literal_binds": True}))
    plan = [row[3] for row in db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]
    assert any("ix_usage_record_itemised" in step for step in plan), plan
    assert not any("SCAN" in step or "MATERIALIZE" in step for step in plan), plan


def test_the_same_file_published_twice_at_the_same_moment(app):
    making.customer("AC1")
    numbers = [hand_over(HEAD + ONE).id for _ in range(2)]
    db.session.rollback()
    acts = [lambda number=number: jobs.publish(db.session, actor("finance"), import_id=number) for number in numbers]
    assert making.codes(making.at_once(app, acts)) == ["imported_already", "ok"]
    assert count(Invoice) == 1


def test_a_page_sweeps_some_at_a_time():
    making.invoice(making.customer("AC1"))
    big = hand_over(USAGE + CALL * 5_000, ImportKind.USAGE)
    jobs.give_up(db.session, actor("finance"), import_id=big.id, most=1)
    assert count(StoredUsage) == 3_000
    assert jobs.sweep(db.session, most=1) == 0
    assert jobs.sweep(db.session) == 1
    assert (count(StoredUsage), count(ImportedInvoice)) == (0, 0)
