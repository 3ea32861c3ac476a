"""What a clumsy program sends, and what happens beside a busy writer."""

from __future__ import annotations

import logging
import threading

import pytest

from app.core.models import AuditEntry
from app.core.unit_of_work import unit_of_work
from app.customers.service import create_customer
from app.extensions import db
from app.web.sessions import end_sessions
from tests.conftest import PASSWORD, POSTGRESQL, actor
from tests.web.answers import refused

ENDLESS = "00000000001" + "9" * 25


@pytest.mark.parametrize("path", [f"/api/v1/customer/{ENDLESS}", "/pickers/linkable_contact?customer_id=" + ENDLESS])
def test_an_endless_id_is_a_404(api, login, path):
    caller = api("admin") if path.startswith("/api") else None
    answer = caller("get", path) if caller else login("admin").get(path)
    refused(answer, 404)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/customers/show/{ENDLESS}", 404),
        (f"/users/show/{ENDLESS}", 404),
        (f"/contacts/add?customer_id={ENDLESS}", 404),
        (f"/customers/list/?page_size=000000000{'9' * 25}", 400),
    ],
)
def test_an_endless_number_in_an_address_is_refused(login, path, status):
    assert login("admin").get(path).status_code == status


@pytest.mark.parametrize("field", ["username", "password"])
def test_half_a_character_in_a_login_is_a_400(app, field):
    body = {"username": "admin", "password": "x", "provider": "db", field: "\ud800"}
    refused(app.test_client().post("/api/v1/security/login", json=body), 400)


@pytest.mark.parametrize("operator", ["eq", "ct"])
def test_half_a_character_in_a_filter_is_a_400(api, operator):
    q = '{"filters":[{"col":"last_name","opr":"%s","value":"\\ud800"}]}' % operator  # noqa: UP031  braces
    refused(api("admin")("get", "/api/v1/contact/", query_string={"q": q}), 400)


def test_a_session_that_was_ended_does_not_come_back_with_a_request_in_flight(app, login):
    browser = login("finance")
    with app.test_request_context(
        headers={"Cookie": f"counterpart_session={browser.get_cookie('counterpart_session').value}"}
    ) as context:
        kept = app.session_interface.open_session(app, context.request)
        end_sessions(2)
        kept["mark"] = "something new"
        answer = app.response_class()
        app.session_interface.save_session(app, kept, answer)
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    assert browser.get("/customers/list/").status_code == 302


def test_if_match_with_a_star_takes_any_version(api, do):
    do(create_customer, actor(), values={"account_number": "A1", "company_name": "Acme"})
    caller = api("admin")
    answer = caller("put", "/api/v1/customer/1", json={"postcode": "LS1"}, headers={"If-Match": "*"})
    assert answer.status_code == 200


@pytest.mark.skipif(bool(POSTGRESQL), reason="PostgreSQL's writers don't take turns")
def test_logins_keep_their_audit_entries_while_others_write(app):
    stop = threading.Event()
    failures: list[BaseException] = []

    def write(name: str) -> None:
        with app.app_context():
            number = 0
            while not stop.is_set():
                number += 1
                try:
                    with unit_of_work(db.session) as session:
                        values = {"account_number": f"{name}{number}", "company_name": "Acme"}
                        create_customer(session, actor(), values=values)
                except BaseException as error:  # noqa: BLE001  told below
                    failures.append(error)
                    return

    writers = [threading.Thread(target=write, args=(name,)) for name in "ABC"]
    for writer in writers:
        writer.start()
    try:
        for _ in range(4):
            body = {"username": "finance", "password": PASSWORD, "provider": "db"}
            assert app.test_client().post("/api/v1/security/login", json=body).status_code == 200
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert failures == []
    db.session.rollback()
    assert db.session.query(AuditEntry).filter(AuditEntry.verb == "user:logged_in").count() == 4


def test_what_is_written_is_in_no_error_message(app, caplog):
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Exception, match=r"no such table|does not exist") as error:
        db.session.connection().exec_driver_sql("INSERT INTO nowhere VALUES (?)", ("planted-secret",))
    assert "planted-secret" not in str(error.value)
    db.session.rollback()
