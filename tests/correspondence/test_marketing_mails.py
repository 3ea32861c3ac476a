"""The mails of marketing letters: each recipient's own way to unsubscribe, in the words and in a signed header."""

from __future__ import annotations

import re
from html import unescape

import pytest

from app.core.actor import Actor, Door
from app.correspondence import dispatch, queries
from app.correspondence.source import LetterSource
from app.correspondence.unsubscribing.links import link_of, list_fields
from app.correspondence.unsubscribing.service import unsubscribe
from app.extensions import db
from app.issuer import service as issuers
from app.mailer.bounces.verp import Purpose, message_named
from app.mailer.planning.choices import Choices
from app.mailer.wording.placeholders import WHY, names_of
from app.mailer.wording.template_kinds import TemplateKind
from tests.conftest import actor, settings_for
from tests.core import making
from tests.correspondence import letters
from tests.mailer.smtp_servers import Server
from tests.mailer.test_signing import DOMAIN, is_good, key, openssl  # noqa: F401  a fixture, and what it needs
from tests.mailer.test_signing import deliver as deliver_to

SECRET = "k" * 40
HTTPS = "https://counterpart.example"
CONSENT = {"marketing_consent_source": "Form"}
FIELDS = ("List-Unsubscribe", "List-Unsubscribe-Post")


@pytest.fixture
def reached_at(app, tmp_path):
    """Return a function that sets where people outside reach the application, and what else."""

    def reach(public_url=None, **more):
        given = {**more, **({"COUNTERPART_PUBLIC_URL": public_url} if public_url else {})}
        app.config["SETTINGS"] = settings_for(tmp_path, **given)

    return reach


def body(mail, kind="plain"):
    return mail.get_body((kind,)).get_content()


def sent(app, class_="marketing", **values):
    """Send a letter of a class to a customer and a contact, who both agreed; return the mails by address."""
    kind = letters.kind(class_)
    who = letters.customer(**CONSENT, **values)
    making.contact(who, email="eva@acme.example", copy_correspondence=[kind], language="de", **CONSENT)
    letters.send(letters.letter(who, kind))
    mails = letters.deliver(app)
    assert sorted(mails) == ["eva@acme.example", "main@acme.example"]
    return mails


def message_of(link):
    """Return the id of the message that a link unsubscribes from."""
    token = re.fullmatch(r"https?://[^/]+(?:/[^/]+)?/unsubscribe/([0-9a-z-]+)", link)[1]
    return message_named(token, secret=SECRET, purpose=Purpose.UNSUBSCRIBE)


def test_each_mail_has_a_link_of_its_own_in_header_and_words(app, reached_at):
    reached_at(HTTPS)
    mails = sent(app)
    named = {}
    for address, mail in mails.items():
        link = mail["List-Unsubscribe"].removeprefix("<").removesuffix(">")
        assert link.startswith(f"{HTTPS}/unsubscribe/")
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert link in body(mail)
        assert f'href="{link}"' in body(mail, "html")
        named[address] = message_of(link)
    assert named == {one.address: one.id for one in making.messages()}
    assert "Unsubscribe here: https://" in body(mails["main@acme.example"])
    assert "Hier abbestellen: https://" in body(mails["eva@acme.example"])


@pytest.mark.parametrize("class_", ["billing", "credit_control", "customer_services"])
def test_no_other_letter_has_one(app, reached_at, class_):
    reached_at(HTTPS)
    for mail in sent(app, class_).values():
        assert not [name for name in FIELDS if name in mail]
        assert "unsubscribe" not in mail.as_string()


def test_no_invoice_has_one(app, reached_at):
    reached_at(HTTPS)
    making.send(making.invoice(making.billed(**CONSENT)))
    (mail,) = letters.deliver(app).values()
    assert not [name for name in FIELDS if name in mail]
    assert "unsubscribe" not in mail.as_string()


def test_without_https_the_words_have_a_link_and_no_mailbox_is_told(app, reached_at):
    reached_at("http://counterpart.example/base")
    for mail in sent(app).values():
        assert not [name for name in FIELDS if name in mail]
        (link,) = re.findall(r"http://counterpart\.example/base/unsubscribe/\S+", body(mail))
        assert message_of(link)


def test_without_a_public_address_the_words_say_to_write_to_the_sender(app, reached_at):
    reached_at(None)
    mails = sent(app)
    assert "Write to the sender of this mail." in body(mails["main@acme.example"])
    assert "Schreiben Sie dem Absender dieser Mail." in body(mails["eva@acme.example"], "html")
    for mail in mails.values():
        assert not [name for name in FIELDS if name in mail]
        assert "/unsubscribe/" not in mail.as_string()


