"""Files of ticket updates at the doors: REST, the screens, who gets them and who doesn't."""

from __future__ import annotations

import base64
import io
import re

import pytest

from app.extensions import db
from app.tickets.models import UpdateFile
from tests.core import making
from tests.tickets.making_tickets import MAIN, Desk, deliver
from tests.tickets.test_files import GOOD, LOG, PDF, count, raw
from tests.tickets.test_screens import posted

URL = "/api/v1/ticket"
NAME = "Störung.txt"


@pytest.fixture
def desk(app):
    return Desk()


def given(filename="plan.pdf", data=PDF):
    return {"filename": filename, "content": base64.b64encode(data).decode()}


def upload(filename="plan.pdf", data=PDF):
    return (io.BytesIO(data), filename)


def post(browser, path, **data):
    return browser.post(path, data=data, content_type="multipart/form-data")


class TestRest:
    def test_a_ticket_and_its_updates_take_files_and_give_them_back(self, app, desk, api):
        call = api("support")
        made = call("post", f"{URL}/", json={**desk.values(), "attachments": [given(), given(NAME, LOG)]})
        assert made.status_code == 201, made.text
        number = made.json["id"]
        added = call("post", f"{URL}/{number}/updates", json={"body": "More.", "attachments": [given()]})
        assert added.status_code == 201
        assert [one["filename"] for one in added.json["result"]["attachments"]] == ["plan.pdf"]
        assert call("post", f"{URL}/{number}/close", json={"attachments": [given()]}).status_code == 200
        updates = call("get", f"{URL}/{number}/updates").json["result"]
        told = [[(one["filename"], one["content_type"], one["size"]) for one in row["attachments"]] for row in updates]
        plan = ("plan.pdf", "application/pdf", len(PDF))
        assert told == [[plan, (NAME, "text/plain", len(LOG))], [plan], [plan]]
        file = call("get", f"{URL}/{number}/attachments/{updates[0]['attachments'][1]['id']}")
        assert (file.status_code, file.data, file.mimetype) == (200, LOG, "text/plain")
        disposition = "attachment; filename=\"St-rung.txt\"; filename*=UTF-8''St%C3%B6rung.txt"
        assert file.headers["Content-Disposition"] == disposition
        assert next(raw(mail) for to, mail in deliver(app) if to == MAIN) == [("plan.pdf", PDF), (NAME, LOG)]

    @pytest.mark.parametrize(
        "files",
        [
            "plan.pdf",
            {"filename": "a.txt", "content": "YQ=="},
            ["plan.pdf"],
            [{"filename": "a.txt"}],
            [{"filename": "a.txt", "content": "YQ==", "content_type": "text/html"}],
            [{"filename": "a.txt", "content": "no base64!"}],
            [{"filename": "a.txt", "content": None}],
            [given("a.txt\r\nBcc: x@y.example", b"a")],
            [given("a.pdf", b"MZ")],
            [given(f"{one}.txt", b"a") for one in range(11)],
        ],
    )
    def test_what_is_no_file_is_refused_at_its_field_and_nothing_is_kept(self, desk, api, files):
        call, number = api("support"), desk.ticket()
        for path, body in (
            ("/", desk.values()),
            (f"/{number}/updates", {"body": "x"}),
            (f"/{number}/updates", {"body": "x", "internal": True}),
            (f"/{number}/close", {}),
        ):
            refused = call("post", f"{URL}{path}", json={**body, "attachments": files})
            assert (refused.status_code, list(refused.json["errors"])) == (422, ["attachments"])
        assert len(call("get", f"{URL}/{number}/updates").json["result"]) == 1
        assert count(UpdateFile) == 0

    def test_none_and_nothing_are_no_files(self, desk, api):
        call = api("support")
        for files in (None, []):
            made = call("post", f"{URL}/", json={**desk.values(), "attachments": files})
            assert made.status_code == 201

    def test_only_who_sees_the_ticket_gets_its_files(self, desk, api, login):
        making.dealers("NORTH")
        number, other = desk.ticket(files=(GOOD,)), desk.ticket(subject="Another")
        desk.note(number, files=(GOOD,))
        db.session.rollback()
        for file in db.session.query(UpdateFile):
            path = f"attachments/{file.id}"
            for who, status in (("support", 200), ("finance", 200), ("auditor", 200), ("north_support", 404)):
                assert api(who)("get", f"{URL}/{number}/{path}").status_code == status
                assert login(who).get(f"/tickets/{number}/{path}").status_code == status
            assert api("support")("get", f"{URL}/{other}/{path}").status_code == 404
            assert login("support").get(f"/tickets/{other}/{path}").status_code == 404
        assert api("support")("get", f"{URL}/{number}/attachments/999").status_code == 404
        assert api("support")("get", f"{URL}/{number}/attachments/x").status_code == 404


