"""Export of a list: what is seen and no more, as CSV and XLSX, formulas disarmed, and noted in the audit trail."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from app.core.models import AuditEntry
from app.web import export
from app.web.export_files import as_text, disarmed, write_csv, write_xlsx

FORMULAS = ["=1+1", "+44 161", "-2", "@SUM(A1)", "\tx", "\rx", "\nx", "\uff1d1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_disarmed(text):
    assert disarmed(text) == f"'{text}"
    row = next(csv.reader(io.StringIO(write_csv([], [[text]]).read().decode("utf-8-sig").split("\r\n", 1)[1])))
    assert row[0].startswith("'")
    book = zipfile.ZipFile(write_xlsx(["A"], [[text]]))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert 't="inlineStr"' in sheet


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""), ("plain", "plain"), (7, "7"), (Decimal("-12.50"), "-12.50"), (date(2026, 3, 1), "2026-03-01"),
        (datetime(2026, 3, 1, 9, tzinfo=UTC), "2026-03-01T09:00:00Z"),
    ],
)  # fmt: skip
def test_values_as_text(value, text):
    assert as_text(value) == text


def test_csv_is_quoted_and_begins_with_a_mark():
    data = write_csv(["a", "b"], [['say "yes"', "x,y\nz"], [Decimal("-1.5"), "ß"]]).read()
    assert data == '\ufeffa,b\r\n"say ""yes""","x,y\nz"\r\n-1.5,ß\r\n'.encode()


def rows_of(answer) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))


def exported(house, name, path, state="", **form):
    data = {"state": state, "everything": "1", "format": "csv", **form}
    return house.browser(name).post(f"/{path}/export", data=data)


def test_the_file_holds_what_the_list_shows(own_house):
    house = own_house
    house.contact(last_name="Zebra", email="zebra@x.example", number_1="=HYPERLINK(1)")
    answer = exported(house, "finance", "contacts", "order=last_name&direction=desc&columns=last_name,email")
    assert re.search(r"attachment; filename=contact-\d{4}-\d\d-\d\d\.csv", answer.headers["Content-Disposition"])
    assert answer.headers["Cache-Control"] == "no-store"
    header, *rows = rows_of(answer)
    assert len(header) == 2
    assert rows[0] == ["Zebra", "zebra@x.example"]
    assert len(rows) == 7
    assert [row[0] for row in rows] == sorted((row[0] for row in rows), reverse=True)
    with house.session() as session:
        entry = session.query(AuditEntry).order_by(AuditEntry.id.desc()).first()
        assert (entry.verb, entry.username, entry.door) == ("list:exported", "finance", "screen")
        changes = entry.touched[0].changes
        assert changes["rows"] == [None, 7]
        assert "order=last_name" in changes["list"][1]
    assert house.browser().get("/audit/list/").status_code == 200


def test_the_search_and_the_chosen_rows_narrow_it(own_house):
    house = own_house
    _, *rows = rows_of(exported(house, "admin", "contacts", "q=directnorth"))
    assert len(rows) == 1
    ours = house.world.ours
    data = {"state": "", "rowid": [ours["contact"], house.world.theirs["contact"]], "format": "csv"}
    assert len(rows_of(house.browser("admin").post("/contacts/export", data=data))) == 3
    assert len(rows_of(house.browser("north_finance").post("/contacts/export", data=data))) == 2


@pytest.mark.parametrize("path", ["customers", "contacts", "invoices", "messages"])
def test_a_dealers_staff_export_their_own_and_no_secret(own_house, path):
    text = exported(own_house, "north_finance", path).data.decode("utf-8-sig")
    assert "north" in text.lower()
    assert "south" not in text.lower()
    state = "columns=account_password,account_password_hash,last_name,email"
    text = exported(own_house, "admin", path, state).data.decode("utf-8-sig")
    assert "scrypt" not in text
    assert "planted-secret-phrase" not in text


def test_who_may_not_read_may_not_export(own_house):
    assert exported(own_house, "support", "invoices").status_code == 403
    numbers = {row[1] for row in rows_of(exported(own_house, "support", "messages"))[1:]}
    assert numbers
    assert all("/T" in number for number in numbers)


def test_a_spreadsheet_holds_the_same(own_house):
    answer = exported(own_house, "admin", "invoices", format="xlsx")
    book = zipfile.ZipFile(io.BytesIO(answer.data))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == 5
    assert "NORTH-1/1" in sheet


def test_it_asks_first_and_writes_nothing_by_get(own_house):
    own_house.browser()
    before = own_house.count("audit_entry")
    page = own_house.browser().get("/contacts/export?q=directnorth&format=csv").text
    assert "1 row" in page
    assert own_house.count("audit_entry") == before
    page = own_house.browser().post("/contacts/export", data={"state": "", "rowid": "1"}).text
    assert 'name="rowid" value="1"' in page
    assert 'href="/contacts/export' in own_house.browser().get("/contacts/list/").text


def test_too_many_rows_are_refused_and_said(own_house, monkeypatch):
    monkeypatch.setattr(export, "MAX_ROWS", 3)
    answer = exported(own_house, "admin", "contacts")
    assert answer.status_code == 422
    assert "An export holds 3 rows at most" in answer.text
    assert own_house.browser().post("/contacts/export", data={"everything": "1", "format": "pdf"}).status_code == 422


def test_many_batches_hold_each_row_once(own_house, monkeypatch):
    monkeypatch.setattr(export, "BATCH", 2)
    _, *rows = rows_of(exported(own_house, "admin", "contacts"))
    assert len({tuple(row) for row in rows}) == len(rows) == 6


def test_amounts_have_the_places_of_their_currency(own_house):
    house = own_house
    customer = house.customer(company_name="Places")
    for currency in ("GBP", "JPY", "KWD"):
        house.invoice(customer, currency=currency)
    state = "q=places&columns=net,tax,total"
    _, *rows = rows_of(exported(house, "admin", "invoices", state))
    amounts = [{"25.00", "5.00", "30.00"}, {"25", "5", "30"}, {"25.000", "5.000", "30.000"}]
    assert sorted(map(sorted, rows)) == sorted(map(sorted, amounts))
    book = zipfile.ZipFile(io.BytesIO(exported(house, "admin", "invoices", state, format="xlsx").data))
    styles = book.read("xl/styles.xml").decode()
    assert {"#,##0", "#,##0.00", "#,##0.000"} <= set(re.findall(r'formatCode="([^"]+)"', styles))
