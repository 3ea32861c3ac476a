"""The screens and REST of mails that came in: the list, adding to a ticket by its plan, being done, the mail."""

from __future__ import annotations

import re

import pytest

from app.extensions import db
from tests.conftest import actor
from tests.core import making
from tests.inbound.answers import answer
from tests.inbound.test_service import ANN, Case, last, listed, take, updates
from tests.tickets.making_tickets import MAIN

REST = "/api/v1/inbound_mail"


@pytest.fixture
def case(app):
    return Case(app)


@pytest.fixture
def unproven(case):
    """Return the id of a mail that waits."""
    reply = answer(
        case.mail_to(ANN), "Where is <b>it</b>?", sender="Jo Field <jo@mail.example>", to="desk@issuer.example"
    )
    reply.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename="setup.exe")
    take(reply)
    return listed().id


def fingerprint(page):
    return re.search(r'name="fingerprint" value="([^"]*)"', page.text)[1]


class TestTheList:
    def test_it_says_who_what_and_why(self, unproven, login):
        page = login("support").get("/inbound-mails/list/?state=waiting").text
        for words in ("jo@mail.example", "No dial tone", "Waits for staff", "nothing proves whose answer it is"):
            assert words in page
        assert f"/inbound-mails/show/{unproven}" in page
        assert "jo@mail.example" not in login("support").get("/inbound-mails/list/?state=done").text
        assert "jo@mail.example" in login("support").get("/inbound-mails/list/?q=JO@mail").text

    @pytest.mark.parametrize("who", ["finance", "auditor"])
    def test_it_is_for_support_and_administrators(self, unproven, login, api, who):
        for path in ("list/", f"show/{unproven}", f"{unproven}/source"):
            assert login(who).get(f"/inbound-mails/{path}").status_code == 403
        assert api(who)("get", f"{REST}/{unproven}").status_code == 403
        assert "Incoming mails" not in login(who).get("/").text
        assert "jo@mail.example" not in login(who).get("/audit/list/").text

    def test_the_start_page_counts_those_that_wait(self, unproven, login):
        page = login("support").get("/").text
        assert re.search(r'href="/inbound-mails/list/\?state=waiting">Mails that wait <span[^>]*>1<', page)
        login("support").post(f"/inbound-mails/{unproven}/done", data={"note": "Advertising.", "version": ""})
        assert "Mails that wait" not in login("support").get("/").text


class TestOne:
    def test_its_text_is_shown_as_text(self, unproven, login):
        page = login("support").get(f"/inbound-mails/show/{unproven}").text
        assert "Where is &lt;b&gt;it&lt;/b&gt;?" in page
        assert "<b>it</b>" not in page

    def test_the_mail_is_handed_out_as_a_file(self, unproven, login):
        got = login("support").get(f"/inbound-mails/{unproven}/source")
        assert got.headers["Content-Disposition"].startswith("attachment;")
        assert got.headers["X-Content-Type-Options"] == "nosniff"
        assert (got.mimetype, b"setup.exe" in got.data) == ("message/rfc822", True)

    def test_done_needs_a_note(self, unproven, login):
        support = login("support")
        assert support.get(f"/inbound-mails/{unproven}/done").status_code == 200
        refused = support.post(f"/inbound-mails/{unproven}/done", data={"note": " ", "version": ""})
        assert refused.status_code == 422
        assert "Say what was done about it" in refused.text
        assert support.post(f"/inbound-mails/{unproven}/done", data={"note": "By phone."}).status_code == 302
        assert "By phone." in support.get(f"/inbound-mails/show/{unproven}").text


class TestAddingToATicket:
    def test_as_a_note_nobody_gets_a_copy(self, case, unproven, login):
        support = login("support")
        page = support.get(f"/inbound-mails/{unproven}/add-to-ticket").text
        assert "Nobody: staff alone see an internal note." in page
        assert "Nothing proves who sent this mail" in page
        form = {"ticket_id": str(case.ticket), "internal": "y", "version": "", "action": "send"}
        done = support.post(f"/inbound-mails/{unproven}/add-to-ticket", data=form)
        assert (done.status_code, done.headers["Location"]) == (302, f"/tickets/show/{case.ticket}")
        assert last(case.ticket).internal
        told = support.get(f"/tickets/show/{case.ticket}").text
        assert "Added from a mail of jo@mail.example: nothing proves who sent it." in told
        assert "Not taken: setup.exe. Files of this kind can&#39;t go along." in told

    def test_in_public_who_gets_a_copy_is_looked_at_first(self, case, unproven, login):
        support, url = login("support"), f"/inbound-mails/{unproven}/add-to-ticket"
        form = {"ticket_id": str(case.ticket), "version": "", "action": "send"}
        unseen = support.post(url, data=form)
        assert unseen.status_code == 409
        assert len(updates(case.ticket)) == 2
        plan = support.post(url, data={**form, "action": "preview"})
        assert ANN in plan.text
        assert MAIN in plan.text
        chosen = {**form, "fingerprint": fingerprint(plan), "planned": [ANN, MAIN], "keep": [MAIN]}
        assert support.post(url, data=chosen).status_code == 302
        assert (last(case.ticket).author_name, last(case.ticket).internal) == ("Jo Field", False)
        assert [to for to, _ in case.deliver()] == [MAIN]

    def test_what_changed_meanwhile_is_refused(self, case, unproven, login):
        support, url = login("support"), f"/inbound-mails/{unproven}/add-to-ticket"
        form = {"ticket_id": str(case.ticket), "version": "", "action": "send"}
        seen = fingerprint(support.post(url, data={**form, "action": "preview"}))
        case.desk.person("new@acme.example")
        refused = support.post(url, data={**form, "fingerprint": seen, "planned": [ANN, MAIN], "keep": [ANN, MAIN]})
        assert refused.status_code == 409
        assert "new@acme.example" in refused.text

    def test_no_ticket_or_none_in_sight(self, unproven, login):
        support, url = login("support"), f"/inbound-mails/{unproven}/add-to-ticket"
        for number in ("", "x", "999999"):
            form = {"ticket_id": number, "internal": "y", "version": "", "action": "send"}
            assert support.post(url, data=form).status_code == 422

    def test_tickets_are_found_by_number_and_subject(self, case, unproven, login):
        assert unproven
        found = login("support").get("/pickers/ticket?q=dial+tone").json["results"]
        assert [one["id"] for one in found] == [str(case.ticket)]


