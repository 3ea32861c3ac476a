"""Unsubscribing: who may, what ends and what goes on, and what a page for people outside tells and takes."""

from __future__ import annotations

import io
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from werkzeug.middleware.proxy_fix import ProxyFix

from app.contacts import service as contacts
from app.contacts.models import Contact
from app.core.actor import Actor, Door
from app.core.errors import Forbidden
from app.core.models import AuditEntry
from app.correspondence.unsubscribing.service import unsubscribe
from app.correspondence.unsubscribing.views import _PER_MESSAGE, _WRONG_TOKENS, MAX_BODY
from app.customers import service as customers
from app.customers.models import Customer
from app.extensions import db
from app.mailer.bounces.verp import Purpose, message_named, token_of
from app.mailer.purging import purge_message
from app.mailer.suppressions.models import Suppression
from tests.conftest import actor
from tests.core import making
from tests.correspondence import letters

SECRET = "k" * 40
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
CONSENT = {"marketing_consent_source": "Form of 1 March"}
HTML = "text/html; charset=utf-8"


def token(message_id: int, purpose: Purpose = Purpose.UNSUBSCRIBE) -> str:
    return token_of(message_id, secret=SECRET, purpose=purpose)


def path(message_id: int) -> str:
    return f"/unsubscribe/{token(message_id)}"


def message_to(address: str, number: int = -1):
    """Return the latest message to an address."""
    return [one for one in making.messages() if one.address == address][number]


def consents(model: type[Customer | Contact]) -> dict[str, bool]:
    """Return who has given consent, by last name or account."""
    db.session.rollback()
    name = Customer.account_number if model is Customer else Contact.last_name
    rows = db.session.execute(select(name, model.marketing_consent_at, model.marketing_consent_source)).all()
    assert all((at is None) == (source is None) for _, at, source in rows)
    return {name: at is not None for name, at, _ in rows}


def entries() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(AuditEntry))


@pytest.fixture
def marketing(app):
    """Return a type of marketing letters."""
    return letters.kind("marketing")


@pytest.fixture
def main(marketing):
    """Send a marketing letter to a customer who agreed; return its message to the main address."""
    letters.send(letters.letter(letters.customer(**CONSENT), marketing))
    return message_to("main@acme.example").id


@pytest.fixture
def click(app):
    """Return a function that posts what a mailbox does, without any session."""

    def post(message_id, **options):
        given = {"data": ONE_CLICK, **options}
        return app.test_client().post(path(message_id), **given)

    return post


# The tokens.


@given(st.integers(1, 10**18), st.sampled_from(Purpose), st.sampled_from(Purpose))
def test_a_token_opens_what_it_was_made_for_and_nothing_else(number, made_for, opened):
    one = token_of(number, secret=SECRET, purpose=made_for)
    assert message_named(one, secret=SECRET, purpose=opened) == (number if made_for is opened else None)
    assert message_named(one, secret=SECRET[1:], purpose=made_for) is None


@given(st.integers(1, 10**9), st.integers(1, 10**9), st.data())
def test_a_tampered_token_opens_nothing(number, other, data):
    one = token(number)
    place = data.draw(st.integers(0, len(one) - 1))
    char = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz234567890-./%é"))
    tampered = f"{one[:place]}{char}{one[place + 1 :]}"
    assert (message_named(tampered, secret=SECRET, purpose=Purpose.UNSUBSCRIBE) == number) == (tampered == one)
    moved = f"{other}-{one.partition('-')[2]}"
    assert (message_named(moved, secret=SECRET, purpose=Purpose.UNSUBSCRIBE) is None) == (other != number)


# The page.


