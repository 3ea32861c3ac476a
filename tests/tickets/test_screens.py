"""The screens of tickets: the form that shows its plan, the conversation, the lists, and who sees which."""

from __future__ import annotations

import re

import pytest

from app.extensions import db
from app.tickets import queries
from app.tickets.models import Ticket
from tests.conftest import actor
from tests.core import making
from tests.tickets.making_tickets import MAIN, Desk
from tests.web.answers import refused_page

ANN = "ann@acme.example"


@pytest.fixture
def desk(app):
    return Desk()


@pytest.fixture
def browser(login):
    return login("support")


def field(page, name):
    """Return the values of the hidden or ticked inputs of a name."""
    inputs = re.findall(rf'<input[^>]*\bname="{name}"[^>]*>', page)
    return [re.search(r'\bvalue="([^"]*)"', one)[1] for one in inputs]


def posted(page, **values):
    """Return what a form with a plan posts as it stands."""
    plan = {"fingerprint": field(page, "fingerprint"), "looked_at": field(page, "looked_at")}
    plan |= {"planned": field(page, "planned"), "keep": field(page, "planned"), "version": field(page, "version")}
    return {**plan, **values}


def bodies(number):
    db.session.rollback()
    return [(one.kind, one.body, one.internal) for one in queries.updates_of(db.session(), ticket_id=number)]


def test_the_form_of_a_new_ticket_shows_the_plan_and_sends_that_very_one(desk, browser):
    desk.person(ANN)
    page = browser.get(f"/tickets/add?customer_id={desk.customer}").text
    assert field(page, "planned") == [MAIN]
    given = {name: value for name, value in desk.values().items() if name != "customer_id"}
    shown = browser.post(f"/tickets/opening-plan?customer_id={desk.customer}", data=posted(page, **given)).text
    assert field(shown, "planned") == [MAIN, ANN]
    made = browser.post(f"/tickets/add?customer_id={desk.customer}", data=posted(shown, **given))
    assert made.status_code == 302
    assert making.states() == {MAIN: "queued", ANN: "queued"}


def test_a_new_ticket_whose_plan_nobody_saw_is_refused_and_shows_it(desk, browser):
    desk.person(ANN)
    page = refused_page(browser.post("/tickets/add", data=desk.values(subject="Typed subject")), 409)
    assert field(page, "planned") == [MAIN, ANN]
    assert "Typed subject" in page
    assert "The line is dead." in page
    assert db.session.query(Ticket).count() == 0
    assert browser.post("/tickets/add", data=posted(page, **desk.values())).status_code == 302


def test_without_a_customer_there_is_no_plan_yet(desk, browser):
    page = browser.get("/tickets/add").text
    assert "Choose the customer first." in page
    for given in ({"customer_id": "x"}, {"customer_id": "999"}, {}):
        answer = browser.post("/tickets/opening-plan", data=given)
        assert (answer.status_code, "Choose the customer first." in answer.text) == (200, True)


def test_an_answer_goes_to_those_who_were_shown_and_stay_ticked(desk, browser):
    number = desk.ticket()
    desk.person(ANN)
    page = browser.get(f"/tickets/{number}/answer").text
    assert set(field(page, "planned")) == {MAIN, ANN}
    given = posted(page, body="We are on it.", keep=[MAIN])
    ticked = browser.post(f"/tickets/{number}/answer", data={**given, "action": "preview"})
    assert ticked.status_code == 200
    assert "We are on it." in ticked.text
    assert bodies(number)[-1][1] == "The line is dead."
    done = browser.post(f"/tickets/{number}/answer", data={**posted(ticked.text, body="We are on it."), "keep": [MAIN]})
    assert done.status_code == 302
    assert bodies(number)[-1] == ("text", "We are on it.", False)
    assert [one.address for one in making.messages()] == [MAIN, MAIN]
    assert "1 copy is on the way." in browser.get(done.location).text


def test_a_plan_that_has_changed_is_refused_with_the_difference_and_nothing_is_lost(desk, browser):
    number = desk.ticket()
    ann = desk.person(ANN)
    page = browser.get(f"/tickets/{number}/answer").text
    desk.person("ben@acme.example")
    from app.contacts.service import update_contact

    making.run(update_contact, contact_id=ann, values={"copy_ticket_updates": []})
    refused = refused_page(browser.post(f"/tickets/{number}/answer", data=posted(page, body="Long text.")), 409)
    assert "ben@acme.example gets a copy, and did not before." in refused
    assert f"{ANN} no longer gets a copy." in refused
    assert "Long text." in refused
    assert len(bodies(number)) == 1
    assert browser.post(f"/tickets/{number}/answer", data=posted(refused, body="Long text.")).status_code == 302


def test_somebody_else_was_faster(desk, browser):
    number = desk.ticket()
    page = browser.get(f"/tickets/{number}/answer").text
    desk.write(number, "I was faster.")
    refused = refused_page(browser.post(f"/tickets/{number}/answer", data=posted(page, body="Me too.")), 412)
    assert "I was faster." in refused
    assert "Me too." in refused
    assert browser.post(f"/tickets/{number}/answer", data=posted(refused, body="Me too.")).status_code == 302
    assert [text for _, text, _ in bodies(number)] == ["The line is dead.", "I was faster.", "Me too."]