class TestTheTicket:
    def test_it_names_the_sender_and_hands_out_the_mail_to_its_readers(self, case, login, api):
        take(answer(case.mail_to(ANN), sender="ben@mail.example"))
        update = last(case.ticket)
        page = login("finance").get(f"/tickets/show/{case.ticket}").text
        assert "Sent from ben@mail.example, which is not where our mail went." in page
        assert f'href="/ticket-updates/{update.id}/mail"' in page
        assert "/inbound-mails/show/" not in page
        assert b"It works again" in login("finance").get(f"/ticket-updates/{update.id}/mail").data
        path = f"/api/v1/ticket/{case.ticket}/updates"
        assert b"It works again" in api("auditor")("get", f"{path}/{update.id}/mail").data
        assert api("auditor")("get", f"{path}/{update.id - 1}/mail").status_code == 404
        given = api("auditor")("get", path).json["result"][-1]
        assert (given["door"], given["sent_from"], given["author_address"]) == ("inbound", "ben@mail.example", ANN)

    def test_nobody_else_reads_it(self, case, login):
        making.dealers("NORTH")
        take(answer(case.mail_to(ANN)))
        assert login("north_support").get(f"/ticket-updates/{last(case.ticket).id}/mail").status_code == 404

    def test_an_internal_note_by_mail_never_leaves(self, case, unproven, api):
        given = {"ticket_id": case.ticket, "internal": True}
        assert api("support")("post", f"{REST}/{unproven}/add_to_ticket", json=given).status_code == 200
        case.desk.write(case.ticket, "Public.", actor("support"))
        assert all("Where is" not in mail.as_string() for _, mail in case.deliver())


class TestRest:
    def test_read_and_filter(self, case, unproven, api):
        support = api("support")
        one = support("get", f"{REST}/{unproven}").json["result"]
        assert (one["state"], one["reason"], one["from_name"]) == ("waiting", "no_token", "Jo Field")
        assert "Where is <b>it</b>?" in one["text"]
        rows = support("get", f"{REST}/?q=(filters:!((col:from_address,opr:eq,value:'JO@mail.example')))").json
        assert rows["ids"] == [unproven]
        assert "text" not in rows["result"][0]
        assert support("get", f"{REST}/{unproven}/source").mimetype == "message/rfc822"
        assert case.ticket

    def test_add_one_and_be_done_with_one(self, case, unproven, api):
        support = api("support")
        wrong = support("post", f"{REST}/{unproven}/add_to_ticket", json={"ticket_id": 999_999})
        assert (wrong.status_code, set(wrong.json["errors"])) == (422, {"ticket_id"})
        stale = support("post", f"{REST}/{unproven}/done", json={"note": "x", "version": 9})
        assert stale.status_code == 412
        done = support("post", f"{REST}/{unproven}/done", json={"note": "By phone."})
        assert (done.status_code, done.json["result"]["state"]) == (200, "done")
        assert support("post", f"{REST}/{unproven}/done", json={"note": "x"}).json["code"] == "already_done"
        added = support("post", f"{REST}/{unproven}/add_to_ticket", json={"ticket_id": case.ticket})
        assert added.status_code == 200
        assert [one["address"] for one in added.json["plan"]["messages"]] == [MAIN, ANN]
        assert added.json["result"]["not_taken"][0]["name"] == "setup.exe"
        assert last(case.ticket).door == "api"
        again = support("post", f"{REST}/{unproven}/add_to_ticket", json={"ticket_id": case.ticket})
        assert (again.status_code, again.json["code"]) == (409, "already_added")
        assert support("delete", f"{REST}/{unproven}").status_code == 409

    def test_trash_and_restore(self, unproven, api):
        support = api("support")
        assert support("delete", f"{REST}/{unproven}").status_code == 200
        assert support("get", f"{REST}/{unproven}").status_code == 404
        assert [one["id"] for one in support("get", f"{REST}/trash").json["result"]] == [unproven]
        assert support("post", f"{REST}/{unproven}/restore").status_code == 200
        db.session.rollback()
        assert listed().deleted_at is None