@pytest.mark.parametrize(
    ("language", "asks", "ends", "goes_on", "done"),
    [
        ("en", "Stop marketing letters", "What ends", "Bills, other letters and", "Marketing letters have ended"),
        ("de", "Werbung abbestellen", "Was endet", "Rechnungen, andere Schreiben", "Die Werbung ist abbestellt"),
        ("fr", "Stop marketing letters", "What ends", "Bills, other letters and", "Marketing letters have ended"),
    ],
)
def test_a_get_says_what_ends_in_the_readers_language_and_changes_nothing(
    app, marketing, click, language, asks, ends, goes_on, done
):
    letters.send(letters.letter(letters.customer(language=language, **CONSENT), marketing))
    message, before = message_to("main@acme.example").id, entries()
    answer = app.test_client().get(path(message))
    page = unescape(answer.text)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, HTML)
    assert answer.headers["Content-Language"] == ("de" if language == "de" else "en")
    for words in (f"<h1>{asks}</h1>", ends, goes_on, "main@acme.example", "Name of the issuer"):
        assert words in page
    # One button, to the same address.
    assert page.count("<form") == page.count("<button") == 1
    assert '<form method="post">' in page
    assert "action=" not in page
    assert (entries(), consents(Customer)) == (before, {"AC1": True})
    assert done in unescape(click(message).text)


def test_it_shows_the_address_and_nothing_else_of_a_person_and_sets_no_cookie(app, main, click):
    for answer in (app.test_client().get(path(main)), click(main)):
        for words in ("Dana", "Whitfield", "Company AC1", "AC1", "further@", "Your line", "csrf"):
            assert words not in answer.text
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "noindex" in answer.text


def test_it_asks_nothing_of_who_is_logged_in_and_leaves_their_session_alone(app, login, main):
    browser = login("auditor")
    answer = browser.get(path(main))
    assert "Set-Cookie" not in answer.headers
    for words in ("side-menu", "auditor", "/customers/"):
        assert words not in answer.text
    # An auditor changes nothing as staff; here it is the token that counts, and the program that acts.
    assert browser.post(path(main), data=ONE_CLICK).status_code == 200
    assert making.trail()[-1].username == "public"
    assert browser.get("/customers/list/").status_code == 200


# The click.


@pytest.mark.parametrize("as_multipart", [False, True])
def test_a_click_ends_it_at_once_and_once_more_is_the_same(app, main, click, as_multipart):
    # As in production: a form of staff asks for its token.
    app.config["WTF_CSRF_ENABLED"] = True
    content_type = "multipart/form-data" if as_multipart else "application/x-www-form-urlencoded"
    first = click(main, content_type=content_type)
    assert (first.status_code, consents(Customer)) == (200, {"AC1": False})
    assert "Set-Cookie" not in first.headers
    before = entries()
    again = click(main, content_type=content_type)
    assert (again.status_code, again.text, entries()) == (200, first.text, before)


def test_it_leaves_one_entry_that_names_what_it_touched(app, marketing, click):
    who = letters.customer(**CONSENT)
    number = making.contact(who, email="eva@acme.example", copy_correspondence=[marketing], **CONSENT)
    letters.send(letters.letter(who, marketing))
    letters.deliver(app)
    message = message_to("eva@acme.example")
    before, at = entries(), db.session.get_one(Contact, number).marketing_consent_at
    versions = db.session.get_one(Contact, number).version
    click(message.id)
    entry = making.trail()[-1]
    assert (entries(), entry.verb, entry.door, entry.username, entry.user_id) == (
        before + 1,
        "message:unsubscribed",
        "public",
        "public",
        None,
    )
    assert [(one.resource, one.record_id, one.changes) for one in entry.touched] == [
        (
            "contact",
            number,
            {
                "marketing_consent_at": [at.isoformat(), None],
                "marketing_consent_source": ["Form of 1 March", None],
            },
        ),
        ("message", message.id, {}),
    ]
    assert db.session.get_one(Contact, number).version == versions + 1


