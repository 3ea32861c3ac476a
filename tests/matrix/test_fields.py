"""Each field of what a role may write: set where the access table lets it, refused by name where it doesn't."""

from __future__ import annotations

import itertools
import re

import pytest

from app.access.table import NOT_SETTABLE, ONLY_SETTABLE, TABLE, Operation, Role
from app.core.fields import Choice, Code, Date, Email, EmailList, Flag, Reference, References, Secret, Text, WebAddress
from app.web.admin_api import AdminApi
from tests.web.answers import refused

pytestmark = pytest.mark.slow

WRITERS = {"finance": Role.FINANCE, "support": Role.SUPPORT, "admin": Role.ADMIN}
# What is said of a field that takes codes: one that is not what the records have.
CODES = {"country": "FR", "currency": "EUR", "language": "de", "dealer_code": "SOUTH"}
_numbers = itertools.count(1)
SCREENS = {"customer": "/customers", "contact": "/contacts"}


def resource_of(house, name):
    return next(
        one.resource
        for one in house.app.appbuilder.baseviews
        if isinstance(one, AdminApi) and one.resource.name == name
    )


def other_value(house, name, kind):
    """Return a value that a field takes, and that the record of the house doesn't have."""
    if isinstance(kind, Code):
        return CODES[name]
    if isinstance(kind, Reference):
        return house.world.lookups.get(kind.resource, house.world.ours.get(kind.resource))
    if isinstance(kind, References):
        return [house.world.lookups[kind.resource]]
    for types, value in (
        (Choice, "long"),
        (Flag, True),
        (Date, "2026-02-03"),
        (Email | EmailList, "someone@else.example"),
        (WebAddress, "https://www.other.example"),
        (Text | Secret, f"Something else {next(_numbers)}"),
    ):
        if isinstance(kind, types):
            return value
    if type(kind).__name__ in ("Moment", "DateTime"):
        return "2026-02-03T10:00:00Z"
    raise AssertionError(f"{name}: what does a {type(kind).__name__} take?")


def fresh(house, resource):
    """Make a record that has none of the values that are put to it."""
    return house.customer() if resource == "customer" else house.contact()


def may_set(resource, role, name):
    only = ONLY_SETTABLE.get((resource, role))
    return (only is None or name in only) and name not in NOT_SETTABLE.get((resource, role), ())


@pytest.mark.parametrize("who", WRITERS)
@pytest.mark.parametrize("resource", SCREENS)
def test_over_rest_a_field_is_set_or_refused_by_name(house, resource, who):
    role, call = WRITERS[who], house.api(who)
    assert Operation.UPDATE in TABLE[resource][role]
    fields = resource_of(house, resource).fields
    path = f"/api/v1/{resource}/{fresh(house, resource)}"
    refusals = 0
    for name, kind in fields.items():
        before = call("get", path).json["result"]
        value = other_value(house, name, kind)
        answer = call("put", path, json={name: value, "version": before["version"]})
        after = call("get", path).json["result"]
        if may_set(resource, role, name):
            # A field that is set once, or needs another one, breaks a rule, and is nobody's to be refused for the role.
            assert answer.status_code in (200, 422), (name, answer.text)
            assert (
                answer.status_code == 200
                or name in answer.json["errors"]
                or kind.once
                or name.startswith(("marketing", "copy", "email_bill"))
            ), (name, answer.text)
        else:
            refusals += 1
            # A field that is set along with another is refused along with it.
            assert name in (told := set(refused(answer, 403, "field_forbidden")))
            assert not [one for one in told if may_set(resource, role, one)]
            assert after == before
            if not isinstance(kind, Secret):
                same = call("put", path, json={name: before[name], "version": before["version"]})
                assert same.status_code == 200, (name, same.text)
    limits = {key: names for key, names in (NOT_SETTABLE | ONLY_SETTABLE).items() if key == (resource, role)}
    assert bool(refusals) is bool(limits)


@pytest.mark.parametrize("who", WRITERS)
@pytest.mark.parametrize("resource", SCREENS)
def test_on_the_form_a_field_is_offered_or_shown(house, resource, who):
    role, browser = WRITERS[who], house.browser(who)
    number = fresh(house, resource)
    page = browser.get(f"{SCREENS[resource]}/edit/{number}").text
    offered = set(re.findall(r'name="(\w+)"', page[page.index("<main") :]))
    fields = resource_of(house, resource).fields
    changed_once = {name for name, kind in fields.items() if kind.once}
    expected = {name for name in fields if may_set(resource, role, name)} - changed_once
    assert offered & fields.keys() == expected
    text = re.sub(r"<[^>]+>", " ", page)
    labels = next(
        view.label_columns
        for view in house.app.appbuilder.baseviews
        if getattr(view, "route_base", "") == SCREENS[resource]
    )
    for name in fields.keys() - expected:
        assert str(labels[name]) in text, f"{name} is not shown read-only"


@pytest.mark.parametrize(("resource", "role"), [*NOT_SETTABLE, *ONLY_SETTABLE])
def test_what_is_posted_past_the_form_changes_nothing(house, resource, role):
    who, number = role.value.lower(), fresh(house, resource)
    fields, rest = resource_of(house, resource).fields, f"/api/v1/{resource}/{number}"
    before = house.api()("get", rest).json["result"]
    forbidden = [name for name in fields if not may_set(resource, role, name) and not fields[name].once]
    assert forbidden
    for name in forbidden:
        value = other_value(house, name, fields[name])
        given = {"version": before["version"], "last_name": before["last_name"] or "", name: value}
        given["company_name"] = before["company_name"] or ""
        answer = house.browser(who).post(f"{SCREENS[resource]}/edit/{number}", data=given)
        assert answer.status_code in (302, 403), (name, answer.text)
        after = house.api()("get", rest).json["result"]
        assert {**after, "version": 0, "last_modified_at": ""} == {**before, "version": 0, "last_modified_at": ""}, name
    with house.session() as session:
        run = session.connection().exec_driver_sql
        if resource == "contact":
            assert run(f"SELECT account_password_hash FROM contact WHERE id = {number}").scalar_one() is None  # noqa: S608  a test's own number
