"""A program with a key at the door of REST: let in as its user, within its scope, and noted; others are refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.access.models import StaffUser, WebSession
from app.api_keys.models import ApiKey
from app.api_keys.rules import digest
from app.api_keys.service import create_api_key, revoke_api_key
from app.core import clock
from app.core.models import AuditEntry
from app.customers.service import create_customer
from app.extensions import db
from app.lookups.service import create_lookup
from app.web import programs
from tests.conftest import USERS, actor

WRONG = "cp_" + "x" * 43


@pytest.fixture
def make(do):
    """Return a function that makes a key and returns it with its id."""

    def made(user="finance", **values):
        given = {
            "label": f"Billing {user}",
            "user": list(USERS).index(user) + 1,
            "read_only": False,
            "expires_at": (clock.now() + timedelta(days=30)).isoformat(),
            **values,
        }
        record, key = do(create_api_key, actor(), values=given)
        return record.id, key

    return made


@pytest.fixture
def call(app):
    """Return a function that calls REST with a key, as a program that keeps no cookies."""

    def ask(key, method, path, **arguments):
        client = app.test_client(use_cookies=False)
        headers = {"Authorization": f"Bearer {key}", **arguments.pop("headers", {})}
        return getattr(client, method)(path, headers=headers, **arguments)

    return ask


@pytest.fixture
def customers(do):
    """Return the ids of a dealer's customer and of another's."""
    for name in ("NORTH", "SOUTH"):
        do(create_lookup, actor(), resource="dealer", values={"name": name, "code": name})
    status = do(create_lookup, actor(), resource="customer_status", values={"name": "Live"}).id
    return [
        do(
            create_customer,
            actor(),
            values={"account_number": name, "company_name": f"{name} works", "dealer_code": name, "status": status},
        ).id
        for name in ("NORTH", "SOUTH")
    ]


def refused(answer, status, code):
    assert answer.status_code == status, answer.text
    assert set(answer.json) == {"message", "code", "errors"}
    assert answer.json["code"] == code


@pytest.mark.parametrize("user", USERS)
def test_a_key_has_the_rights_and_the_sight_of_its_user(make, call, api, customers, user):
    _, key = make(user)
    for path in (
        "/api/v1/customer/",
        "/api/v1/customer/_info",
        f"/api/v1/customer/{customers[0]}",
        f"/api/v1/customer/{customers[1]}",
        "/api/v1/invoice/",
        "/api/v1/audit/",
        "/api/v1/menu/",
        "/api/v1/_openapi",
    ):
        by_key, by_token = call(key, "get", path), api(user)("get", path)
        assert by_key.status_code == by_token.status_code, path
        if path != "/api/v1/audit/":
            assert by_key.json == by_token.json, path
    body = {"company_name": "New", "version": 1}
    for number in customers:
        by_key = call(key, "put", f"/api/v1/customer/{number}", json={**body})
        expected = {"auditor": 403}.get(user, 404 if user.startswith("north") and number == customers[1] else 200)
        assert by_key.status_code == expected, by_key.text


def test_the_trail_names_the_user_and_the_key(make, call, customers, session):
    _, key = make("finance", label="Billing")
    assert call(key, "delete", f"/api/v1/customer/{customers[0]}").status_code == 200
    session.rollback()
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (entry.username, entry.door, entry.verb) == ("finance via key Billing", "api", "customer:deleted")
    assert entry.user_id == list(USERS).index("finance") + 1


def test_a_key_that_only_reads_reads_and_changes_nothing(make, call, customers):
    _, key = make("admin", read_only=True)
    path = f"/api/v1/customer/{customers[0]}"
    assert call(key, "get", path).status_code == 200
    for method in ("post", "put", "delete"):
        refused(call(key, method, path if method != "post" else "/api/v1/customer/", json={}), 403, "read_only_key")
    info = call(key, "get", "/api/v1/customer/_info").json
    assert set(info["permissions"]) == {"can_read", "can_trash"}
    assert not any(column["settable"] for column in [*info["add_columns"], *info["edit_columns"]])


@pytest.mark.parametrize("key", [WRONG, "cp_", "cp_é", "cp_" + "x" * 5000])
def test_an_unknown_key_is_refused(call, key):
    refused(call(key.encode().decode("latin-1"), "get", "/api/v1/customer/"), 401, "unauthenticated")


def test_an_expired_key_is_refused(make, call, monkeypatch):
    _, key = make()
    assert call(key, "get", "/api/v1/customer/").status_code == 200
    later = clock.now() + timedelta(days=30)
    monkeypatch.setattr(clock, "now", lambda: later)
    answer = call(key, "get", "/api/v1/customer/")
    refused(answer, 401, "unauthenticated")
    assert "expired" in answer.json["message"]


def test_a_revoked_key_is_refused(make, call, do):
    number, key = make()
    do(revoke_api_key, actor(), api_key_id=number)
    refused(call(key, "get", "/api/v1/customer/"), 401, "unauthenticated")


def test_the_key_of_a_user_who_was_made_inactive_is_refused(make, call, session):
    _, key = make("support")
    user = session.scalar(select(StaffUser).where(StaffUser.username == "support"))
    user.active = False
    session.commit()
    refused(call(key, "get", "/api/v1/customer/"), 401, "unauthenticated")


def test_no_session_and_no_cookie_is_made(make, call, session):
    _, key = make()
    before = len(session.scalars(select(WebSession)).all())
    answer = call(key, "get", "/api/v1/customer/")
    assert "Set-Cookie" not in answer.headers
    assert len(session.scalars(select(WebSession)).all()) == before


def test_the_last_use_is_noted_once_a_minute_and_is_no_change_of_the_record(make, call, session, monkeypatch):
    number, key = make()
    record = session.get(ApiKey, number)
    before = (record.version, record.last_modified_at)
    start = clock.now()
    seen = []
    for seconds in (0, 59, 61):
        monkeypatch.setattr(clock, "now", lambda seconds=seconds: start + timedelta(seconds=seconds))
        call(key, "get", "/api/v1/customer/")
        session.rollback()
        seen.append(session.get(ApiKey, number, populate_existing=True).last_used_at)
    assert seen == [start, start, start + timedelta(seconds=61)]
    session.rollback()
    again = session.get(ApiKey, number, populate_existing=True)
    assert (again.version, again.last_modified_at) == before


def test_a_key_opens_no_screen(make, call):
    _, key = make("admin")
    for path in ("/customers/list/", "/api-keys/list/", "/users/list/"):
        assert call(key, "get", path).headers["Location"].startswith("/login/"), path


def test_a_browsers_session_adds_nothing_to_a_key(make, login):
    """With both, it is the key that counts: an administrator's cookie lends a program no rights."""
    _, key = make("auditor")
    answer = login("admin").delete("/api/v1/topic/1", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 403


def test_a_write_with_a_key_needs_no_csrf_token(make, call, app, customers):
    app.config["WTF_CSRF_ENABLED"] = True
    _, key = make()
    answer = call(key, "put", f"/api/v1/customer/{customers[0]}", json={"company_name": "X", "version": 1})
    assert answer.status_code == 200, answer.text


def test_many_wrong_keys_of_an_address_are_told_to_wait(make, call, app):
    _, key = make()
    app.appbuilder.sm.limiter.enabled = True
    app.config["RATELIMIT_ENABLED"] = True
    limit = programs._WRONG_KEYS.amount
    statuses = [call(WRONG, "get", "/api/v1/customer/").status_code for _ in range(limit + 1)]
    app.appbuilder.sm.limiter.reset()
    assert set(statuses[:limit]) == {401}
    assert statuses[limit] == 429
    # A good key of the same address is let in all the while.
    assert call(key, "get", "/api/v1/customer/").status_code == 200


def test_only_the_hash_and_the_beginning_are_kept(make, session):
    number, key = make()
    row = session.execute(select(ApiKey.__table__).where(ApiKey.__table__.c.id == number)).one()
    assert row.key_hash == digest(key)
    assert row.beginning == key[:9]
    assert len(key) == len("cp_") + 43
    assert not [value for value in row if isinstance(value, str) and key[9:] in value]
    db.session.rollback()
