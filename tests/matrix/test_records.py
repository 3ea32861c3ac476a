"""Every route that is about one record, put to every standing of it, as a dealer's staff of each role."""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy import text

from app.access.table import TABLE, Operation, Role
from tests.matrix.conftest import DEALER_STAFF
from tests.matrix.records import NOTHING, SCOPED
from tests.matrix.routes import ask, path_of, smallest_body, status_of, told

pytestmark = pytest.mark.slow

# Where a deleted record is what the call is about.
OF_THE_DELETED = {"restore", "purge"}
# What the access table gives a role, and no record has: verbs that are not offered at all.
NOT_OFFERED = 405


def is_allowed(role: Role, need: tuple[str, str] | str) -> bool:
    return isinstance(need, str) or Operation(need[1]) in TABLE[need[0]][role]


def about_one(all_routes, *, resources=None):
    return [one for one in all_routes if one.owner and (resources is None or one.owner in resources)]


def test_every_address_with_an_id_says_whose_it_is(all_routes, standing):
    """A route with an id and no known record would be walked past: say in records.py which record is whose."""
    # No dealer has these: they are of the program, or of their user.
    owned_elsewhere = {"user", "role", "inbox", "api_key"}
    unknown = [
        one
        for one in all_routes
        if "<pk>" in one.rule
        and not one.rule.startswith("/lists/views/")  # one's own ways of looking at a list
        and not (one.owner in standing.ours or (isinstance(one.need, tuple) and one.need[0] in owned_elsewhere))
    ]
    assert unknown == []
    assert len(about_one(all_routes)) > 120


@pytest.mark.parametrize("name", DEALER_STAFF)
def test_another_dealers_record_answers_as_if_there_were_none(house, all_routes, standing, name):
    role = DEALER_STAFF[name]
    odd, asked = {}, 0
    for route in about_one(all_routes, resources={*SCOPED, "audit", "trash", "import"}):
        body = smallest_body(house, route) if route.is_rest else None
        theirs, nothing = (path_of(house, route, pk) for pk in (standing.theirs[route.owner], NOTHING))
        one, other = ask(house, name, route, theirs, body), ask(house, name, route, nothing, body)
        expected = 404 if is_allowed(role, route.need) else 403
        numbers = (standing.theirs[route.owner], NOTHING)
        same = told(one, *numbers) == told(other, *numbers)
        good = [(expected, expected, True), (405, 405, True)]
        if route.owner == "trash":
            good.append((404, 404, True))  # an auditor reads the trash, and restores nothing
        if not route.is_rest and not route.reads:
            # A button of a notice leads back, and tells there that it can't be done: the same for both.
            good.append((302, 302, True))
        if (one.status_code, other.status_code, same) not in good:
            odd[route.method, route.rule] = (
                one.status_code,
                other.status_code,
                expected,
                told(one)[:200],
                told(other)[:200],
            )
        asked += 1
    assert odd == {}
    assert asked > 40


@pytest.mark.parametrize("name", ["admin", "north_finance"])
def test_a_deleted_record_answers_as_if_there_were_none(house, all_routes, standing, name):
    role = DEALER_STAFF.get(name, Role.ADMIN)
    odd, asked = {}, 0
    for route in about_one(all_routes, resources=standing.gone):
        if isinstance(route.need, tuple) and route.need[1] in OF_THE_DELETED:
            continue
        body = smallest_body(house, route) if route.is_rest else None
        answer = ask(house, name, route, path_of(house, route, standing.gone[route.owner]), body)
        expected = 404 if is_allowed(role, route.need) else 403
        good = {expected, NOT_OFFERED}
        if route.rule.endswith("/link-again"):
            good.add(302)  # a button of a notice leads back, and tells there that it is too late
        if status_of(answer) not in good:
            odd[route.method, route.rule] = (answer.status_code, expected, told(answer)[:200])
        asked += 1
    assert odd == {}
    assert asked > 80


@pytest.mark.parametrize("name", ["north_admin", "north_finance"])
def test_another_dealers_deleted_record_is_not_restored(house, all_routes, standing, name):
    asked = 0
    for route in about_one(all_routes, resources={"customer"}):
        if route.is_rest and isinstance(route.need, tuple) and route.need[1] in OF_THE_DELETED:
            body = smallest_body(house, route)
            answers = [
                ask(house, name, route, path_of(house, route, pk), body) for pk in (standing.theirs["trash"], NOTHING)
            ]
            assert answers[0].status_code == answers[1].status_code in (403, 404), (route.rule, answers[0].text)
            assert told(answers[0]) == told(answers[1]), route.rule
            asked += 1
    assert asked == 2


