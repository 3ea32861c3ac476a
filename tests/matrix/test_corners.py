"""The dealer's sight in every corner: whatever can be opened, searched, exported, chosen or posted shows one's own."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest

from tests.matrix.records import FOREIGN_WORDS, NOTHING, SCOPED
from tests.matrix.routes import PARAMETER, ask, body_schema, path_of, resolved, smallest_body, told
from tests.web.house import LINES

pytestmark = pytest.mark.slow

STAFF = ("north_admin", "north_finance", "north_support", "north_auditor")
# What a search would look for to find another dealer's.
SEARCHES = ("south", "works", "example", "Shared", "+44")
# A trail names what its entries touched; a message its road: both by label.
RELATION = re.compile(r"(\w+)_ids?$")


def readings(house, all_routes, standing):
    """Every address that can be opened, with one's own ids where it has any."""
    for route in all_routes:
        if not route.reads or route.need is None or "static" in route.endpoint or route.endpoint.startswith("Login"):
            continue
        if not PARAMETER.search(route.rule):
            yield route, route.rule
        elif route.owner in standing.ours:
            yield route, path_of(house, route, standing.ours[route.owner])


def fail_where_foreign(house, name, route, path):
    text = told(ask(house, name, route, path))
    found = FOREIGN_WORDS.search(text)
    return None if found is None else (path, text[max(0, found.start() - 80) : found.end() + 40])


@pytest.mark.parametrize("name", STAFF)
def test_nothing_that_can_be_opened_tells_of_another_dealer(house, all_routes, standing, name):
    asked = list(readings(house, all_routes, standing))
    assert len(asked) > 80
    found = [fail_where_foreign(house, name, route, path) for route, path in asked]
    assert [one for one in found if one] == []


def test_the_words_that_are_looked_for_would_be_found(house, all_routes, standing):
    """An administrator of no dealer meets them: the test above could fail."""
    asked = readings(house, all_routes, standing)
    found = {path for route, path in asked if fail_where_foreign(house, "admin", route, path)}
    assert {"/customers/list/", "/contacts/list/", "/invoices/list/", "/messages/list/"} <= found
    assert {"/api/v1/customer/", "/api/v1/contact/"} <= found


@pytest.mark.parametrize("name", STAFF)
def test_no_tab_tells_of_another_dealer(house, all_routes, standing, name):
    """Each tab and each further part that one's own record's page leads to."""
    asked = 0
    for route in all_routes:
        if not route.rule.endswith("/show/<pk>") or route.owner not in SCOPED:
            continue
        path = path_of(house, route, standing.ours[route.owner])
        page = told(ask(house, name, route, path))
        base = re.escape(path)
        for link in sorted({path + more for more in re.findall(rf'href="{base}(\?[^"#]*)"', page)}):
            asked += 1
            assert not fail_where_foreign(house, name, route, link.replace("&amp;", "&")), link
    assert asked > 3


@pytest.mark.parametrize("name", ["north_admin", "north_support"])
def test_no_search_and_no_filter_finds_another_dealers(house, all_routes, standing, name):
    asked = 0
    for route in all_routes:
        is_corner = re.search(r"/(list|search|export|<source>|linkable)", route.rule) or route.rule.endswith("/trash/")
        if not route.reads or route.is_rest or not is_corner or route.need is None:
            continue
        sources = _pickers() if "<source>" in route.rule else ("",)
        for source in sources:
            path = route.rule.replace("<source>", source)
            if PARAMETER.search(path):
                continue
            for text in SEARCHES:
                query = urlencode({"q": text, "search": text, "customer_id": house.world.ours["customer"]})
                asked += 1
                assert not fail_where_foreign(house, name, route, f"{path}?{query}"), (path, text)
                assert not fail_where_foreign(house, name, route, f"{path}?{urlencode({'q': text})}"), (path, text)
    assert asked > 60


def _pickers():
    from app.web import pickers

    return sorted(pickers._pickers)


def test_a_foreign_customer_in_the_address_answers_as_none_does(house, all_routes):
    for route in all_routes:
        sources = _pickers() if "<source>" in route.rule else ("",)
        for source in sources:
            path = route.rule.replace("<source>", source)
            if not route.reads or PARAMETER.search(path) or route.is_rest or route.need is None:
                continue
            numbers = (house.world.theirs["customer"], NOTHING)
            theirs, nothing = (ask(house, "north_finance", route, f"{path}?customer_id={number}") for number in numbers)
            assert theirs.status_code == nothing.status_code, path
            assert told(theirs, *numbers) == told(nothing, *numbers), path


