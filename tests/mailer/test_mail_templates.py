"""Mail templates as staff and programs edit them, as they are tried, and as the mails that leave have them."""

from __future__ import annotations

import re
import threading
from email import message_from_bytes, policy
from html import unescape

import pytest
from sqlalchemy import select, text

from app.core.errors import Conflict, Forbidden, Invalid, Stale
from app.core.models import AuditEntry
from app.customers import service as customers
from app.extensions import db
from app.invoices.source import InvoiceSource
from app.issuer import service as issuers
from app.mailer.delivery import sending as delivery
from app.mailer.delivery.mails import mail_of
from app.mailer.models import Message
from app.mailer.service import retry_message
from app.mailer.smtp.connection import connect
from app.mailer.wording.fields import MAX_HTML, MAX_TEXT
from app.mailer.wording.models import MailTemplate
from app.mailer.wording.placeholders import WHY, names_of
from app.mailer.wording.service import update_template, use_shipped
from app.mailer.wording.shipped import LANGUAGES, shipped
from app.mailer.wording.template_kinds import TemplateKind
from tests.conftest import actor
from tests.core import making
from tests.mailer.smtp_servers import Server, running

pytestmark = pytest.mark.usefixtures("app")

INVOICE_EN = shipped(TemplateKind.INVOICE, "en")
BASE = "/mail-templates"


def template_id(kind="invoice", language="en"):
    return db.session.scalars(
        select(MailTemplate.id).where(MailTemplate.kind == kind, MailTemplate.language == language)
    ).one()


def change(number, **values):
    making.run(update_template, template_id=number, values=values)


def sent_mails(app):
    """Deliver what is due to a real SMTP server; return the mails by address, with their subjects."""
    with running(Server()) as port:
        state = app.extensions["mail"]
        state.server, state.port = "127.0.0.1", port
        with connect(app) as connection:
            delivery.drain(db.session, connection, worker="test", sender=None, stop=threading.Event())
    db.session.rollback()
    made = {}
    for one in db.session.scalars(select(Message).order_by(Message.id)):
        data = mail_of(db.session(), one)
        if data:
            made[one.address] = message_from_bytes(data, policy=policy.default)
    return made


def body(mail, kind="plain"):
    return mail.get_body((kind,)).get_content()


def words_of(answer):
    return unescape(answer.text)


# What there is.


def test_there_is_one_of_each_kind_and_language_as_shipped():
    rows = db.session.scalars(select(MailTemplate)).all()
    assert {(one.kind, one.language) for one in rows} == {
        (kind.value, one) for kind in TemplateKind for one in LANGUAGES
    }
    for one in rows:
        assert one.wording == shipped(TemplateKind(one.kind), one.language)
        assert (one.edited, one.version) == ([], 1)


def test_what_is_the_same_as_the_shipped_one_follows_the_program():
    number = template_id()
    change(number, subject="Bill {{ number }}", text=INVOICE_EN.text.replace("\n", "\r\n"), html=INVOICE_EN.html)
    kept = db.session.get_one(MailTemplate, number)
    assert (kept.subject, kept.text, kept.html, kept.edited) == ("Bill {{ number }}", None, None, ["subject"])
    change(number, subject=INVOICE_EN.subject)
    assert db.session.get_one(MailTemplate, number).edited == []


def test_a_change_is_versioned_and_in_the_trail_and_nothing_changed_is_no_change():
    number = template_id()
    change(number, subject="Bill {{ number }}")
    change(number, subject="Bill {{ number }}")
    assert db.session.get_one(MailTemplate, number).version == 2
    (entry,) = db.session.scalars(select(AuditEntry).where(AuditEntry.verb == "mail_template:updated"))
    (touched,) = entry.touched
    assert (touched.resource, touched.record_id, touched.label) == ("mail_template", number, "Invoice mail, English")
    assert touched.changes == {"subject": [INVOICE_EN.subject, "Bill {{ number }}"]}
    with pytest.raises(Stale):
        making.run(update_template, template_id=number, values={"subject": "x {{ number }}"}, version=1)


