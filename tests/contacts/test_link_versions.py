"""Linking and unlinking over REST compare the customer's version, if one is given."""

from __future__ import annotations

import pytest

from app.customers.service import update_customer
from tests.core import making
from tests.core.making import run

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def ids():
    """Return a customer at version 2, and a shared contact."""
    customer_id = making.customer()
    run(update_customer, customer_id=customer_id, values={"first_name": "Ann"})
    return customer_id, making.contact()


def given(version: int | None, *, in_body: bool, body: dict[str, int]) -> dict[str, object]:
    """Return what a call brings: its version in the body, or as If-Match."""
    if version is None:
        return {"json": body} if body else {}
    if in_body:
        return {"json": {**body, "version": version}}
    return {"headers": {"If-Match": f'"{version}"'}, **({"json": body} if body else {})}


@pytest.mark.parametrize("in_body", [True, False])
def test_a_stale_one_changes_nothing(api, ids, in_body):
    call, path = api("support"), f"/api/v1/customer/{ids[0]}/shared_contacts"
    one = {"contact_id": ids[1]}
    for version, status in ((1, 412), (2, 201)):
        answer = call("post", path, **given(version, in_body=in_body, body=one))
        assert answer.status_code == status, answer.text
        if status == 412:
            assert (answer.json["code"], answer.json["version"]) == ("stale", 2)
    again = call("post", path, **given(2, in_body=in_body, body=one))
    assert (again.status_code, again.json["code"]) == (409, "already_linked")
    for version, status in ((1, 412), (2, 200)):
        answer = call("delete", f"{path}/{ids[1]}", **given(version, in_body=in_body, body={}))
        assert answer.status_code == status, answer.text


def test_none_is_needed_and_nothing_else_is_taken(api, ids):
    call, path = api("support"), f"/api/v1/customer/{ids[0]}/shared_contacts"
    assert call("post", path, json={"contact_id": ids[1]}).status_code == 201
    for body in ({"version": "two"}, {"version": 0}, {"versoin": 1}):
        assert call("delete", f"{path}/{ids[1]}", json=body).status_code == 422
    assert call("delete", f"{path}/{ids[1]}").status_code == 200


def test_the_openapi_document_tells_of_it(api):
    paths = api()("get", "/api/v1/_openapi").json["paths"]
    for path, method in (
        ("/api/v1/customer/{pk}/shared_contacts", "post"),
        ("/api/v1/customer/{pk}/shared_contacts/{contact_pk}", "delete"),
        ("/api/v1/contact/{pk}/verify_password", "post"),
    ):
        call = paths[path][method]
        assert "version" in call["requestBody"]["content"]["application/json"]["schema"]["properties"]
        assert "If-Match" in [one["name"] for one in call["parameters"]]
        assert "412" in call["responses"]