def test_whose_consent_ends(marketing, click):
    """Whoever the message came by, and every living one who is reached at this address."""
    who = letters.customer(email="Boss@Acme.example, further@acme.example", **CONSENT)
    given = {"copy_correspondence": [marketing], **CONSENT}
    named = making.contact(who, last_name="Named", email="boss@acme.example", **given)
    moved = making.contact(who, last_name="Moved", email="BOSS@acme.example", **given)
    gone = making.contact(who, last_name="Gone", email="boss@acme.example", **given)
    making.contact(who, last_name="Other", email="other@acme.example", **given)
    letters.send(letters.letter(who, marketing))
    message = [one for one in making.messages() if one.address_normalised == "boss@acme.example"][-1].id
    making.run(contacts.update_contact, contact_id=moved, values={"email": "moved@acme.example"})
    making.run(contacts.delete_contact, contact_id=gone)
    # These were no reason of the message.
    making.contact(None, last_name="Shared", email=" boss@ACME.example", **CONSENT)
    making.contact(making.customer("AC2"), last_name="Elsewhere", email="boss@acme.example", **CONSENT)
    deleted = making.contact(None, last_name="Deleted", email="boss@acme.example", **CONSENT)
    making.run(contacts.delete_contact, contact_id=deleted)
    making.customer("AC3", email="boss@acme.example", **CONSENT)
    making.customer("AC4", email="first@acme.example, boss@acme.example", **CONSENT)
    making.run(customers.delete_customer, customer_id=making.customer("AC5", email="boss@acme.example", **CONSENT))
    click(message)
    assert consents(Contact) == {
        **dict.fromkeys(("Named", "Moved", "Gone", "Shared", "Elsewhere"), False),
        **dict.fromkeys(("Other", "Deleted"), True),
    }
    assert consents(Customer) == {"AC1": False, "AC2": False, "AC3": False, "AC4": True, "AC5": True}
    touched = [(one.resource, one.record_id) for one in making.trail()[-1].touched]
    assert len(touched) == len(set(touched))
    assert {("contact", number) for number in (named, moved, gone)} < set(touched)
    # It ends consent and nothing else.
    assert db.session.scalar(select(func.count()).select_from(Suppression)) == 0
    kept = db.session.get_one(Contact, named)
    assert (kept.email, [one.id for one in kept.copy_correspondence]) == ("boss@acme.example", [marketing])


def test_where_nobody_has_given_consent_nothing_is_touched_and_nothing_written(marketing, click):
    letters.send(letters.letter(letters.customer(), marketing), recipients=["stranger@north.example"])
    before = entries()
    assert click(message_to("stranger@north.example").id).status_code == 200
    assert entries() == before


def test_copies_that_wait_are_cancelled_where_no_reason_is_left(marketing, click):
    who = letters.customer(email="main@acme.example", **CONSENT)
    given = {"copy_correspondence": [marketing, letters.kind("billing")], **CONSENT}
    moved = making.contact(who, last_name="Moved", email="eva@acme.example", **given)
    making.contact(who, last_name="Both", email="main@acme.example", **given)
    letters.send(letters.letter(who, marketing))
    ours, evas = message_to("main@acme.example").id, message_to("eva@acme.example").id
    letters.send(letters.letter(who, given["copy_correspondence"][1]))
    letters.send(letters.letter(who, marketing), recipients=["main@acme.example"])
    making.run(contacts.update_contact, contact_id=moved, values={"email": "moved@acme.example"})
    letters.send(letters.letter(who, marketing))
    click(evas)
    # Eva's next letter waits for her at the address that she has by now.
    assert [one.state for one in making.messages() if one.address == "moved@acme.example"] == ["cancelled"]
    assert {one.state for one in making.messages() if one.address == "main@acme.example"} == {"queued"}
    click(ours)
    waiting = {
        one.document_number: (one.state, one.lost_reasons)
        for one in making.messages()
        if one.address == "main@acme.example"
    }
    lost = ("cancelled", ["no_marketing_consent"] * 2)
    # What is about bills leaves, and so does what staff have typed in by name.
    assert waiting == {"AC1/C001": lost, "AC1/C002": ("queued", None), "AC1/C003": ("queued", None), "AC1/C004": lost}
    entry = making.trail()[-1]
    named = [(one.resource, one.changes.get("state")) for one in entry.touched]
    assert named.count(("message", ["queued", "cancelled"])) == 2


