"""Every refusal over REST: one shape, the contract's status, and never SQL, a stack or a 500."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask_jwt_extended import create_access_token, create_refresh_token

from tests.conftest import PASSWORD
from tests.web.answers import refused

IDS = [
    "abc",
    "0",
    "-1",
    "1.5",
    str(2**31),
    str(2**63),
    "9" * 400,
    "%00",
    "1%00",
    "../1",
    "..%2f1",
    "٣",
    "1 ",
    "0x1",
    "1e3",
]
CALLS = [
    ("get", "/api/v1/customer/"),
    ("get", "/api/v1/customer/1"),
    ("get", "/api/v1/customer/_info"),
    ("get", "/api/v1/customer/1/contacts"),
    ("get", "/api/v1/invoice/1/pdf"),
    ("get", "/api/v1/_openapi"),
    ("get", "/api/v1/menu/"),
    ("post", "/api/v1/contact/"),
    ("put", "/api/v1/contact/1"),
    ("delete", "/api/v1/contact/1"),
    ("post", "/api/v1/invoice/1/send"),
    ("post", "/api/v1/message/1/retry"),
    ("post", "/api/v1/security/refresh"),
]


def expired(house):
    with house.app.app_context():
        return create_access_token(identity="1", expires_delta=timedelta(seconds=-10))


def of_nobody(house):
    with house.app.app_context():
        return create_access_token(identity="4711")


def for_refreshing(house):
    with house.app.app_context():
        return create_refresh_token(identity="1")


def foreign(house):
    token = expired(house)
    return token[:-6] + ("aaaaaa" if not token.endswith("aaaaaa") else "bbbbbb")


@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize("token", [None, "", "x", "a.b.c", "\\", expired, of_nobody, foreign])
def test_no_good_token_is_a_401(house, method, path, token):
    text = token(house) if callable(token) else token
    headers = {} if text is None else {"Authorization": f"Bearer {text}"}
    refused(house.api("")(method, path, headers=headers), 401, "unauthenticated")


@pytest.mark.parametrize("header", ["Basic YWRtaW46YWRtaW4=", "Bearer", "Bearer a b", "nonsense", ""])
def test_no_readable_authorisation_is_a_401(house, header):
    refused(house.api("")("get", "/api/v1/customer/", headers={"Authorization": header}), 401, "unauthenticated")


def test_a_refresh_token_opens_nothing(house):
    headers = {"Authorization": f"Bearer {for_refreshing(house)}"}
    refused(house.api("")("get", "/api/v1/customer/", headers=headers), 401)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ([], 400),
        ("text", 400),
        ({"username": "admin"}, 400),
        ({"username": 1, "password": [], "provider": "db"}, 400),
        ({"username": "admin", "password": PASSWORD, "provider": "oracle"}, 400),
        ({"username": "admin", "password": PASSWORD, "provider": "ldap"}, 400),
        ({"username": "admin", "password": "wrong", "provider": "db"}, 401),
        ({"username": "nobody", "password": "wrong", "provider": "db"}, 401),
        ({"username": "ad\x00min", "password": "wrong", "provider": "db"}, 400),
        ({"username": "admin", "password": "", "provider": "db"}, 400),
        ({"username": "' OR 1=1 --", "password": "x", "provider": "db"}, 401),
    ],
)
def test_a_login_that_fails_says_so_in_the_shape(house, body, status):
    answer = house.app.test_client().post("/api/v1/security/login", json=body)
    refused(answer, answer.status_code)
    assert answer.status_code in ({400, 401} if status == 400 else {401})


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b"[" * 5000])
def test_a_login_that_cannot_be_read_is_a_400(house, data):
    answer = house.app.test_client().post("/api/v1/security/login", data=data, content_type="application/json")
    refused(answer, 400)


def test_a_login_that_is_no_json(house):
    answer = house.app.test_client().post("/api/v1/security/login", data="username=admin")
    assert answer.status_code in (400, 415)
    refused(answer, answer.status_code)


@pytest.mark.parametrize("path", ["/api/v1/nope/", "/api/v1/nope", "/api/", "/api/v2/customer/", "/api/v9/_openapi"])
def test_an_unknown_address_is_a_404(house, path):
    refused(house.api()("get", path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("patch", "/api/v1/customer/1"),
        ("put", "/api/v1/customer/"),
        ("post", "/api/v1/customer/1"),
        ("delete", "/api/v1/issuer/1"),
        ("post", "/api/v1/message/"),
        ("get", "/api/v1/contact/1/convert_to_shared"),
        ("get", "/api/v1/security/login"),
    ],
)
def test_a_method_that_is_not_offered_is_a_405(house, method, path):
    answer = house.api()(method, path, json={})
    refused(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("post", "/api/v1/customer/"), ("put", "/api/v1/customer/1"), ("post", "/api/v1/customer/1/contacts")],
)
def test_a_body_that_is_no_json(house, method, path):
    call = house.api()
    refused(call(method, path, data="a=b", content_type="text/plain"), 415, "unsupported_media_type")
    refused(call(method, path, data={"a": "b"}), 415)
    for data in (b"", b"{", b"\xff\xfe{}", b"[]", b'"x"', b"1", b"null", b'{"a": NaN}', b"[" * 100_000):
        refused(call(method, path, data=data, content_type="application/json"), 400, "unreadable")


def test_more_than_ten_megabytes_is_a_413(house):
    data = b'{"company_name": "' + b"x" * 11_000_000 + b'"}'
    answer = house.api()("post", "/api/v1/customer/", data=data, content_type="application/json")
    refused(answer, 413, "too_large")


@pytest.mark.parametrize("number", IDS)
def test_an_id_that_is_none_is_a_404(house, number):
    call = house.api()
    for resource in ("customer", "contact", "invoice", "message", "issuer", "topic"):
        for method, rest in (("get", ""), ("put", ""), ("delete", "")):
            answer = call(method, f"/api/v1/{resource}/{number}{rest}", json={"version": 1})
            refused(answer, 405 if answer.status_code == 405 else 404)
    for path in ("customer/{}/contacts", "invoice/{}/pdf", "invoice/{}/plan"):
        refused(call("get", f"/api/v1/{path.format(number)}"), 404)
    for path in ("customer/{}/shared_contacts", "contact/{}/convert_to_shared", "invoice/{}/send", "message/{}/retry"):
        answer = call("post", f"/api/v1/{path.format(number)}", json={"contact_id": 3} if "shared_c" in path else {})
        refused(answer, 404)
    refused(call("delete", f"/api/v1/customer/1/shared_contacts/{number}"), 404)


def test_a_duplicate_is_a_409_at_its_field(house):
    call = house.api()
    first = house.customer(account_number="DUP-1", crm_reference="CRM-1")
    given = {"account_number": "DUP-1", "company_name": "Again"}
    assert set(refused(call("post", "/api/v1/customer/", json=given), 409, "duplicate")) == {"account_number"}
    given = {"account_number": "DUP-2", "company_name": "Again", "crm_reference": "CRM-1"}
    assert set(refused(call("post", "/api/v1/customer/", json=given), 409, "duplicate")) == {"crm_reference"}
    other = house.customer()
    change = {"crm_reference": "CRM-1", "version": 1}
    assert set(refused(call("put", f"/api/v1/customer/{other}", json=change), 409)) == {"crm_reference"}
    # A deleted account keeps its number.
    assert call("delete", f"/api/v1/customer/{first}").status_code == 200
    refused(call("post", "/api/v1/customer/", json={"account_number": "DUP-1", "company_name": "Again"}), 409)


def test_a_duplicate_row_of_a_list_is_a_409(house):
    call = house.api()
    assert call("post", "/api/v1/topic/", json={"name": "Twice"}).status_code == 201
    assert set(refused(call("post", "/api/v1/topic/", json={"name": "Twice"}), 409, "duplicate")) == {"name"}
    assert set(refused(call("post", "/api/v1/dealer/", json={"name": "New", "code": "NORTH"}), 409)) == {"code"}


@pytest.mark.parametrize(
    ("path", "body", "fields"),
    [
        ("customer/", {"account_number": "X1"}, {"last_name", "company_name"}),
        ("customer/", {"company_name": "X"}, {"account_number"}),
        ("customer/", {"account_number": "X1", "company_name": "X", "email": "a@b.example, nope"}, {"email"}),
        ("customer/", {"account_number": "X1", "company_name": "X", "country": "XX"}, {"country"}),
        ("customer/", {"account_number": "X1", "company_name": "X", "status": 4711}, {"status"}),
        ("customer/", {"account_number": "X1", "company_name": "X", "status": "'"}, {"status"}),
        ("customer/", {"account_number": "X1", "company_name": "x" * 161}, {"company_name"}),
        ("customer/", {"account_number": {"a": 1}, "company_name": ["x"]}, {"account_number", "company_name"}),
        ("customer/", {"account_number": "a\x00b", "company_name": "\ud800"}, {"account_number", "company_name"}),
        ("contact/", {"last_name": "X", "copy_ticket_updates": [1]}, {"email"}),
        ("contact/", {"last_name": "X", "copy_ticket_updates": [4711]}, {"copy_ticket_updates"}),
        ("contact/", {"last_name": "X", "contact_regarding": {"a": 1}}, {"contact_regarding"}),
        ("contact/", {"last_name": "X", "contact_regarding": [[1]]}, {"contact_regarding"}),
        ("contact/", {"last_name": "X", "customer_id": 4711}, {"customer_id"}),
        ("contact/", {"last_name": "X", "account_password": 1}, {"account_password"}),
        ("contact/", {"last_name": "X", "id": 3, "kind": "shared", "surprise": 1}, {"id", "kind", "surprise"}),
        ("contact/", {"last_name": "X", "email_normalised": "x", "account_password_hash": "x"},
         {"email_normalised", "account_password_hash"}),
        ("invoice/", {}, {"customer_id", "invoice_date", "due_date"}),
        ("invoice/", {"customer_id": 1, "invoice_date": "2026-13-01", "due_date": 5}, {"invoice_date", "due_date"}),
        ("invoice/", {"customer_id": 4711, "invoice_date": "2026-01-01", "due_date": "2026-01-02"}, {"customer_id"}),
        ("invoice/", {"customer_id": 1, "invoice_date": "2026-01-01", "due_date": "2026-01-02", "lines": 1}, {"lines"}),
        ("topic/", {"name": ""}, {"name"}),
        ("topic/", {"name": "X", "position": 10**12}, {"position"}),
        ("topic/", {"name": "X", "active": "perhaps"}, {"active"}),
        ("ticket_status/", {"name": "X", "bulk": True}, {"bulk"}),
    ],
)  # fmt: skip
def test_a_broken_rule_is_a_422_at_each_field(house, path, body, fields):
    before = house.count("audit_entry")
    assert set(refused(house.api()("post", f"/api/v1/{path}", json=body), 422)) >= fields
    assert house.count("audit_entry") == before


@pytest.mark.parametrize("value", [10**30, -1, 0, True, 1.5, "1' OR '1'='1", "1; DROP TABLE contact", [], {}, None])
def test_a_contact_to_link_that_is_no_id_is_refused(house, value):
    path = f"/api/v1/customer/{house.world.ours['customer']}/shared_contacts"
    assert set(refused(house.api()("post", path, json={"contact_id": value}), 422)) == {"contact_id"}


def test_linking_says_what_stands_in_the_way(house):
    ours = house.world.ours
    path, call = f"/api/v1/customer/{ours['customer']}/shared_contacts", house.api()
    refused(call("post", path, json={"contact_id": ours["linked"]}), 409, "already_linked")
    refused(call("post", path, json={"contact_id": ours["contact"]}), 422, "not_shared")
    refused(call("post", path, json={"contact_id": 4711}), 404)
    refused(call("delete", f"{path}/{ours['shared']}"), 404, "not_linked")
    refused(call("post", f"/api/v1/contact/{ours['shared']}/convert_to_shared"), 409, "already_shared")
    refused(call("post", f"/api/v1/contact/{ours['shared']}/convert_to_shared", json={"verison": 1}), 422)


def test_the_format_of_a_pdf_is_checked(house):
    path = f"/api/v1/invoice/{house.world.ours['invoice']}/pdf"
    assert house.api()("get", path).mimetype == "application/pdf"
    for format_ in ("short", "long", "full"):
        assert house.api()("get", f"{path}?format={format_}").mimetype == "application/pdf"
    for format_ in ("none", "", "Short", "../../etc/passwd"):
        refused(house.api()("get", f"{path}?format={format_}"), 422)


def test_a_sent_invoice_stays_as_it_is(house):
    path, call = f"/api/v1/invoice/{house.world.ours['invoice']}", house.api()
    version = call("get", path).json["result"]["version"]
    refused(call("put", path, json={"purchase_order_number": "4711", "version": version}), 409, "sent")
    refused(call("delete", path), 409, "sent")
    stale = call("post", f"{path}/send", json={"fingerprint": "0" * 64})
    refused(stale, 409, "plan_changed", extras=("result",) if "result" in stale.json else ("plan",))
