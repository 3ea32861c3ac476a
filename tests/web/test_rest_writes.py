"""What GET gives, PUT takes back; what isn't the caller's to set is refused by name; no change is lost."""

from __future__ import annotations

import pytest

from app.access.table import LOOKUPS, NOT_SETTABLE, ONLY_SETTABLE, TABLE, Operation, Role
from tests.web.answers import refused
from tests.web.house import LINES

ROLES = {"admin": Role.ADMIN, "finance": Role.FINANCE, "support": Role.SUPPORT, "auditor": Role.AUDITOR}
RECORDS = [
    ("customer", "customer"),
    ("contact", "contact"),
    ("contact", "linked"),
    ("invoice", "draft"),
    ("invoice", "invoice"),
    ("issuer", "issuer"),
]
RECORDS += [(name, name) for name in LOOKUPS]


def path_of(house, resource, which):
    return f"/api/v1/{resource}/{ {**house.world.lookups, **house.world.ours}[which] }"


def may_update(name, resource):
    return Operation.UPDATE in TABLE[resource][ROLES[name]]


@pytest.mark.parametrize("name", ROLES)
@pytest.mark.parametrize(("resource", "which"), RECORDS)
def test_put_takes_back_what_get_gives(house, resource, which, name):
    call, path = house.api(name), path_of(house, resource, which)
    got = call("get", path)
    if Operation.READ not in TABLE[resource][ROLES[name]]:
        refused(got, 403, "forbidden")
        refused(call("put", path, json={"version": 1}), 403, "forbidden")
        return
    record, before = got.json["result"], house.count("audit_entry")
    back = call("put", path, json=record)
    if may_update(name, resource):
        assert back.status_code == 200, back.text
        assert back.json["result"] == record
    else:
        refused(back, 403, "forbidden")
    assert house.count("audit_entry") == before
    assert call("get", path).json["result"] == record


@pytest.mark.parametrize(("resource", "which"), RECORDS)
def test_what_is_read_only_and_what_does_not_exist(house, resource, which):
    call, path = house.api(), path_of(house, resource, which)
    version = call("get", path).json["result"]["version"]
    changed = {
        "id": 4711,
        "created_at": "2020-01-01T00:00:00Z",
        "deleted_at": "2020-01-01T00:00:00Z",
        "last_modified_at": None,
    }
    assert set(refused(call("put", path, json={**changed, "version": version}), 422)) == changed.keys()
    assert set(refused(call("put", path, json={"surprise": 1, "version": version}), 422)) == {"surprise"}
    hidden = {"deletion_id": 1, "account_password_hash": "x", "email_normalised": "x", "status_id": 1, "series": 1}
    assert set(refused(call("put", path, json={**hidden, "version": version}), 422)) == hidden.keys()
    assert call("get", path).json["result"]["version"] == version


@pytest.mark.parametrize(
    ("which", "field", "value"),
    [
        ("contact", "kind", "shared"),
        ("invoice", "number", "X/1"),
        ("invoice", "status", "draft"),
        ("invoice", "total", "0.00"),
        ("invoice", "tax_by_rate", []),
    ],
)
def test_computed_values_cannot_be_changed(house, which, field, value):
    call, path = house.api(), path_of(house, which, which)
    version = call("get", path).json["result"]["version"]
    assert set(refused(call("put", path, json={field: value, "version": version}), 422)) == {field}


def test_what_is_set_once_cannot_be_changed(house):
    call, ours, theirs = house.api(), house.world.ours, house.world.theirs
    for resource, which, field, value in (
        ("contact", "contact", "customer_id", theirs["customer"]),
        ("contact", "contact", "customer_id", None),
        ("contact", "shared", "customer_id", ours["customer"]),
        ("customer", "customer", "account_number", "OTHER"),
        ("invoice", "draft", "customer_id", theirs["customer"]),
    ):
        path = path_of(house, resource, which)
        version = call("get", path).json["result"]["version"]
        assert set(refused(call("put", path, json={field: value, "version": version}), 422)) == {field}


OTHERS = {
    "email_bill_type": "full",
    "invoice_usage_report": 1,
    "copy_ticket_updates": [],
    "account_password": "new-password",
    "email": "other@north.example",
    "email_billing": False,
    "crm_reference": "C-9",
    "status": None,
    "currency": "EUR",
    "dealer_code": "SOUTH",
    "language": "de",
    "website": "https://other.example",
}


def forbidden_fields():
    for (resource, role), fields in NOT_SETTABLE.items():
        yield from ((resource, role, field) for field in sorted(fields))
    for (resource, role), fields in ONLY_SETTABLE.items():
        yield from (
            (resource, role, field)
            for field in sorted(OTHERS.keys() - fields - {"copy_ticket_updates", "account_password"})
        )


@pytest.mark.parametrize(("resource", "role", "field"), forbidden_fields())
def test_what_is_not_the_callers_to_set_is_refused_by_name(house, resource, role, field):
    call, path = house.api(role.lower()), path_of(house, resource, resource)
    record = house.api()("get", path).json["result"]
    # Beside a field that is the caller's to set, so that nothing of the change lands.
    change = {field: OTHERS[field], "first_name": "Mallory", "version": record["version"]}
    assert set(refused(call("put", path, json=change), 403, "field_forbidden")) == {field}
    assert house.api()("get", path).json["result"] == record
    if field in record:
        assert call("put", path, json={field: record[field], "version": record["version"]}).status_code == 200
    if resource == "contact":
        given = {"last_name": "New", "email": "new@north.example", field: OTHERS[field] or [1]}
        assert set(refused(call("post", "/api/v1/contact/", json=given), 403, "field_forbidden")) == {field}