@pytest.mark.parametrize(
    ("public_url", "link"),
    [
        ("https://counterpart.example", "https://counterpart.example/unsubscribe/"),
        ("https://Bücher.example:8443/über uns", "https://xn--bcher-kva.example:8443/%C3%BCber%20uns/unsubscribe/"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443/unsubscribe/"),
    ],
)
def test_a_link_is_what_a_header_field_takes(public_url, link):
    made = link_of(7, public_url=public_url, secret=SECRET)
    assert made.startswith(link)
    assert list_fields(made)[0] == ("List-Unsubscribe", f"<{made}>")
    assert made.isascii()


# The signature (RFC 8058 section 4).


@pytest.fixture
def signed(app, reached_at, key):  # noqa: F811  the fixture
    """Return the bytes of a marketing letter's mail as it arrived, signed."""
    given = {"COUNTERPART_DKIM_KEY": str(key), "COUNTERPART_DKIM_SELECTOR": "mail2026"}
    reached_at(HTTPS, MAIL_DEFAULT_SENDER=f"News <news@{DOMAIN}>", **given)
    letters.send(letters.letter(letters.customer(**CONSENT), letters.kind("marketing")))
    server = Server()
    deliver_to(app, server)
    ((_, _, mail),) = server.mails
    return mail


def test_the_signature_covers_both_fields(signed, key):  # noqa: F811  the fixture
    assert is_good(signed, key)[0] is True
    names = re.search(rb"h=([^;]+);", signed.replace(b"\r\n ", b""))[1].replace(b" ", b"").lower().split(b":")
    assert {b"list-unsubscribe", b"list-unsubscribe-post"} <= set(names)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b"\r\nList-Unsubscribe: <https://counterpart.", b"\r\nList-Unsubscribe: <https://mallory."),
        (b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click", b""),
        (b"\r\nList-Unsubscribe-Post: ", b"\r\nList-Unsubscribe-Post: x"),
        (b"\r\nList-Unsubscribe: ", b"\r\nList-Unsubscribe: <https://mallory.example/>\r\nList-Unsubscribe: "),
        (b"\r\nList-Unsubscribe-Post: ", b"\r\nList-Unsubscribe-Post: a=b\r\nList-Unsubscribe-Post: "),
    ],
)
def test_a_field_that_was_changed_or_added_is_found_out(signed, key, was, becomes):  # noqa: F811  the fixture
    unfolded = signed.replace(b"List-Unsubscribe:\r\n ", b"List-Unsubscribe: ")
    assert was in unfolded
    assert is_good(unfolded, key)[0] is True
    assert is_good(unfolded.replace(was, becomes, 1), key)[0] is False


def test_a_mailing_list_may_add_its_own_to_other_mails(app, reached_at, key):  # noqa: F811  the fixture
    given = {"COUNTERPART_DKIM_KEY": str(key), "COUNTERPART_DKIM_SELECTOR": "mail2026"}
    reached_at(HTTPS, MAIL_DEFAULT_SENDER=f"Bills <bills@{DOMAIN}>", **given)
    making.send(making.invoice(making.billed()))
    server = Server()
    deliver_to(app, server)
    own = b"\r\nList-Unsubscribe: <mailto:list@lists.example>\r\nMIME-Version"
    mail = server.mails[0][2].replace(b"\r\nMIME-Version", own, 1)
    assert own in mail
    assert is_good(mail, key)[0] is True


# The whole way, and who only looks.


def test_who_has_unsubscribed_gets_bills_and_no_marketing(app, reached_at):
    reached_at(HTTPS)
    kind = letters.kind("marketing")
    who = letters.customer(email_billing=True, email_bill_type="short", email="main@acme.example", **CONSENT)
    letters.send(letters.letter(who, kind))
    link = letters.deliver(app)["main@acme.example"]["List-Unsubscribe"][1:-1]
    answer = app.test_client().post(link.removeprefix(HTTPS), data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    with app.test_request_context():
        letter = queries.letter(db.session(), actor(), letter_id=letters.letter(who, kind))
        plan = dispatch.plan_letter(db.session(), actor(), letter=letter, choices=Choices(), defaults=making.DEFAULTS)
    assert [(one.address, one.reason) for one in plan.skipped] == [("main@acme.example", "no_marketing_consent")]
    making.send(making.invoice(who))
    assert list(letters.deliver(app)) == ["main@acme.example"]


def test_a_letter_that_is_sent_again_unsubscribes_as_well(app, reached_at):
    reached_at(HTTPS)
    mails = sent(app)
    first = message_of(mails["main@acme.example"]["List-Unsubscribe"][1:-1])
    public = Actor.system(Door.PUBLIC)
    token = mails["main@acme.example"]["List-Unsubscribe"][1:-1].rpartition("/")[2]
    touched = making.run(unsubscribe, public, token=token, secret=SECRET)
    assert [(one.resource, one.record_id) for one in touched] == [("customer", 1), ("message", first)]


def test_who_looks_at_a_mail_before_it_is_sent_has_no_link_that_works(app, reached_at, login):
    reached_at(HTTPS)
    number = letters.letter(letters.customer(**CONSENT), letters.kind("marketing"))
    with app.test_request_context():
        facts = LetterSource().facts(db.session(), document_id=number, language="en")
    kind = TemplateKind.CORRESPONDENCE_MARKETING
    assert {*facts.values, "recipient", WHY} == names_of(kind)
    assert facts.template is kind
    page = unescape(unescape(login("support").get(f"/correspondence/{number}/mail").text))
    links = set(re.findall(rf"{HTTPS}/unsubscribe/[\w-]+", page))
    assert links == {f"{HTTPS}/unsubscribe/preview"}
    assert app.test_client().get("/unsubscribe/preview").status_code == 404


@pytest.mark.parametrize(
    ("class_", "words"),
    [
        ("billing", ("Questions about your bill?", "Fragen zu Ihrer Rechnung?")),
        ("credit_control", ("If you have paid in the meantime", "Wenn Sie inzwischen gezahlt haben")),
        ("customer_services", ("and name letter AC1/C001.", "und nennen Sie das Schreiben AC1/C001.")),
        ("marketing", ("No more marketing letters?", "Keine Werbung mehr?")),
    ],
)
def test_each_class_has_words_of_its_own(app, class_, words):
    making.run(issuers.update_issuer, issuer_id=1, values={"email": "office@northwind.example"})
    mails = sent(app, class_)
    for address, expected in zip(("main@acme.example", "eva@acme.example"), words, strict=True):
        for kind in ("plain", "html"):
            assert expected in body(mails[address], kind)
