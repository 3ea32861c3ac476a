"""The screen of imports: a file is handed over, checked, looked at, and published or discarded."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from app.extensions import db
from app.invoices.imports.models import InvoiceImport
from app.invoices.imports.samples import SAMPLES
from app.invoices.models import Invoice, UsageRecord
from tests.core import making

GOOD = SAMPLES["invoices"]


@pytest.fixture
def accounts(app):
    making.customer("ACME")
    making.customer("BETA")


def hand_over(browser, text=GOOD, kind="invoices", **more):
    data = {"kind": kind, "file": (io.BytesIO(text if isinstance(text, bytes) else text.encode()), "june.csv"), **more}
    return browser.post("/invoices/imports/add", data=data, content_type="multipart/form-data", follow_redirects=True)


def count(model):
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model))


@pytest.mark.usefixtures("accounts")
def test_the_samples_can_be_imported_as_they_are(login):
    browser = login("finance")
    for kind, text in SAMPLES.items():
        assert browser.get(f"/invoices/imports/sample/{kind}").text == text
        page = hand_over(browser, text, kind)
        assert "Nothing is wrong with this file." in page.text
        number = page.request.path.rpartition("/")[2]
        page = browser.post(f"/invoices/imports/{number}/publish", follow_redirects=True)
        assert "The import is published." in page.text
    assert (count(Invoice), count(UsageRecord)) == (2, 2)
    page = browser.get("/invoices/imports/list/")
    assert page.text.count("june.csv") == 2
    assert "finance" in page.text
    assert "/invoices/imports/list/" in browser.get("/invoices/list/").text
    assert making.trail()[-1].door == "screen"
    assert browser.get("/invoices/imports/sample/none").status_code == 404


@pytest.mark.usefixtures("accounts")
def test_errors_are_listed_counted_and_downloaded(login):
    browser = login("finance")
    head, row = GOOD.splitlines()[0], "NOBODY,K{},2026-06-01,2026-06-30,,,=Rent,,1,1,20,"
    page = hand_over(browser, "\n".join([head, *(row.format(number) for number in range(300))]))
    assert "The first 200 of 300 errors." in page.text
    assert page.text.count("There is no such account.") == 200
    number = page.request.path.rpartition("/")[2]
    file = browser.get(f"/invoices/imports/{number}/errors")
    assert file.text.splitlines()[0] == "\ufeffLine,Column,Error"
    assert file.text.splitlines()[-1] == "301,account_number,There is no such account."
    assert len(file.text.splitlines()) == 301
    assert browser.post(f"/invoices/imports/{number}/publish").status_code == 409


@pytest.mark.usefixtures("accounts")
def test_errors_are_told_in_the_readers_language(login):
    browser = login("finance")
    browser.post("/language/", data={"language": "de"})
    browser.set_cookie("counterpart_language", "de")
    page = hand_over(browser, b"")
    assert "Diese Datei ist leer." in page.text


@pytest.mark.usefixtures("accounts")
def test_what_is_typed_wrong_comes_back_at_its_field(login):
    browser = login("finance")
    page = browser.post("/invoices/imports/add", data={"kind": "invoices"}, content_type="multipart/form-data")
    assert page.status_code == 422
    assert "Choose a file." in page.text
    assert "Choose what is in the file." in hand_over(browser, kind="letters").text
    assert count(InvoiceImport) == 0


@pytest.mark.usefixtures("accounts")
def test_the_same_file_again_asks_why(login):
    browser = login("finance")
    number = hand_over(browser).request.path.rpartition("/")[2]
    browser.post(f"/invoices/imports/{number}/publish")
    page = hand_over(browser)
    assert page.status_code == 409
    assert "say why" in page.text
    assert "Nothing is wrong with this file." in hand_over(browser, reason="The first was wrong.").text


@pytest.mark.usefixtures("accounts")
def test_discarded_leaves_nothing(login):
    browser = login("finance")
    number = hand_over(browser).request.path.rpartition("/")[2]
    assert "was discarded" in browser.post(f"/invoices/imports/{number}/discard", follow_redirects=True).text
    assert browser.post(f"/invoices/imports/{number}/publish").status_code == 409
    assert count(Invoice) == 0


@pytest.mark.usefixtures("accounts")
def test_more_rows_than_the_setting_go_by_the_command(app, login):
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], import_rows=2)
    assert (
        "This page takes 2 rows at most. The command flask import takes any number." in hand_over(login("finance")).text
    )


@pytest.mark.usefixtures("accounts")
def test_a_dealers_staff_see_their_own_imports_alone(login):
    number = hand_over(login("finance")).request.path.rpartition("/")[2]
    other = login("north_finance")
    for path in ("show/{}", "{}/errors"):
        assert other.get(f"/invoices/imports/{path.format(number)}").status_code == 404
    for path in ("{}/publish", "{}/discard"):
        assert other.post(f"/invoices/imports/{path.format(number)}").status_code == 404
    assert "june.csv" not in other.get("/invoices/imports/list/").text


def test_who_may_look_and_who_may_import(login):
    assert login("support").get("/invoices/imports/list/").status_code in (302, 403)
    auditor = login("auditor")
    assert auditor.get("/invoices/imports/list/").status_code == 200
    assert "Import a file" not in auditor.get("/invoices/imports/list/").text
    assert auditor.get("/invoices/imports/add").status_code in (302, 403)
