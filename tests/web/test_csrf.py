"""No write without a CSRF token from a browser, none with a GET; programs with a token of their own need none."""

from __future__ import annotations

import re

import pytest

from tests.conftest import PASSWORD
from tests.web.answers import refused, refused_page


@pytest.fixture(scope="module")
def guarded(house):
    """The house as it is in production: forms ask for their token."""
    clients = {name: house.new_browser(name) for name in ("admin", "support")}
    house.app.config["WTF_CSRF_ENABLED"] = True
    house.browsers.update(clients)
    return house


def token_of(client, path="/contacts/add"):
    return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(path).text).group(1)


def forms(guarded):
    ours = guarded.world.ours
    return [
        "/customers/add",
        f"/customers/edit/{ours['customer']}",
        f"/customers/delete/{ours['customer']}",
        f"/customers/{ours['customer']}/add-shared-contact",
        f"/customers/{ours['customer']}/remove-shared-contact",
        "/contacts/add",
        f"/contacts/edit/{ours['contact']}",
        f"/contacts/delete/{ours['contact']}",
        f"/contacts/{ours['contact']}/convert-to-shared",
        "/invoices/add",
        f"/invoices/delete/{ours['draft']}",
        f"/invoices/{ours['draft']}/approve",
        f"/invoices/{ours['draft']}/send",
        f"/messages/{ours['message']}/cancel",
        f"/messages/{ours['message']}/retry",
        "/topics/add",
        "/topics/delete/1",
        "/issuer/edit/1",
        "/users/add",
        "/users/edit/2",
        "/users/action/resetpasswords/2",
        "/resetmypassword/form",
        "/resetpassword/form?pk=2",
        "/userinfoeditview/form",
        "/logout/",
    ]


def test_a_form_without_its_token_is_a_400_and_changes_nothing(guarded):
    before = {table: guarded.count(table) for table in ("audit_entry", "contact", "ab_user", "contact_link")}
    client = guarded.browser()
    for path in forms(guarded):
        for given in ({}, {"csrf_token": "x"}, {"csrf_token": ""}):
            refused_page(client.post(path, data={"last_name": "X", "name": "X", "version": "1", **given}), 400)
    assert {table: guarded.count(table) for table in before} == before
    assert client.get("/contacts/list/").status_code == 200


def test_the_token_of_another_session_is_worth_nothing(guarded):
    foreign = token_of(guarded.browser("support"))
    answer = guarded.browser().post("/contacts/add", data={"last_name": "X", "csrf_token": foreign})
    assert "another session" in refused_page(answer, 400)


def test_with_its_token_a_form_is_saved(guarded):
    client = guarded.browser()
    answer = client.post("/contacts/add", data={"last_name": "Tokened", "csrf_token": token_of(client)})
    assert answer.status_code == 302, answer.text


def test_the_login_asks_for_a_token_too(guarded):
    client = guarded.app.test_client()
    refused_page(client.post("/login/", data={"username": "admin", "password": PASSWORD}), 400)
    data = {"username": "admin", "password": PASSWORD, "csrf_token": token_of(client, "/login/")}
    assert client.post("/login/", data=data).status_code == 302
    assert client.get("/customers/list/").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/api/v1/contact/"),
        ("put", "/api/v1/contact/1"),
        ("delete", "/api/v1/contact/1"),
        ("post", "/api/v1/contact/1/convert_to_shared"),
        ("post", "/api/v1/customer/1/contacts"),
        ("post", "/api/v1/customer/1/shared_contacts"),
        ("delete", "/api/v1/customer/1/shared_contacts/3"),
        ("post", "/api/v1/invoice/1/send"),
        ("post", "/api/v1/message/1/retry"),
        ("delete", "/api/v1/topic/1"),
    ],
)
def test_a_cookie_without_the_header_writes_nothing_over_rest(guarded, method, path):
    client = guarded.browser()
    before = guarded.count("audit_entry")
    given = {"last_name": "Forged", "version": 1}
    refused(client.open(path, method=method.upper(), json=given), 400, "csrf")
    refused(client.open(path, method=method.upper(), json=given, headers={"X-CSRFToken": "x"}), 400, "csrf")
    # What another site can send without asking first.
    refused(client.open(path, method=method.upper(), data='{"last_name": "F"}', content_type="text/plain"), 400, "csrf")
    assert guarded.count("audit_entry") == before


def test_a_cookie_with_the_header_and_a_program_with_its_token_write(guarded):
    client = guarded.browser()
    headers = {"X-CSRFToken": token_of(client)}
    assert client.post("/api/v1/contact/", json={"last_name": "Cookie"}, headers=headers).status_code == 201
    assert guarded.api()("post", "/api/v1/contact/", json={"last_name": "Program"}).status_code == 201


def test_a_get_only_asks(guarded):
    client = guarded.browser()
    ours = guarded.world.ours
    number = guarded.contact(last_name="Deletable", customer_id=ours["customer"])
    before = guarded.count("audit_entry")
    for path in (
        f"/contacts/delete/{number}",
        f"/contacts/{number}/convert-to-shared",
        f"/invoices/{ours['draft']}/approve",
    ):
        page = client.get(path)
        assert page.status_code == 200
        assert 'method="post"' in page.text
    assert client.get(f"/contacts/delete/{number}?csrf_token={token_of(client)}&confirm=1").status_code == 200
    assert client.get("/logout/").status_code == 405
    assert client.get("/users/action/resetpasswords/2").status_code == 405
    for path in (f"/contacts/delete/{number}", "/logout/"):
        assert client.head(path).status_code in (200, 405)
    assert guarded.count("audit_entry") == before
    assert client.get(f"/contacts/show/{number}").status_code == 200
