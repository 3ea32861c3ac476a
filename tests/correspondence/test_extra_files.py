"""Extra attachments of one sending: in its copies alone, kept as what was sent, and given at every door."""

from __future__ import annotations

import base64
import io
import re

import pytest
from sqlalchemy import func, select

from app.core.errors import Conflict, Invalid
from app.correspondence import attachments, dispatch
from app.correspondence.models import Correspondence
from app.extensions import db
from app.mailer import purging
from app.mailer import service as mailer
from app.mailer.attaching import MAX_FILES, MAX_TOTAL, NewFile
from app.mailer.extra_files import MessageFile, extra_files
from app.mailer.models import Content, Message
from app.mailer.planning.choices import Again, Choices
from tests.conftest import actor
from tests.core import making
from tests.correspondence import letters
from tests.correspondence.letters import PDF, deliver

MAIN, ANN, BOB = "main@acme.example", "ann@acme.example", "bob@acme.example"
TERMS, PRICES = NewFile("Preise \u2013 2026.csv", b"a,b\r\n1,2\r\n"), NewFile("terms.pdf", PDF + b"terms")
URL, PAGES = "/api/v1/correspondence", "/correspondence"


class Case:
    """A letter with a file of its own, to a customer and one contact."""

    def __init__(self):
        self.kind = letters.kind()
        self.customer = letters.customer()
        self.person(ANN)
        self.letter = letters.letter(self.customer, self.kind)
        making.run(attachments.attach, letter_id=self.letter, filename="plan.pdf", data=PDF)

    def person(self, address):
        making.contact(self.customer, email=address, copy_correspondence=[self.kind])

    def send(self, *files, who=None, fingerprint=None, **choices):
        given = {"letter_id": self.letter, "fingerprint": fingerprint, "defaults": making.DEFAULTS}
        return making.run(dispatch.send_letter, who, choices=Choices(files=files, **choices), **given)

    def again(self, *addresses, files=()):
        again = Again(addresses=addresses, reason="Lost.", files=tuple(files))
        return making.run(dispatch.send_letter_again, letter_id=self.letter, again=again, defaults=making.DEFAULTS)


@pytest.fixture
def case(app):
    return Case()


def count(model):
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model))


def carried(app):
    """Deliver what is due; return name and bytes of what each address got beside letter and mail."""
    return {
        address: [(one.get_filename(), one.get_payload(decode=True)) for one in list(mail.iter_attachments())[1:]]
        for address, mail in deliver(app).items()
    }


def as_carried(*files):
    return [("plan.pdf", PDF), *((one.filename, one.data) for one in files)]


def names():
    """Return the names of the extra files of each message, in the outbox's order."""
    db.session.rollback()
    found = extra_files(db.session(), [one.id for one in making.messages()])
    return [(one.address, [file.filename for file in found.get(one.id, [])]) for one in making.messages()]