def test_going_back_to_the_shipped_one():
    number = template_id()
    with pytest.raises(Conflict, match="in use already"):
        making.run(use_shipped, template_id=number)
    change(number, subject="Bill {{ number }}", text="Hello\n{{ why }}")
    with pytest.raises(Stale):
        making.run(use_shipped, template_id=number, version=1)
    making.run(use_shipped, template_id=number, version=2)
    kept = db.session.get_one(MailTemplate, number)
    assert (kept.edited, kept.wording, kept.version) == ([], INVOICE_EN, 3)
    (entry,) = db.session.scalars(select(AuditEntry).where(AuditEntry.verb == "mail_template:shipped_again"))
    assert entry.touched[0].changes["text"] == ["Hello\n{{ why }}", INVOICE_EN.text]


@pytest.mark.parametrize("name", ["finance", "support", "auditor"])
def test_only_an_administrator_edits(name):
    number = template_id()
    for verb, given in ((update_template, {"values": {"subject": "x"}}), (use_shipped, {})):
        with pytest.raises(Forbidden):
            making.run(verb, actor(name), template_id=number, **given)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("subject", "", "This is needed."),
        ("subject", "a\nb", "control characters"),
        ("subject", "x" * 201, "200 characters at most"),
        ("subject", "{{ number", "A placeholder is not closed."),
        ("text", None, "This is needed."),
        ("text", "x" * (MAX_TEXT + 1), "at most"),
        ("text", "a\x00{{ why }}", "control characters"),
        ("html", "<p>{{ why }}</p>" + "x" * MAX_HTML, "at most"),
        ("html", "<script>1</script>{{ why }}", "A mail has no element script."),
        ("kind", "invoice", "There is no such field."),
    ],
)
def test_what_cannot_be_saved_is_told_at_its_field(field, value, told):
    with pytest.raises(Invalid) as refused:
        change(template_id(), **{field: value})
    assert any(told in one for one in refused.value.errors[field])
    assert db.session.get_one(MailTemplate, template_id()).version == 1


# The doors.


def test_rest_reads_changes_and_goes_back(api):
    number, call = template_id(language="de"), api()
    answer = call("get", f"/api/v1/mail_template/{number}").json["result"]
    assert (answer["kind"], answer["language"], answer["edited"]) == ("invoice", "de", [])
    assert answer["subject"] == "Rechnung {{ number }} von {{ issuer }}"
    bad = call("put", f"/api/v1/mail_template/{number}", json={"version": 1, "text": "{{ nubmer }}"})
    assert bad.status_code == 422
    assert bad.json["errors"]["text"] == ["Line 1: There is no placeholder nubmer. Did you mean number?"]
    good = call("put", f"/api/v1/mail_template/{number}", json={"version": 1, "text": "Hallo\n{{ why }}"})
    assert (good.status_code, good.json["result"]["edited"]) == (200, ["text"])
    back = call("post", f"/api/v1/mail_template/{number}/use_shipped", json={"version": 2})
    assert (back.status_code, back.json["result"]["edited"]) == (200, [])
    assert call("post", f"/api/v1/mail_template/{number}/use_shipped", json={}).status_code == 409
    assert api("finance")("get", f"/api/v1/mail_template/{number}").status_code == 200
    assert api("finance")("put", f"/api/v1/mail_template/{number}", json={"version": 3}).status_code == 403
    assert call("post", "/api/v1/mail_template/", json={}).status_code == 405
    assert call("delete", f"/api/v1/mail_template/{number}").status_code == 405


def test_rest_lists_by_kind_and_language(api):
    q = "(filters:!((col:kind,opr:eq,value:invoice),(col:language,opr:eq,value:de)))"
    assert [one["subject"] for one in api()("get", f"/api/v1/mail_template/?q={q}").json["result"]] == [
        "Rechnung {{ number }} von {{ issuer }}"
    ]