class TestScreens:
    def test_a_new_ticket_and_each_page_take_files_and_the_conversation_shows_them(self, desk, login):
        browser = login("support")
        page = browser.get(f"/tickets/add?customer_id={desk.customer}").text
        assert "multiple" in re.search(r'<input[^>]*\bname="attachments"[^>]*>', page)[0]
        fields = {name: value for name, value in desk.values().items() if name != "customer_id"}
        path = f"/tickets/add?customer_id={desk.customer}"
        made = post(browser, path, **posted(page, **fields), attachments=[upload(), upload(NAME, LOG)])
        assert made.status_code == 302, made.text
        shown = browser.get(made.headers["Location"]).text
        assert "plan.pdf" in shown
        assert NAME in shown
        file = browser.get("/tickets/1/attachments/2")
        assert (file.data, file.headers["Content-Disposition"].partition(";")[0]) == (LOG, "attachment")
        assert 'name="attachments"' not in browser.get("/tickets/edit/1").text
        for number, task in enumerate(("answer", "note", "close", "reopen"), start=2):
            page = browser.get(f"/tickets/1/{task}").text
            data = posted(page, body=f"By {task}", action="send", attachments=[upload(f"{task}.pdf")])
            done = post(browser, f"/tickets/1/{task}", **data)
            assert done.status_code == 302, done.text
            assert browser.get("/tickets/show/1").text.count(f"{task}.pdf") == 1
            db.session.rollback()
            assert count(UpdateFile) == 1 + number

    def test_a_refusal_keeps_what_was_typed_and_asks_for_the_files_again(self, desk, login):
        browser, number = login("support"), desk.ticket()
        page = browser.get(f"/tickets/{number}/answer").text
        files = [upload(), upload("bad.pdf", b"MZ")]
        data = posted(page, body="Typed text", action="send", attachments=files)
        refused = post(browser, f"/tickets/{number}/answer", **data)
        assert refused.status_code == 422
        for text in ("Typed text", "bad.pdf: What this file holds", "Choose the files again"):
            assert text in refused.text.replace("&#39;", "'")
        assert count(UpdateFile) == 0
        fields = desk.values(subject="Typed subject", customer_id=str(desk.customer))
        page = browser.get(f"/tickets/add?customer_id={desk.customer}").text
        files = [upload(), upload("bad.pdf", b"MZ")]
        refused = post(browser, "/tickets/add", **posted(page, **fields), attachments=files)
        assert refused.status_code == 422
        for text in ("Typed subject", "bad.pdf: What this file holds", "Choose the files again"):
            assert text in refused.text

    def test_looking_again_asks_for_the_files_again_and_keeps_none(self, desk, login):
        browser, number = login("support"), desk.ticket()
        page = browser.get(f"/tickets/{number}/answer").text
        data = posted(page, body="Typed text", action="preview", attachments=[upload()])
        again = post(browser, f"/tickets/{number}/answer", **data)
        assert again.status_code == 200
        assert "Choose the files again" in again.text
        assert count(UpdateFile) == 0

    def test_an_empty_field_is_no_file(self, desk, login):
        browser, number = login("support"), desk.ticket()
        page = browser.get(f"/tickets/{number}/answer").text
        data = posted(page, body="Typed text", action="send", attachments=[(io.BytesIO(b""), "")])
        assert post(browser, f"/tickets/{number}/answer", **data).status_code == 302
        assert count(UpdateFile) == 0

    def test_a_note_with_a_file_shows_it_to_staff_alone(self, app, desk, login):
        number = desk.ticket()
        browser = login("support")
        page = browser.get(f"/tickets/{number}/note").text
        data = posted(page, body="Between us", action="send", attachments=[upload("secret.pdf")])
        assert post(browser, f"/tickets/{number}/note", **data).status_code == 302
        desk.write(number, "A public answer.")
        assert "secret.pdf" in browser.get(f"/tickets/show/{number}").text
        assert all("secret.pdf" not in mail.as_string() for _, mail in deliver(app))
        for one in making.messages():
            for tab in ("why", "mail", "attempts", "history"):
                assert "secret.pdf" not in browser.get(f"/messages/show/{one.id}?tab={tab}").text
        for path in ("/audit/list/", "/search/?q=secret", f"/customers/show/{desk.customer}?tab=history"):
            assert "secret.pdf" not in browser.get(path).text
