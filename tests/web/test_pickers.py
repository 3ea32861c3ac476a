"""Pickers: twenty rows that match, in sight and to be chosen, whatever is typed."""

from __future__ import annotations

import pytest

from tests.web.answers import refused

SOURCES = (
    "customer",
    "dealer",
    "country",
    "currency",
    "language",
    "topic",
    "title",
    "customer_status",
    "correspondence_type",
)


def options(house, source, q="", name="admin", **args):
    answer = house.browser(name).get(f"/pickers/{source}", query_string={"q": q, **args})
    assert answer.status_code == 200, answer.text
    assert set(answer.json) == {"results"}
    return answer.json["results"]


@pytest.mark.parametrize("source", SOURCES)
def test_a_picker_gives_twenty_at_most_whatever_is_typed(house, source):
    for text in ("", "a", "%", "_", "'", "\\", "x" * 5000, "\x00", "é😀", "' OR 1=1 --", "page=1"):
        assert len(options(house, source, text)) <= 20, text
    assert options(house, source), source


def test_a_search_finds_among_many(house):
    for number in range(30):
        house.customer(account_number=f"PICK-{number:02}", company_name="Picked company")
    assert len(options(house, "customer", "picked comp")) == 20
    assert [one["hint"] for one in options(house, "customer", "PICK-07")] == ["PICK-07"]
    assert options(house, "customer", "office@north.example")[0]["text"] == "North works"


def test_wildcards_are_letters(house):
    house.customer(company_name="90% of_all")
    for text in ("90%", "of_all"):
        assert [one["text"] for one in options(house, "customer", text)] == ["90% of_all"], text
    assert options(house, "customer", "%") == options(house, "customer", "o_a") == []
    assert options(house, "topic", "%") == options(house, "dealer", "_") == options(house, "country", "%") == []


def test_a_picker_keeps_to_what_its_user_sees(house):
    ours, theirs = house.world.ours, house.world.theirs
    assert {one["id"] for one in options(house, "customer", "works")} == {
        str(ours["customer"]),
        str(theirs["customer"]),
    }
    assert [one["id"] for one in options(house, "customer", "works", "north_finance")] == [str(ours["customer"])]
    assert [one["id"] for one in options(house, "dealer", "", "north_finance")] == ["NORTH"]
    assert {one["id"] for one in options(house, "dealer")} == {"NORTH", "SOUTH"}


def test_the_picker_of_contacts_to_link_offers_those_that_can_be(house):
    ours, theirs = house.world.ours, house.world.theirs
    deleted = house.contact(last_name="SharedDeleted")
    house.api()("delete", f"/api/v1/contact/{deleted}")
    found = {one["id"] for one in options(house, "linkable_contact", "", customer_id=ours["customer"])}
    assert {str(ours["shared"]), str(theirs["shared"]), str(theirs["linked"])} <= found
    assert not found & {str(ours["linked"]), str(ours["contact"]), str(deleted)}
    mine = {one["id"] for one in options(house, "linkable_contact", "", "north_finance", customer_id=ours["customer"])}
    assert mine == {str(ours["shared"])}
    for text in ("SharedNorth", "sharedn"):
        assert [one["id"] for one in options(house, "linkable_contact", text, customer_id=ours["customer"])] == [
            str(ours["shared"])
        ]
    assert [one["id"] for one in options(house, "linked_contact", "", customer_id=ours["customer"])] == [
        str(ours["linked"])
    ]


@pytest.mark.parametrize("source", ["linkable_contact", "linked_contact"])
def test_the_pickers_of_links_need_a_customer_in_sight(house, source):
    client = house.browser("north_finance")
    refused(client.get(f"/pickers/{source}"), 400)
    for number in (house.world.theirs["customer"], 4711, "abc", "0", 2**63):
        refused(client.get(f"/pickers/{source}?customer_id={number}"), 404)


def test_what_cannot_be_chosen_any_more_is_not_offered(house):
    call = house.api()
    number = call("post", "/api/v1/topic/", json={"name": "Retired topic"}).json["id"]
    assert options(house, "topic", "retired")
    call("put", f"/api/v1/topic/{number}", json={"active": False, "version": 1})
    assert options(house, "topic", "retired") == []
    number = call("post", "/api/v1/topic/", json={"name": "Deleted topic"}).json["id"]
    call("delete", f"/api/v1/topic/{number}")
    assert options(house, "topic", "deleted") == []


def test_an_unknown_picker_is_a_404_in_the_shape(house):
    refused(house.browser().get("/pickers/password"), 404)
    refused(house.browser().get("/pickers/%00"), 404)


def test_a_chosen_value_out_of_sight_is_not_told(house):
    # A form shows what is chosen by name; another dealer's customer shows no more than the number that was typed.
    given = {"customer_id": str(house.world.theirs["customer"]), "last_name": ""}
    page = house.browser("north_finance").post("/contacts/add", data=given)
    assert page.status_code == 422
    assert "South" not in page.text