def test_the_form_keeps_what_was_typed_and_says_what_is_wrong(login):
    browser, number = login(), template_id()
    form = browser.get(f"{BASE}/edit/{number}")
    assert "What a template may hold" in form.text
    assert "{{ due_date }}" in unescape(form.text)
    typed = {
        "version": "1",
        "subject": "My own {{ nubmer }}",
        "text": "Typed <b>words</b>\n{{ why }}",
        "html": INVOICE_EN.html,
    }
    answer = browser.post(f"{BASE}/edit/{number}", data=typed)
    assert answer.status_code == 422
    page = words_of(answer)
    assert "There is no placeholder nubmer. Did you mean number?" in page
    assert "My own {{ nubmer }}" in page
    assert "Typed <b>words</b>\n{{ why }}" in page
    answer = browser.post(f"{BASE}/edit/{number}", data={**typed, "subject": "My own {{ number }}"})
    assert answer.status_code == 302
    db.session.rollback()
    assert db.session.get_one(MailTemplate, number).edited == ["subject", "text"]


def test_pages_say_what_is_edited_and_what_differs(login):
    browser, number = login(), template_id()
    assert "Nothing differs from the template" in browser.get(f"{BASE}/show/{number}?tab=differences").text
    change(number, text=INVOICE_EN.text.replace("Kind regards", "Yours <faithfully>"))
    page = words_of(login("support").get(f"{BASE}/show/{number}?tab=differences"))
    assert '<span class="difference-removed">-Kind regards\n' in page
    assert '<span class="difference-added">+Yours <faithfully>\n' in page
    listed = browser.get(f"{BASE}/list/").text
    assert listed.count(">Edited<") - listed.count("<th") <= 2
    assert "Invoice mail, English" in listed
    history = browser.get(f"{BASE}/show/{number}?tab=history").text
    assert "Mail template changed" in history
    answer = browser.post(f"{BASE}/{number}/use-shipped", data={"version": "2"})
    assert answer.status_code == 302
    assert "The shipped template is in use again." in browser.get(answer.headers["Location"]).text
    assert "Use the shipped template" not in browser.get(f"{BASE}/show/{number}").text


def test_a_second_editor_is_told(login):
    browser, number = login(), template_id()
    change(number, subject="First {{ number }}")
    typed = {"version": "1", "subject": "Second {{ number }}", "text": INVOICE_EN.text, "html": INVOICE_EN.html}
    answer = browser.post(f"{BASE}/edit/{number}", data=typed)
    assert answer.status_code == 412
    assert "Somebody has set this meanwhile: First {{ number }}." in words_of(answer)
    assert "Second {{ number }}" in words_of(answer)


# The preview.


@pytest.fixture
def sent(app):
    """Return an invoice that is in the outbox, its customer, and a contact who reads German."""
    customer_id = making.billed(company_name="Acme & Sons")
    making.contact(customer_id, first_name="Eva", email="eva@acme.example", email_bill_type="short", language="de")
    invoice_id = making.invoice(customer_id)
    making.run(issuers.update_issuer, issuer_id=1, values={"name": "Northwind Ltd", "bank_iban": "GB00 TEST"})
    making.send(invoice_id)
    return invoice_id


def tried(browser, number, **typed):
    data = {"subject": INVOICE_EN.subject, "text": INVOICE_EN.text, "html": INVOICE_EN.html, **typed}
    return browser.post(f"{BASE}/{number}/tried", data=data)


def test_a_template_is_tried_on_a_real_document_with_what_is_typed_in(login, sent):
    number, before = template_id(), db.session.execute(text("SELECT count(*) FROM message")).scalar()
    answer = tried(
        login(),
        number,
        subject="Try {{ number }}",
        text="Dear {{ recipient }}: {{ total }}\n{{ why }}",
        preview_of=f"document:{sent}",
    )
    page = words_of(answer)
    assert answer.status_code == 200
    assert "Subject: Try AC1/1" in page
    # As the last of its messages was addressed, and why it was.
    assert (
        "Dear Eva Jones: £30.00\nYou receive this copy because you are a contact of Acme & Sons (AC1) for whom short"
        in page
    )
    # Nothing is saved, made or sent.
    db.session.rollback()
    assert db.session.get_one(MailTemplate, number).version == 1
    assert db.session.execute(text("SELECT count(*) FROM message")).scalar() == before
    assert not db.session.scalars(select(Message.content_digest).where(Message.content_digest.is_not(None))).all()