@pytest.mark.parametrize("field", ["customer", "contact"])
def test_taking_back_consent_on_the_record_cancels_what_waits_too(marketing, field):
    """The rule of what a message has lost is the same, whichever way the consent went."""
    who = letters.customer(**CONSENT)
    number = making.contact(who, email="eva@acme.example", copy_correspondence=[marketing], **CONSENT)
    letters.send(letters.letter(who, marketing))
    none = {"values": {"marketing_consent_source": None}}
    if field == "customer":
        making.run(customers.update_customer, customer_id=who, **none)
    else:
        making.run(contacts.update_contact, contact_id=number, **none)
    gone, stays = ("main@acme.example", "eva@acme.example")[:: 1 if field == "customer" else -1]
    assert making.states() == {gone: "cancelled", stays: "queued"}


def test_two_clicks_at_once_are_one(app, main):
    public = Actor.system(Door.PUBLIC)
    done = making.at_once(
        app, [lambda: len(making.run(unsubscribe, public, token=token(main), secret=SECRET)) for _ in range(2)]
    )
    assert sorted(done) == [0, 2]
    assert [one.verb for one in making.trail()].count("message:unsubscribed") == 1


def test_it_takes_turns_with_whoever_changes_the_same_people(app, marketing):
    """All lock customers before contacts: nobody waits for somebody who waits for them."""
    who = letters.customer(email="main@acme.example", **CONSENT)
    other = letters.customer("AC2", email="main@acme.example", **CONSENT)
    given = {"email": "main@acme.example", "copy_correspondence": [marketing], **CONSENT}
    people = [making.contact(one, **given) for one in (who, other, None)]
    letters.send(letters.letter(who, marketing))
    mine, seconds = message_to("main@acme.example").id, letters.letter(other, marketing)
    public = Actor.system(Door.PUBLIC)
    done = making.at_once(
        app,
        [
            lambda: making.run(unsubscribe, public, token=token(mine), secret=SECRET),
            lambda: making.run(contacts.convert_to_shared, contact_id=people[0]),
            lambda: making.run(customers.update_customer, customer_id=other, values={"website": "https://a.example"}),
            lambda: making.run(contacts.add_shared_contact, customer_id=who, contact_id=people[2]),
            lambda: making.run(contacts.delete_contact, contact_id=people[1]),
            lambda: letters.send(seconds),
        ],
    )
    assert [one for one in done if isinstance(one, Exception)] == []
    assert consents(Customer) == {"AC1": False, "AC2": False}
    # Sent before, it is cancelled; sent after, it is not planned at all.
    assert {one.state for one in making.messages()} == {"cancelled"}


@pytest.mark.parametrize("name", ["support", "auditor"])
def test_a_token_is_no_way_round_what_a_role_may_do(main, name):
    with pytest.raises(Forbidden):
        making.run(unsubscribe, actor(name), token=token(main), secret=SECRET)
    # Nor round what is in sight.
    assert making.run(unsubscribe, actor("north_finance"), token=token(main), secret=SECRET) == []
    assert consents(Customer) == {"AC1": True}


# What opens nothing.


def test_what_is_not_ours_gets_one_plain_page(app, marketing, main):
    other = letters.kind("customer_services")
    letters.send(letters.letter(letters.customer("AC2"), other))
    making.send(making.invoice(making.billed("AC3")))
    letter, bill = message_to("main@acme.example").id, message_to("bills@acme.example").id
    letters.send(letters.letter(letters.customer("AC4", email="gone@acme.example", **CONSENT), marketing))
    letters.deliver(app)
    gone = message_to("gone@acme.example").id
    making.run(purge_message, message_id=gone, reason="Asked for")
    one = token(main)
    foreign = [
        *(token(main, purpose) for purpose in Purpose if purpose is not Purpose.UNSUBSCRIBE),
        *(token(number) for number in (letter, bill, gone, 99_999)),
        f"{letter}-{one.partition('-')[2]}",
        f"{one}a",
        one[:-1],
        "x",
        "%00",
        "é" * 50,
        "1" * 5000,
        token_of(main, secret="another secret", purpose=Purpose.UNSUBSCRIBE),
    ]
    before, pages = entries(), set()
    for bad in foreign:
        for method in ("GET", "POST"):
            answer = app.test_client().open(f"/unsubscribe/{bad}", method=method, data=ONE_CLICK)
            assert answer.status_code == 404, bad
            assert "Set-Cookie" not in answer.headers
            pages.add(answer.text)
    assert len(pages) == 1
    assert "There is nothing here." in pages.pop()
    assert entries() == before
    # The token of a mailbox that folds case is the same one.
    assert app.test_client().get(f"/unsubscribe/{one.upper()}").status_code == 200