class TestSending:
    def test_they_go_along_with_the_copies_of_this_sending_alone(self, app, case):
        case.send(TERMS, PRICES)
        assert carried(app) == {MAIN: as_carried(TERMS, PRICES), ANN: as_carried(TERMS, PRICES)}
        case.person(BOB)
        case.send()
        assert carried(app) == {BOB: as_carried()}
        assert count(MessageFile) == 4

    def test_their_bytes_are_kept_once(self, case):
        before = count(Content)
        case.send(TERMS)
        assert count(Content) == before + 1
        assert making.trail()[-1].touched[0].changes["extra_attachments"] == [None, TERMS.filename]

    def test_those_who_are_unticked_have_none_until_they_are_sent_some(self, app, case):
        case.send(TERMS, untick=(ANN,))
        assert carried(app) == {MAIN: as_carried(TERMS)}
        case.send(PRICES)
        assert carried(app) == {ANN: as_carried(PRICES)}

    def test_a_plan_is_the_same_with_files(self, case):
        seen = dispatch.plan_letter(
            db.session(),
            actor(),
            letter=db.session.get_one(Correspondence, case.letter),
            choices=Choices(),
            defaults=making.DEFAULTS,
        ).fingerprint
        with pytest.raises(Conflict):
            case.send(TERMS, fingerprint="another")
        assert count(MessageFile) == 0
        case.send(TERMS, fingerprint=seen)
        assert count(MessageFile) == 2

    def test_to_those_who_have_it_nothing_is_sent_or_kept(self, case):
        case.send()
        before = count(Content)
        case.send(TERMS)
        assert (count(MessageFile), count(Content)) == (0, before)

    def test_a_cancelled_message_that_is_sent_anew_carries_what_is_chosen_then(self, app, case):
        case.send(TERMS)
        for message in making.messages():
            making.run(mailer.cancel_message, message_id=message.id)
        case.send(PRICES, untick=(ANN,))
        assert names() == [(MAIN, [PRICES.filename]), (ANN, [TERMS.filename])]
        assert carried(app) == {MAIN: as_carried(PRICES)}

    @pytest.mark.parametrize(
        "files",
        [
            [NewFile("a.pdf", b"MZ")],
            [NewFile("a.exe", b"MZ")],
            [NewFile("", b"a")],
            [NewFile("a.txt", b"")],
            [NewFile("a\u202etxt.exe", b"a")],
            [NewFile("a.txt\r\nBcc: x@y.example", b"a")],
            [NewFile("a" * 296 + ".txt", b"a")],
            [NewFile("PLAN.pdf", PDF)],
            [TERMS, TERMS],
            [NewFile(f"{one}.txt", b"a") for one in range(MAX_FILES)],
            [NewFile(f"{one}.txt", b"a" * (MAX_TOTAL // 2)) for one in range(2)],
        ],
        ids=range(11),
    )
    def test_bad_files_are_refused_and_nothing_is_sent(self, case, files):
        before = count(Content)
        with pytest.raises(Invalid) as refused:
            case.send(*files)
        assert list(refused.value.errors) == ["extra_attachments"]
        assert (count(Message), count(MessageFile), count(Content)) == (0, 0, before)


class TestSendingAgain:
    def test_what_a_copy_had_goes_along_again_and_more_beside_it(self, app, case):
        case.send(TERMS, untick=(ANN,))
        case.send()
        carried(app)
        case.again(MAIN, ANN, files=[PRICES])
        assert carried(app) == {MAIN: as_carried(TERMS, PRICES), ANN: as_carried(PRICES)}
        case.again(MAIN, ANN)
        assert carried(app) == {MAIN: as_carried(TERMS, PRICES), ANN: as_carried(PRICES)}

    def test_the_same_file_once_more_is_carried_once(self, app, case):
        case.send(TERMS)
        carried(app)
        case.again(MAIN, files=[TERMS])
        assert carried(app) == {MAIN: as_carried(TERMS)}

    def test_another_file_of_the_same_name_and_too_many_are_refused(self, app, case):
        case.send(TERMS)
        carried(app)
        many = [NewFile(f"{one}.txt", b"a") for one in range(MAX_FILES - 1)]
        for files in ([NewFile(TERMS.filename, b"c,d\n")], many):
            with pytest.raises(Invalid) as refused:
                case.again(MAIN, files=files)
            assert list(refused.value.errors) == ["extra_attachments"]
        assert len(making.messages()) == 2


class TestPurging:
    def test_they_go_with_their_message(self, app, case):
        case.send(TERMS)
        carried(app)
        first, second = making.messages()
        making.run(purging.purge_message, message_id=first.id, reason="They asked.")
        assert names()[1:] == [(ANN, [TERMS.filename])]
        assert count(MessageFile) == 1
        making.run(purging.purge_message, message_id=second.id, reason="They asked.")
        assert count(MessageFile) == 0
        assert not db.session.scalar(select(Content.digest).where(Content.size == len(TERMS.data)))


def given(file=TERMS):
    return {"filename": file.filename, "content": base64.b64encode(file.data).decode()}


def upload(file=TERMS):
    return (io.BytesIO(file.data), file.filename)


class TestDoors:
    def test_rest_takes_them_and_the_message_gives_them_back(self, app, case, api):
        call = api("support")
        sent = call("post", f"{URL}/{case.letter}/send", json={"extra_attachments": [given()], "untick": [ANN]})
        assert sent.status_code == 202, sent.text
        carried(app)
        again = {"reason": "Lost.", "addresses": [MAIN], "extra_attachments": [given(PRICES)]}
        assert call("post", f"{URL}/{case.letter}/send_again", json=again).status_code == 202
        number = making.messages()[-1].id
        files = call("get", f"/api/v1/message/{number}").json["result"]["extra_attachments"]
        assert [one["filename"] for one in files] == [TERMS.filename, PRICES.filename]
        path = f"/api/v1/message/{number}/extra_attachments"
        file = call("get", f"{path}/{files[0]['id']}")
        assert (file.data, file.mimetype) == (TERMS.data, "text/csv")
        assert call("get", f"{path}/999").status_code == 404
        assert call("get", f"/api/v1/message/{number - 1}/extra_attachments/{files[0]['id']}").status_code == 404
        assert api("north_support")("get", f"{path}/{files[0]['id']}").status_code == 404

    def test_rest_refuses_what_is_none_at_its_field(self, case, api):
        call = api("support")
        for files in ("x", [{}], [{"filename": "a.txt", "content": "?"}], [given(NewFile("a.pdf", b"MZ"))]):
            for path, body in (("send", {}), ("send_again", {"reason": "x", "addresses": [MAIN]})):
                refused = call("post", f"{URL}/{case.letter}/{path}", json={**body, "extra_attachments": files})
                assert refused.status_code == 422
                assert list(refused.json["errors"]) in (["extra_attachments"], ["addresses"])
        assert count(Message) == 0

    def test_who_may_not_see_the_letter_gets_no_file_of_its_messages(self, case, api, login):
        hidden = letters.letter(case.customer, letters.kind("billing"))
        choices = Choices(files=(TERMS,))
        making.run(dispatch.send_letter, letter_id=hidden, choices=choices, fingerprint=None, defaults=making.DEFAULTS)
        number = making.messages()[-1].id
        file = extra_files(db.session(), [number])[number][0].id
        for who, status in (("finance", 200), ("auditor", 200), ("support", 404)):
            assert api(who)("get", f"/api/v1/message/{number}/extra_attachments/{file}").status_code == status
            assert login(who).get(f"/messages/{number}/extra-attachments/{file}").status_code == status

    def test_the_send_page_takes_them_and_the_message_page_hands_them_out(self, app, case, login):
        browser = login("support")
        page = browser.get(f"{PAGES}/{case.letter}/send").text
        assert 'name="extra_attachments"' in page
        data = {**plan(page), "action": "send", "extra_attachments": [upload(), upload(PRICES)]}
        done = browser.post(f"{PAGES}/{case.letter}/send", data=data, content_type="multipart/form-data")
        assert done.status_code == 302, done.text
        number = making.messages()[0].id
        for _ in range(2):
            tab = browser.get(f"/messages/show/{number}?tab=mail").text
            assert TERMS.filename in tab
            carried(app)
        path = re.search(rf"/messages/{number}/extra-attachments/\d+", tab)[0]
        assert browser.get(path).data == TERMS.data
        page = browser.get(f"{PAGES}/{case.letter}/send-again").text
        assert 'name="extra_attachments"' in page
        more = NewFile("more.txt", b"more")
        data = {"addresses": [MAIN], "reason": "Lost.", "extra_attachments": [upload(more)]}
        done = browser.post(f"{PAGES}/{case.letter}/send-again", data=data, content_type="multipart/form-data")
        assert done.status_code == 302
        assert names()[-1] == (MAIN, [TERMS.filename, PRICES.filename, "more.txt"])

    def test_a_refusal_and_a_preview_ask_for_the_files_again(self, case, login):
        browser = login("support")
        page = browser.get(f"{PAGES}/{case.letter}/send").text
        bad = {**plan(page), "action": "send", "extra_attachments": [upload(NewFile("bad.pdf", b"MZ"))]}
        refused = browser.post(f"{PAGES}/{case.letter}/send", data=bad, content_type="multipart/form-data")
        assert refused.status_code == 422
        assert "bad.pdf: What this file holds" in refused.text
        assert "Choose the files again" in refused.text
        look = {**plan(page), "action": "preview", "recipients": "x@y.example", "extra_attachments": [upload()]}
        again = browser.post(f"{PAGES}/{case.letter}/send", data=look, content_type="multipart/form-data")
        assert again.status_code == 200
        assert "Choose the files again" in again.text
        assert count(Message) == 0


def plan(page):
    """Return what the page of a plan posts as it stands."""
    fields = ("fingerprint", "previewed", "planned", "looked_at", "version")
    found = {name: re.findall(rf'name="{name}"\s+value="([^"]*)"', page) for name in fields}
    return {**found, "keep": found["planned"]}