def test_a_draft_that_nobody_has_is_tried_as_its_customer_would_get_it(login):
    invoice_id = making.invoice(making.billed(company_name="Acme Ltd"))
    page = words_of(tried(login(), template_id(), preview_of=f"document:{invoice_id}"))
    assert "the bills of Acme Ltd (AC1) go to your address" in page
    assert "Dear Acme Ltd," in page


def test_the_preview_shows_both_colours_and_runs_and_loads_nothing(login, sent):
    answer = tried(login(), template_id())
    headers = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers
    assert "sandbox" in headers
    assert "script-src" not in headers
    frames = [unescape(one) for one in re.findall(r'srcdoc="([^"]*)"', answer.text)]
    assert len(frames) == 4
    assert [("(max-width: 0)" in one, "(min-width: 0)" in one) for one in frames] == [(True, False)] * 2 + [
        (False, True)
    ] * 2
    assert not any("prefers-color-scheme" in one for one in frames)
    assert "<script" not in answer.text


@pytest.mark.parametrize("choice", ["sample:markup", "sample:right_to_left", "sample:sparse", "sample:long"])
def test_it_is_tried_on_what_templates_break_on(login, choice):
    answer = tried(login(), template_id(), preview_of=choice)
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("choice", ["document:99999", "document:x", "sample:other", "x", "document:1; DROP TABLE"])
def test_what_is_not_offered_is_refused(login, choice):
    answer = tried(login(), template_id(), preview_of=choice)
    assert answer.status_code == 422
    assert "Choose one of the documents that are offered." in answer.text


def test_a_bad_template_is_refused_in_the_preview_too(login):
    answer = tried(login(), template_id(), text="{{ ''.__class__ }}", html="<script>1</script>")
    assert answer.status_code == 422
    assert "A mail has no element script." in answer.text
    assert "this is something else" in answer.text
    assert tried(login(), template_id(), subject="").status_code == 422


def test_readers_see_the_saved_one_on_what_is_in_their_sight(login, sent):
    number = template_id()
    finance = login("finance").get(f"{BASE}/show/{number}").text
    assert "Invoice AC1/1" in finance
    # Support may see no invoice: the made-up ones are left, and a real one is none to them.
    support = login("support")
    assert "AC1/1" not in support.get(f"{BASE}/show/{number}").text
    assert support.get(f"{BASE}/{number}/preview").status_code == 200
    assert support.get(f"{BASE}/{number}/preview?preview_of=document:{sent}").status_code == 422
    assert tried(support, number).status_code in (302, 403)
    north = login("north_finance").get(f"{BASE}/show/{number}").text
    assert "AC1/1" not in north


def test_kinds_of_which_nothing_is_sent_yet_have_made_up_documents(login):
    answer = login().get(f"{BASE}/{template_id('ticket_update', 'de')}/preview")
    assert "zu Ticket" in answer.text


# The mails.


def test_an_invoice_puts_in_every_placeholder(app, sent):
    facts = InvoiceSource().facts(db.session(), document_id=sent, language="de")
    assert {*facts.values, "recipient", WHY} == names_of(TemplateKind.INVOICE)
    assert (facts.values["total"], facts.values["due_date"]) == ("30,00\xa0£", "31. März 2026")
    assert all(isinstance(one, str) for one in facts.values.values())


def test_each_mail_is_in_the_language_of_its_recipient_and_says_why_it_came(app, sent):
    mails = sent_mails(app)
    own, german = mails["bills@acme.example"], mails["eva@acme.example"]
    assert own["Subject"] == "Invoice AC1/1 from Northwind Ltd"
    assert german["Subject"] == "Rechnung AC1/1 von Northwind Ltd"
    assert "Gesamtbetrag: 30,00\xa0£" in body(german)
    assert "Fällig am: 31. März 2026" in body(german)
    why = "You receive this copy because the bills of Acme & Sons (AC1) go to your address."
    assert why in body(own)
    assert why.replace("&", "&amp;") in body(own, "html")
    why = "Sie erhalten diese Kopie, weil Sie Kontakt von Acme & Sons (AC1) sind und kurze Rechnungen"
    assert why in body(german)
    assert why.replace("&", "&amp;") in body(german, "html")
    assert own["X-Counterpart-Reason"] == "customer_email"
    assert german["X-Counterpart-Reason"] == "copy_email_bill"
    # Nobody sees another's address.
    for mail, other in ((own, "eva@"), (german, "bills@")):
        assert other not in f"{body(mail)}{body(mail, 'html')}{mail.items()}"


