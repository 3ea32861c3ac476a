"""A sent invoice is credited: on the screen, over REST, in the series, on paper, in the mail, and in the months."""

from __future__ import annotations

import email
import io
import re
from datetime import date
from decimal import Decimal
from email.policy import default as mail_policy

import pytest
from pypdf import PdfReader

from app.core.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from app.customers.service import delete_customer, restore_customer
from app.extensions import db
from app.invoices import queries, service
from app.invoices.credit_notes.service import credit_invoice
from app.invoices.models import Invoice
from app.invoices.source import shown_pdf
from app.mailer.jobs import run_worker
from tests.conftest import actor
from tests.core import making
from tests.mailer.smtp_servers import Server, running

pytestmark = pytest.mark.usefixtures("app")
D = Decimal
DAY = date(2026, 4, 2)
HALF = {**making.LINE, "quantity": "1"}
OTHER_RATE = {"description": "Book", "quantity": "1", "unit_price": "8", "tax_rate": "5"}


def get(number):
    db.session.rollback()
    return db.session.get_one(Invoice, number)


@pytest.fixture
def sent(app):
    number = making.invoice(making.billed(), lines=[making.LINE, OTHER_RATE], purchase_order_number="PO-1")
    making.send(number)
    return number


def credit(number, who=None, **given):
    return making.run(
        credit_invoice, who, **{"invoice_id": number, "lines": [HALF], "reason": "Out of order", "today": DAY, **given}
    ).id


def refused(kind, number, who=None, **given):
    with pytest.raises(kind) as refusal:
        credit(number, who, **given)
    return refusal.value


def test_it_is_a_row_of_its_own_in_the_same_series(sent):
    note = get(credit(sent, actor("finance")))
    assert (note.number, note.credits_id, note.credit_reason, note.status) == (
        "AC1/2",
        sent,
        "Out of order",
        "approved",
    )
    assert (note.net, note.tax, note.total) == (D("12.50"), D("2.50"), D("15.00"))
    assert (note.currency, note.purchase_order_number, note.invoice_date) == ("GBP", "PO-1", DAY)
    assert get(sent).status == "sent"
    entry = making.trail()[-1]
    assert (entry.verb, entry.reason) == ("invoice:credited", "Out of order")
    assert [(one.resource, one.record_id) for one in entry.touched] == [
        ("invoice", note.id),
        ("invoice", sent),
        ("customer", 1),
    ]
    assert get(making.invoice(1)).number == "AC1/3"


def test_no_more_than_is_left_at_each_rate(sent):
    credit(sent)
    credit(sent, lines=[OTHER_RATE])
    error = refused(Invalid, sent, lines=[making.LINE])
    assert error.errors == {"lines": ["At 20.00 % there is £12.50 left to credit, net, and the lines come to £25.00."]}
    credit(sent)
    assert "£0.00 left" in refused(Invalid, sent, lines=[{**HALF, "unit_price": "0.01"}]).errors["lines"][0]


def test_a_deleted_note_frees_what_it_credited_and_comes_back_only_while_that_is_left(sent):
    first = credit(sent, lines=[making.LINE])
    making.run(service.delete_invoice, invoice_id=first)
    second = credit(sent, lines=[making.LINE])
    assert get(second).number == "AC1/3"
    with pytest.raises(Conflict) as refusal:
        making.run(service.restore_invoice, invoice_id=first)
    assert refusal.value.code == "credited_meanwhile"
    making.run(service.delete_invoice, invoice_id=second)
    making.run(service.restore_invoice, invoice_id=first)
    assert get(first).deleted_at is None
    # What it credits itself is nothing against it.
    with pytest.raises(Conflict) as refusal:
        making.run(service.restore_invoice, invoice_id=first)
    assert refusal.value.code == "not_deleted"


def test_a_note_stays_deleted_where_its_invoice_was_purged(sent):
    note = credit(sent)
    making.run(service.delete_invoice, invoice_id=note)
    making.run(delete_customer, customer_id=1)
    making.run(service.purge_invoice, invoice_id=sent, reason="Asked for")
    with pytest.raises(Conflict) as refusal:
        making.run(service.restore_invoice, invoice_id=note)
    assert refusal.value.code == "parent_deleted"
    making.run(restore_customer, customer_id=1)
    with pytest.raises(Conflict) as refusal:
        making.run(service.restore_invoice, invoice_id=note)
    assert refusal.value.code == "credited_purged"
    assert get(note).deleted_at is not None


def test_notes_go_and_come_with_their_customer(sent):
    note = credit(sent)
    making.run(delete_customer, customer_id=1)
    assert get(note).deleted_at is not None
    making.run(restore_customer, customer_id=1)
    assert (get(note).deleted_at, get(sent).deleted_at) == (None, None)