@pytest.mark.parametrize(
    "given",
    [
        {"data": {}},
        {"data": {"List-Unsubscribe": "Two-Clicks"}},
        {"data": {"list-unsubscribe": "One-Click"}},
        {"data": "List-Unsubscribe=One-Click", "content_type": "text/plain"},
        {"json": ONE_CLICK},
        {"data": b"\xff\xfe\x00", "content_type": "multipart/form-data; boundary=x"},
    ],
)
def test_a_post_that_does_not_say_it_ends_nothing(main, click, given):
    answer = click(main, **{"data": None, **given})
    assert (answer.status_code, consents(Customer)) == (400, {"AC1": True})
    assert "can't be read" in unescape(answer.text) or "nicht lesbar" in answer.text


@pytest.mark.parametrize("as_file", [False, True])
def test_a_body_that_is_too_large_is_refused(main, click, as_file):
    large = {"file": (io.BytesIO(b"x" * MAX_BODY), "x.txt")} if as_file else {"more": "x" * MAX_BODY}
    answer = click(main, data={**ONE_CLICK, **large})
    assert (answer.status_code, consents(Customer)) == (413, {"AC1": True})
    assert "This request is too large." in answer.text


def test_other_methods(app, main):
    client = app.test_client()
    head = client.head(path(main))
    assert (head.status_code, head.data) == (200, b"")
    assert client.head("/unsubscribe/x").status_code == 404
    options = client.options(path(main))
    assert "Set-Cookie" not in options.headers
    assert (options.status_code, set(options.headers["Allow"].split(", "))) == (200, {"GET", "HEAD", "OPTIONS", "POST"})
    for method in ("PUT", "DELETE", "PATCH"):
        answer = client.open(path(main), method=method, data=ONE_CLICK)
        assert answer.status_code == 405
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}
    assert consents(Customer) == {"AC1": True}


# How often.


@pytest.mark.usefixtures("limited")
def test_who_guesses_is_told_to_wait_and_nobody_else(app, main, click):
    app.wsgi_app, behind = ProxyFix(app.wsgi_app, x_for=1), app.wsgi_app
    try:
        guesser, other = ({"X-Forwarded-For": one} for one in ("198.51.100.7", "198.51.100.8"))
        client = app.test_client()
        statuses = [client.get("/unsubscribe/1-x", headers=guesser).status_code for _ in range(_WRONG_TOKENS.amount)]
        assert set(statuses) == {404}
        answer = client.post("/unsubscribe/1-x", data=ONE_CLICK, headers=guesser)
        assert (answer.status_code, int(answer.headers["Retry-After"]) > 0) == (429, True)
        assert "Set-Cookie" not in answer.headers
        assert client.get("/unsubscribe/1-x", headers=other).status_code == 404
        # A mailbox posts for many people from one address: what is ours is never counted there.
        assert click(main, headers=guesser).status_code == 200
    finally:
        app.wsgi_app = behind


@pytest.mark.usefixtures("limited")
def test_one_message_is_not_asked_for_endlessly(app, main, click):
    client = app.test_client()
    assert {client.get(path(main)).status_code for _ in range(_PER_MESSAGE.amount)} == {200}
    answer = client.get(path(main))
    assert (answer.status_code, int(answer.headers["Retry-After"]) > 0) == (429, True)
    # A scanner that follows the link again and again keeps no click from counting.
    assert {click(main).status_code for _ in range(_PER_MESSAGE.amount)} == {200}
    assert click(main).status_code == 429
    assert consents(Customer) == {"AC1": False}