def test_a_living_record_is_neither_restored_nor_purged(house, all_routes, standing):
    rest = [one for one in about_one(all_routes) if one.is_rest and one.need[1] in OF_THE_DELETED]
    for route in rest:
        path = path_of(house, route, standing.ours[route.owner])
        body = smallest_body(house, route)
        record = house.api()("get", f"/api/v1/{route.owner}/{standing.ours[route.owner]}")
        if body and "version" in body and record.status_code == 200:
            body["version"] = record.json["result"]["version"]
        answer = ask(house, "admin", route, path, body)
        assert answer.status_code in (404, 409), (route.rule, answer.text)


@pytest.mark.parametrize("name", ["finance", "support", "auditor", "north_finance", "north_support"])
def test_what_a_role_may_see_of_ones_own_is_there(house, all_routes, standing, name):
    role = DEALER_STAFF.get(name) or Role(name.title())
    odd = {}
    for route in about_one(all_routes, resources=standing.ours):
        allowed = is_allowed(role, route.need)
        if not route.reads or not allowed or route.need[1] in OF_THE_DELETED:
            continue
        answer = ask(house, name, route, path_of(house, route, standing.ours[route.owner]))
        if answer.status_code not in _expected_of_a_read(route, role):
            odd[route.rule] = (answer.status_code, told(answer)[:200])
    assert odd == {}


def _expected_of_a_read(route, role):
    """A page, or why there is none for this record; support sees no letters of finance, and no messages here."""
    if route.owner in ("message", "correspondence", "bulk_letter") and role is Role.SUPPORT:
        return {404}
    if route.endpoint in ("TicketMailView.mail", "TicketApi.mail"):
        return {404}  # written on the screen
    if route.endpoint in ("MessageView.extra_attachment", "MessageApi.extra_attachment"):
        return {404}  # nothing was chosen for one sending alone
    if route.endpoint == "MessageView.mail":
        return {404}  # not composed before the worker has come by
    refusals = {409, 422} if re.search(r"<pk>/(?!show|edit|_info)", route.rule) else set()
    return {200, 302} | refusals


def _file_of(house, resource):
    """Return the id of the file that goes along with another dealer's letter or ticket."""
    of_which = {
        "correspondence": "SELECT id FROM correspondence_attachment WHERE correspondence_id = :id",
        "ticket": "SELECT f.id FROM ticket_update_file f JOIN ticket_update u ON u.id = f.ticket_update_id"
        " WHERE u.ticket_id = :id",
    }
    if resource not in of_which:
        return NOTHING
    with house.session() as session:
        return session.scalar(text(of_which[resource]), {"id": house.world.theirs[resource]})


@pytest.mark.parametrize("name", ["admin", "finance", "support", "auditor", "north_finance"])
def test_a_second_id_out_of_sight_answers_as_if_there_were_none(house, all_routes, standing, name):
    """An address with two ids: one's own record, and a contact or a file of nobody, or of another dealer's."""
    asked = 0
    for route in [one for one in about_one(all_routes) if len(re.findall(r"<\w*:?\w*pk>", one.rule)) > 1]:
        theirs = {"contact_pk": house.world.theirs["contact"], "attachment_pk": _file_of(house, route.owner)}
        foreign, nothing = (
            ask(house, name, route, path_of(house, route, standing.ours[route.owner], **numbers))
            for numbers in (theirs, dict.fromkeys(theirs, NOTHING))
        )
        assert status_of(foreign) == status_of(nothing) in (403, 404), route
        numbers = (*theirs.values(), NOTHING)
        assert told(foreign, *numbers) == told(nothing, *numbers), route
        asked += 1
    assert asked


def test_no_refusal_says_more_than_another(house, all_routes, standing):
    """The bodies of 404 over REST are one body, whatever is not there."""
    bodies = {}
    for route in about_one(all_routes, resources=SCOPED):
        if route.is_rest:
            answer = ask(
                house,
                "north_finance",
                route,
                path_of(house, route, standing.theirs[route.owner]),
                smallest_body(house, route),
            )
            if answer.status_code == 404:
                assert set(answer.json) == {"message", "code", "errors"}
                bodies.setdefault((answer.json["code"], json.dumps(answer.json["errors"])), []).append(route.rule)
    assert set(bodies) == {("not_found", "{}")}