def test_what_can_not_be_credited(sent):
    draft = making.invoice(1)
    assert refused(Conflict, draft).code == "not_sent"
    making.run(service.approve_invoice, invoice_id=draft)
    assert refused(Conflict, draft).code == "not_sent"
    note = credit(sent)
    assert refused(Conflict, note).code == "credit_note"
    making.send(note)
    assert refused(Conflict, note).code == "credit_note"
    refused(NotFound, 99)
    refused(Stale, sent, version=get(sent).version - 1)
    for name in ("support", "auditor"):
        refused(Forbidden, sent, actor(name))
    refused(NotFound, sent, actor("north_finance"))


@pytest.mark.parametrize(
    ("given", "places"),
    [
        ({"reason": ""}, {"reason"}),
        ({"reason": None}, {"reason"}),
        ({"reason": "x" * 501}, {"reason"}),
        ({"lines": []}, {"lines"}),
        ({"lines": None}, {"lines"}),
        ({"lines": "all"}, {"lines"}),
        ({"lines": [{**HALF, "quantity": "one"}], "reason": " "}, {"lines.0.quantity", "reason"}),
        ({"lines": [HALF, {**HALF, "tax_rate": "17.5"}]}, {"lines.1.tax_rate"}),
        ({"lines": [{**HALF, "quantity": "-1"}]}, {"lines"}),
    ],
)
def test_what_is_wrong_is_said_at_its_place_and_nothing_is_kept(sent, given, places):
    assert refused(Invalid, sent, **given).errors.keys() == places
    assert queries.last_series(db.session(), customer_id=1) == 1


def test_a_note_stands_as_it_is(sent):
    note = credit(sent)
    with pytest.raises(Conflict) as refusal:
        making.run(service.update_invoice, invoice_id=note, values={"lines": []})
    assert refusal.value.code == "credit_note"
    making.send(note)
    with pytest.raises(Conflict) as refusal:
        making.run(service.delete_invoice, invoice_id=note)
    assert refusal.value.code == "sent"


def test_two_who_credit_at_once_credit_once(app, sent):
    def act():
        with app.app_context():
            try:
                return credit(sent, lines=[making.LINE])
            finally:
                db.session.remove()

    results = making.at_once(app, [act, act, act])
    assert sorted(isinstance(one, Invalid) for one in results) == [False, True, True]


def test_months_are_less_what_was_credited(sent):
    credit(sent, today=date(2026, 3, 9))
    later = making.invoice(1, invoice_date="2026-03-20", due_date="2026-04-20", lines=[making.LINE])
    nets = queries.nets_by_month(db.session(), invoice=get(later), months=13)
    assert nets == {(2026, 3): D("33.00") - D("12.50") + D("25.00")}


def test_paper_and_mail_say_what_is_credited_and_ask_for_no_money(app, sent):
    making.contact(1, email="eva@acme.example", email_bill_type="full", language="de")
    making.send(note := credit(sent, reason="Out of order\nfrom 3 to 9 March"))
    server = Server()
    with running(server) as port:
        state = app.extensions["mail"]
        state.server, state.port = "127.0.0.1", port
        run_worker(app, once=True)
    mails = {
        one[1][0]: email.message_from_bytes(one[2], policy=mail_policy) for one in server.mails if b"AC1/2" in one[2]
    }
    own, german = mails["bills@acme.example"], mails["eva@acme.example"]
    assert own["Subject"].startswith("Credit note AC1/2 from")
    assert german["Subject"].startswith("Gutschrift AC1/2 von")
    text = own.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert "It credits invoice AC1/1." in text
    assert "Credited: £15.00" in text
    assert "Out of order\nfrom 3 to 9 March" in text
    assert "How to pay" not in text
    assert "Due" not in text
    html = german.get_body(("html",)).get_content()
    assert "Zu Rechnung AC1/1" in html
    for mail, expected in (
        (own, ("Credit note AC1/2", "Credits invoice AC1/1", "Total credit £15.00", "from 3 to 9 March")),
        (german, ("Gutschrift AC1/2", "Zu Rechnung AC1/1", "Gutschriftbetrag 15,00", "Grund")),
    ):
        (attached,) = mail.iter_attachments()
        paper = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(attached.get_content())).pages)
        for words in expected:
            assert words in " ".join(paper.split())
        assert "How to pay" not in paper
        assert "At a glance" not in paper
    assert shown_pdf(db.session(), get(note), format_="short")


@pytest.mark.parametrize("format_", ["short", "long", "full"])
def test_the_longest_reason_is_on_the_paper_whole(sent, format_):
    note = credit(sent, reason="".join(f"{number % 10}\n" for number in range(250)))
    heights = []
    for page in PdfReader(io.BytesIO(shown_pdf(db.session(), get(note), format_=format_))).pages:
        page.extract_text(visitor_text=lambda text, _cm, tm, *_: heights.append((tm[5], text.strip())))
    assert min(height for height, text in heights if text) > 0
    assert any("This amount is credited for invoice AC1/1." in text for _, text in heights)