def test_an_answer_that_nobody_looked_at_is_refused(desk, browser):
    number = desk.ticket()
    refused = refused_page(browser.post(f"/tickets/{number}/answer", data={"body": "x"}), 409)
    assert "Look at who gets a copy first" in refused
    assert len(bodies(number)) == 1


def test_an_empty_answer_comes_back_at_its_field(desk, browser):
    number = desk.ticket()
    page = browser.get(f"/tickets/{number}/answer").text
    refused = refused_page(browser.post(f"/tickets/{number}/answer", data=posted(page, body=" ")), 422)
    assert "This field is required." in refused


def test_a_note_says_that_nobody_gets_it(desk, browser):
    number = desk.ticket()
    page = browser.get(f"/tickets/{number}/note").text
    assert "Staff alone see this note" in page
    assert field(page, "planned") == []
    done = browser.post(f"/tickets/{number}/note", data=posted(page, body="Us alone."))
    assert done.status_code == 302
    assert bodies(number)[-1] == ("text", "Us alone.", True)
    assert len(making.messages()) == 1


def test_close_and_reopen_offer_the_statuses_that_fit(desk, browser):
    number = desk.ticket()
    page = browser.get(f"/tickets/{number}/close").text
    assert re.findall(r"<option[^>]*>(\w+)</option>", page) == ["Closed"]
    data = posted(page, ticket_status=str(desk.closed), body="")
    assert browser.post(f"/tickets/{number}/close", data=data).status_code == 302
    refused_page(browser.post(f"/tickets/{number}/close", data=data | {"version": ""}), 409)
    shown = browser.get(f"/tickets/show/{number}").text
    assert "Ticket closed" in shown
    assert f"/tickets/{number}/reopen" in shown
    assert f"/tickets/{number}/close" not in shown
    page = browser.get(f"/tickets/{number}/reopen").text
    assert re.findall(r"<option[^>]*>(\w+)</option>", page) == ["Open", "Waiting"]
    data = posted(page, ticket_status=str(desk.waiting), body="Again.")
    assert browser.post(f"/tickets/{number}/reopen", data=data).status_code == 302
    assert bodies(number)[-1] == ("reopened", "Again.", False)


def test_the_conversation_shows_text_as_text_and_links_as_links(desk, browser):
    number = desk.ticket(body="<script>alert(1)</script> https://x.example/a?b=1&c=2. javascript:alert(2)")
    page = browser.get(f"/tickets/show/{number}").text
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert 'href="https://x.example/a?b=1&amp;c=2"' in page
    assert 'href="javascript' not in page


def test_my_open_tickets(desk, browser, login):
    mine, others = desk.ticket(actor("support")), desk.ticket()
    closed = desk.ticket(actor("support"))
    desk.write(closed, kind="closed")
    page = browser.get("/tickets/list/?mine=yes&state=open").text
    assert f"/tickets/show/{mine}" in page
    assert f"/tickets/show/{others}" not in page
    assert f"/tickets/show/{closed}" not in page
    desk.write(others, who=actor("support"))
    assert f"/tickets/show/{others}" in browser.get("/tickets/list/?mine=yes").text
    assert "My open tickets" in browser.get("/").text
    assert "My open tickets" not in login("auditor").get("/").text
    refused_page(browser.get("/tickets/list/?mine=no"), 400)


def test_it_is_found_by_its_number_in_the_header(desk, browser):
    number = desk.ticket()
    for text in ("AC1/T001", "ac1/t001", "dial tone"):
        assert f"/tickets/show/{number}" in browser.get(f"/search/?q={text}").text


def test_a_customers_page_counts_its_tickets(desk, browser):
    desk.ticket()
    desk.ticket()
    page = browser.get(f"/customers/show/{desk.customer}?tab=tickets").text
    assert re.search(r'Tickets\s*<span class="tab-count">2</span>', page)
    assert f"/tickets/add?customer_id={desk.customer}" in page


def test_the_messages_of_all_updates_stand_on_one_tab(desk, browser):
    number = desk.ticket()
    desk.write(number)
    other = desk.ticket()
    page = browser.get(f"/tickets/show/{number}?tab=messages").text
    assert "AC1/T001/1" in page
    assert "AC1/T001/2" in page
    assert "AC1/T002/1" not in page
    assert other != number


def test_readers_see_no_button(desk, login):
    number = desk.ticket()
    for name in ("finance", "auditor"):
        page = login(name).get(f"/tickets/show/{number}")
        assert page.status_code == 200
        assert f"/tickets/{number}/answer" not in page.text
        refused_page(login(name).get(f"/tickets/{number}/answer"), 403)


def test_a_message_leads_to_its_ticket_and_may_be_sent_again(desk, browser, app):
    from tests.tickets.making_tickets import deliver

    number = desk.ticket()
    deliver(app)
    message = making.messages()[0]
    page = browser.get(f"/messages/show/{message.id}").text
    assert f"/tickets/show/{number}#update-{message.document_id}" in page
    assert f"/ticket-updates/{message.document_id}/send-again" in page
    again = browser.get(f"/ticket-updates/{message.document_id}/send-again").text
    assert MAIN in again
    data = {"addresses": [MAIN], "reason": "They lost it."}
    assert browser.post(f"/ticket-updates/{message.document_id}/send-again", data=data).location.startswith(
        f"/tickets/show/{number}"
    )
    why = browser.get(f"/ticket-updates/{message.document_id}/why?address={MAIN}")
    assert why.status_code == 200