def test_a_put_needs_the_version_that_it_was_made_from(house):
    call = house.api()
    path = f"/api/v1/contact/{house.contact(last_name='Versioned')}"
    assert set(refused(call("put", path, json={"first_name": "A"}), 428, "version_required")) == {"version"}
    first = call("get", path)
    assert first.headers["ETag"] == '"1"'
    by_header = call("put", path, json={"first_name": "A"}, headers={"If-Match": first.headers["ETag"]})
    assert (by_header.status_code, by_header.json["result"]["version"], by_header.headers["ETag"]) == (200, 2, '"2"')
    for stale in (
        {"json": {"first_name": "B", "version": 1}},
        {"json": {"first_name": "B"}, "headers": {"If-Match": '"1"'}},
    ):
        refused(call("put", path, **stale), 412, "stale", extras=("version",))
        refused(call("delete", path, **(stale | {"json": {"version": 1}})), 412, "stale", extras=("version",))
    for version in ("one", True, 0, -1, 1.5, [1], 10**20):
        refused(call("put", path, json={"first_name": "B", "version": version}), 422)
    assert call("get", path).json["result"]["first_name"] == "A"


@pytest.mark.parametrize("tags", ['"abc"', '"1", "7"', '"02"', 'W/"1"', '""', '"2', ",", '"٢"', f'"{10**30}"', '"-2"'])
def test_no_match_of_the_named_versions_is_stale(house, tags):
    call = house.api()
    path = f"/api/v1/contact/{house.contact(last_name='Tagged')}"
    assert call("put", path, json={"first_name": "A", "version": 1}).status_code == 200
    for answer in (
        call("put", path, json={"first_name": "B"}, headers={"If-Match": tags}),
        call("delete", path, headers={"If-Match": tags}),
    ):
        refused(answer, 412, "stale", extras=("version",))
        assert answer.json["version"] == 2
    assert call("get", path).json["result"]["first_name"] == "A"


@pytest.mark.parametrize("tags", ['"7", "1"', '"abc" , W/"1"', "*", '"1"', '"a,b","1"'])
def test_a_match_of_any_of_the_named_versions_is_enough(house, tags):
    path = f"/api/v1/contact/{house.contact(last_name='Tagged')}"
    answer = house.api()("put", path, json={"first_name": "B"}, headers={"If-Match": tags})
    assert (answer.status_code, answer.json["result"]["version"]) == (200, 2)


def test_a_delete_takes_no_other_names(house):
    call = house.api()
    path = f"/api/v1/contact/{house.contact(last_name='Still there')}"
    assert set(refused(call("delete", path, json={"verison": 1, "reason": "x"}), 422)) == {"verison", "reason"}
    assert call("get", path).status_code == 200
    assert call("delete", path, json={"version": 1}).status_code == 200


def test_of_two_changes_from_one_version_the_second_is_refused(house):
    call, path = house.api("support"), f"/api/v1/contact/{house.contact(last_name='Both', postcode='M1')}"
    assert call("put", path, json={"postcode": "M2", "version": 1}).status_code == 200
    assert (
        refused(house.api("finance")("put", path, json={"postcode": "M3", "version": 1}), 412, extras=("version",))
        == {}
    )
    assert call("get", path).json["result"]["postcode"] == "M2"


def test_lists_of_ids_that_change_count_as_a_change(house):
    call, path = house.api(), f"/api/v1/contact/{house.contact(last_name='Lists')}"
    topic = house.world.lookups["topic"]
    changed = call("put", path, json={"contact_regarding": [topic], "version": 1}).json["result"]
    assert (changed["contact_regarding"], changed["version"]) == ([topic], 2)
    refused(call("put", path, json={"contact_regarding": [], "version": 1}), 412, extras=("version",))


def test_a_record_that_was_made_is_answered_whole(house):
    call, ours = house.api(), house.world.ours
    for path, given in (
        ("customer/", {"account_number": "WHOLE-1", "company_name": "Whole"}),
        ("contact/", {"last_name": "Whole"}),
        (f"customer/{ours['customer']}/contacts", {"last_name": "Whole"}),
        (
            "invoice/",
            {"customer_id": ours["customer"], "invoice_date": "2026-01-01", "due_date": "2026-01-31", "lines": LINES},
        ),
        ("topic/", {"name": "Whole"}),
    ):
        made = call("post", f"/api/v1/{path}", json=given)
        assert made.status_code == 201, made.text
        assert made.headers["ETag"] == '"1"'
        resource = "contact" if path.endswith("contacts") else path.partition("/")[0]
        assert call("get", f"/api/v1/{resource}/{made.json['id']}").json == made.json
        assert made.json["result"].items() >= {key: value for key, value in given.items() if key != "lines"}.items()
    assert made.json["result"]["version"] == 1


def test_a_direct_contact_of_another_customer_is_not_made_by_a_slip(house):
    path = f"/api/v1/customer/{house.world.ours['customer']}/contacts"
    given = {"last_name": "Slip", "customer_id": house.world.theirs["customer"]}
    assert set(refused(house.api()("post", path, json=given), 422)) == {"customer_id"}