def test_two_reasons_make_one_mail_that_tells_both(app):
    customer_id = making.billed()
    making.contact(customer_id, email="Bills@acme.example", email_bill_type="short")
    making.send(making.invoice(customer_id))
    (mail,) = sent_mails(app).values()
    assert "go to your address, and because you are a contact of Company AC1 (AC1)" in body(mail)
    assert mail["X-Counterpart-Reason"] == "customer_email, copy_email_bill"


@pytest.mark.parametrize(
    ("company", "subject"), [("en", "Invoice AC1/1"), ("de", "Rechnung AC1/1"), ("fr", "Invoice AC1/1")]
)
def test_who_reads_another_language_gets_the_companys_or_else_english(app, company, subject, monkeypatch):
    customer_id = making.billed(language="fr")
    making.send(making.invoice(customer_id))
    settings = app.config["SETTINGS"]
    monkeypatch.setitem(app.config, "SETTINGS", type(settings)(**{**_fields(settings), "language": company}))
    (mail,) = sent_mails(app).values()
    assert mail["Subject"].startswith(subject)


def _fields(settings):
    return {name: getattr(settings, name) for name in settings.__dataclass_fields__}


def test_names_are_those_of_the_day_that_it_was_sent(app, sent):
    customer_id = db.session.scalars(select(Message.customer_id)).first()
    making.run(customers.update_customer, customer_id=customer_id, values={"company_name": "Renamed Ltd"})
    mail = sent_mails(app)["bills@acme.example"]
    assert "the bills of Acme & Sons (AC1) go to your address" in body(mail)
    assert "Renamed" not in mail.as_string()


def test_an_edited_template_changes_mails_that_are_not_made_and_no_other(app, sent):
    first = {address: mail.as_bytes() for address, mail in sent_mails(app).items()}
    change(template_id(), subject="Your bill {{ number }}", text="New words\n{{ why }}")
    assert {address: mail.as_bytes() for address, mail in sent_mails(app).items()} == first
    customer_id = db.session.scalars(select(Message.customer_id)).first()
    making.send(making.invoice(customer_id))
    later = sent_mails(app)
    db.session.rollback()
    mails = db.session.scalars(select(Message).where(Message.document_number == "AC1/2")).all()
    subjects = {one.address: one.subject for one in mails}
    # The German words are as they were.
    assert subjects == {"bills@acme.example": "Your bill AC1/2", "eva@acme.example": "Rechnung AC1/2 von Northwind Ltd"}
    assert body(later["bills@acme.example"]).startswith("New words")


def test_a_template_that_no_longer_fits_holds_its_mails_and_spoils_no_others(app, sent):
    """No verb saves such a one; a release might take a placeholder away that somebody's words still name."""
    statement = text("UPDATE mail_template SET subject = 'Hi {{ gone }}' WHERE kind = 'invoice' AND language = 'en'")
    db.session.execute(statement)
    db.session.commit()
    sent_mails(app)
    states = dict(db.session.execute(select(Message.address, Message.state)).all())
    assert states == {"bills@acme.example": "held", "eva@acme.example": "sent"}
    change(template_id(), subject="Hi {{ number }}")
    number = db.session.scalars(select(Message.id).where(Message.state == "held")).one()
    making.run(retry_message, message_id=number)
    assert sent_mails(app)["bills@acme.example"]["Subject"] == "Hi AC1/1"


def test_a_document_that_makes_too_long_a_mail_is_told_in_the_preview(login, sent, monkeypatch):
    number = template_id()
    assert tried(login(), number, preview_of=f"document:{sent}").status_code == 200
    monkeypatch.setattr("app.mailer.wording.preview.template_errors", lambda *_: {})
    monkeypatch.setattr("app.mailer.wording.compiled.MAX_RESULT", 1_000)
    answer = tried(login(), number, preview_of=f"document:{sent}")
    assert answer.status_code == 422
    assert "This document makes too long a mail." in answer.text