def relations(house, schema, path=()):
    """Yield where in a body the id of another record stands, and of what."""
    schema = resolved(house, schema)
    for name, part in schema.get("properties", {}).items():
        kind = resolved(house, part)
        found = RELATION.fullmatch(name)
        if found and found.group(1) in ("customer", "contact", "invoice", "message"):
            yield name, found.group(1), kind.get("type") == "array"


@pytest.mark.parametrize("name", ["north_admin", "north_finance", "north_support"])
def test_a_foreign_id_in_a_body_answers_as_one_of_nothing_does(house, all_routes, standing, name):
    asked = []
    for route in all_routes:
        schema = body_schema(house, route) if route.is_rest and not route.reads else None
        if schema is None or route.need is None or "/security/" in route.rule:
            continue
        for field, resource, is_list in relations(house, schema):
            # The least that is whole, so that the id is what is wrong with it.
            base = {**smallest_body(house, route), **_whole_enough(route)}
            path = path_of(house, route, standing.ours.get(route.owner, ""))
            for foreign in _foreign(house, standing, resource):
                answers = [
                    ask(house, name, route, path, {**base, field: [number] if is_list else number})
                    for number in (foreign, NOTHING)
                ]
                asked.append((route.rule, field))
                assert answers[0].status_code == answers[1].status_code, (route.rule, field, answers[0].text)
                assert told(answers[0], foreign, NOTHING) == told(answers[1], foreign, NOTHING), (route.rule, field)
                assert not FOREIGN_WORDS.search(answers[0].text), (route.rule, field, answers[0].text)
                assert answers[0].status_code >= 400 or is_list or answers[0].status_code == 207, (route.rule, field)
    assert {("/api/v1/contact/", "customer_id"), ("/api/v1/invoice/", "customer_id")} <= set(asked)
    assert ("/api/v1/customer/<pk>/shared_contacts", "contact_id") in asked


def _whole_enough(route):
    bodies = {
        "contact": {"last_name": "Reach"},
        "invoice": {"invoice_date": "2026-01-05", "due_date": "2026-02-05", "lines": LINES},
    }
    return bodies.get(route.owner or route.rule.rstrip("/").rsplit("/", 1)[-1], {}) if route.method == "POST" else {}


def _foreign(house, standing, resource):
    numbers = [standing.theirs[resource]]
    if resource == "contact":
        numbers += [house.world.theirs["shared"], house.world.theirs["linked"]]
    return numbers


@pytest.mark.parametrize("name", ["north_admin", "north_finance"])
def test_a_foreign_id_in_a_form_answers_as_one_of_nothing_does(house, all_routes, standing, name):
    asked = 0
    for route in all_routes:
        if route.is_rest or route.method != "POST" or not isinstance(route.need, tuple):
            continue
        if route.need[0] not in SCOPED or (route.owner and route.owner not in standing.ours):
            continue
        path = path_of(house, route, standing.ours.get(route.owner, ""))
        if route.need[1] in ("delete", "convert", "purge"):
            continue  # nothing is chosen there
        for field, resource in (
            ("customer_id", "customer"),
            ("contact_id", "contact"),
            ("customer_ids", "customer"),
            ("rowid", route.need[0]),
            ("ids", route.need[0]),
        ):
            foreign = standing.theirs[resource]
            given = {"last_name": "Reach", "invoice_date": "2026-01-05", "due_date": "2026-02-05", "version": "9999"}
            answers = [ask(house, name, route, path, {**given, field: number}) for number in (foreign, NOTHING)]
            asked += 1
            assert answers[0].status_code == answers[1].status_code, (path, field)
            assert not FOREIGN_WORDS.search(answers[0].text), (path, field)
            if answers[0].status_code != 302:  # a field that the form doesn't have is passed over, and a record made
                texts = [told(answer, foreign, NOTHING) for answer in answers]
                assert texts[0] == texts[1], (path, field)
    assert asked > 20


@pytest.mark.parametrize("name", ["north_admin", "north_finance"])
def test_counts_are_of_ones_own(house, all_routes, name):
    for resource in SCOPED:
        answer = house.api(name)("get", f"/api/v1/{resource}/?q=(page_size:100)")
        if answer.status_code == 403:
            continue
        own = answer.json
        whole = house.api()("get", f"/api/v1/{resource}/?q=(page_size:100)").json
        assert own["count"] == len(own["ids"]) < whole["count"], resource
        plural = resource if resource == "correspondence" else f"{resource}s"
        page = house.browser(name).get(f"/{plural.replace('_', '-')}/list/").text
        assert re.search(rf"\b{own['count']}\b", re.sub(r"<[^>]+>", " ", page)), resource