def test_over_rest(sent, api):
    call = api("finance")
    answer = call("post", f"/api/v1/invoice/{sent}/credit", json={"lines": [HALF], "reason": "Out of order"})
    assert answer.status_code == 201
    note = answer.json["result"]
    assert (note["credits_id"], note["credit_reason"], note["status"], note["total"]) == (
        sent,
        "Out of order",
        "approved",
        "15.00",
    )
    again = call("post", f"/api/v1/invoice/{sent}/credit", json={"lines": [making.LINE], "reason": "All"})
    assert (again.status_code, list(again.json["errors"])) == (422, ["lines"])
    assert call("post", f"/api/v1/invoice/{sent}/credit", json={"reason": "All"}).status_code == 422
    assert (
        call("post", f"/api/v1/invoice/{sent}/credit", json={"lines": [HALF], "reason": "x", "sum": 1}).status_code
        == 422
    )
    stale = call("post", f"/api/v1/invoice/{sent}/credit", json={"lines": [HALF], "reason": "x", "version": 77})
    assert stale.status_code == 412
    assert (
        call("post", f"/api/v1/invoice/{note['id']}/credit", json={"lines": [HALF], "reason": "x"}).json["code"]
        == "credit_note"
    )
    found = call("get", f"/api/v1/invoice/?q=(filters:!((col:credits_id,opr:eq,value:{sent})))").json
    assert [one["number"] for one in found["result"]] == ["AC1/2"]
    # What GET gives, PUT takes back.
    assert call("put", f"/api/v1/invoice/{note['id']}", json=note).status_code == 200
    changed = call("put", f"/api/v1/invoice/{note['id']}", json={**note, "credits_id": 7})
    assert (changed.status_code, list(changed.json["errors"])) == (422, ["credits_id"])


def test_on_the_screen(sent, login):
    finance = login("finance")
    assert f'href="/invoices/{sent}/credit"' in finance.get(f"/invoices/show/{sent}").text
    page = finance.get(f"/invoices/{sent}/credit").text
    assert 'name="lines-0-description" value="Line rental"' in " ".join(page.split())
    assert "At 20.00 % there is £25.00 left to credit, net." in page
    given = {f"lines-0-{name}": value for name, value in making.LINE.items()}
    refusal = finance.post(f"/invoices/{sent}/credit", data={**given, "lines-0-quantity": "9", "reason": "Typed"})
    assert refusal.status_code == 422
    assert "the lines come to £112.50" in refusal.text
    assert "Typed" in refusal.text
    assert 'value="9"' in refusal.text
    done = finance.post(f"/invoices/{sent}/credit", data={**given, "reason": "Out of order"}, follow_redirects=True)
    assert "Credit note AC1/2 was made. It can be sent." in done.text
    assert f'<a href="/invoices/show/{sent}">AC1/1</a>' in done.text
    assert "Due date" not in done.text
    note = done.request.path.rpartition("/")[2]
    assert "/edit/" not in done.text
    assert f"/invoices/{note}/credit" not in done.text
    shown = finance.get(f"/invoices/show/{sent}").text
    assert f'<a href="/invoices/show/{note}">AC1/2</a> (£30.00)' in shown
    version = re.search(r'name="version"[^>]*value="(\d+)"', page).group(1)
    twice = finance.post(f"/invoices/{sent}/credit", data={**given, "reason": "Twice", "version": version})
    assert twice.status_code == 412
    rest = finance.get(f"/invoices/{sent}/credit").text
    assert "Line rental" not in rest
    assert "Book" in rest
    assert finance.get(f"/invoices/{note}/credit").status_code == 409
    assert "Send credit note AC1/2</h1>" in " ".join(finance.get(f"/invoices/{note}/send").text.split())
    making.send(int(note))
    assert "Send credit note AC1/2 again</h1>" in " ".join(finance.get(f"/invoices/{note}/send-again").text.split())
    listed = finance.get("/invoices/list/?kind=credit_note").text
    assert "AC1/2" in listed
    assert "AC1/1<" not in listed
    for name in ("support", "auditor"):
        assert login(name).get(f"/invoices/{sent}/credit").status_code in (302, 403)


def test_its_plan_calls_it_what_it_is_where_nobody_gets_it(app, login):
    number = making.invoice(making.customer(), lines=[making.LINE])
    making.run(service.approve_invoice, invoice_id=number)
    making.send(number, recipients=("somebody@acme.example",))
    page = login("finance").get(f"/invoices/{credit(number)}/send").text
    assert "Nobody gets this credit note." in page
    assert "Nobody gets this invoice." not in page


def test_the_page_of_its_message_calls_it_what_it_is(sent, login, api):
    making.send(note := credit(sent))
    words = {invoice: set() for invoice in (sent, note)}
    for message in making.messages():
        page = login("finance").get(f"/messages/show/{message.id}?tab=why").text
        told = str(api("finance")("get", f"/api/v1/message/{message.id}").json["result"]["why"])
        words[message.document_id] |= {
            noun for noun in ("the invoice", "the credit note") if f"sent {noun}" in page and f"sent {noun}" in told
        }
    assert words == {sent: {"the invoice"}, note: {"the credit note"}}
