"""The screens of API keys: a key is shown once, when it is made, and on no page after; only administrators come."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from app.api_keys.models import ApiKey
from app.core import clock
from app.core.models import AuditEntry

KEY = re.compile(r"cp_[\w-]{43}")


def form(**values):
    expires_at = (clock.now() + timedelta(days=30)).replace(tzinfo=None, microsecond=0)
    return {"label": "Billing", "user": "2", "expires_at": expires_at.isoformat(), **values}


def test_the_form_starts_with_a_key_that_only_reads_for_a_while(login):
    page = login().get("/api-keys/add").text
    assert re.search(r'<input[^>]*\bchecked\b[^>]*name="read_only"', page)
    value = re.search(r'name="expires_at"[^>]*value="([^"]+)"', page).group(1)
    ahead = datetime.fromisoformat(value).replace(tzinfo=clock.now().tzinfo) - clock.now()
    assert timedelta(days=89) < ahead < timedelta(days=91)


def test_a_key_is_shown_once_and_opens_the_door(login, app, session):
    browser = login()
    made = browser.post("/api-keys/add", data=form())
    assert made.status_code == 200, made.text
    (key,) = set(KEY.findall(made.text))
    assert made.headers["Cache-Control"] == "no-store"
    headers = {"Authorization": f"Bearer {key}"}
    assert app.test_client().get("/api/v1/customer/", headers=headers).status_code == 200
    session.rollback()
    number = session.scalars(select(ApiKey.id)).one()
    for path in (
        "/api-keys/list/",
        "/api-keys/add",
        f"/api-keys/show/{number}",
        f"/api-keys/delete/{number}",
        "/api-keys/export",
        "/audit/list/",
        "/",
    ):
        page = browser.get(path)
        assert page.status_code in (200, 302), path
        assert key[9:] not in page.text, path


def test_the_list_and_the_page_tell_use_and_expiry(login, app):
    browser = login()
    key = KEY.search(browser.post("/api-keys/add", data=form()).text).group()
    listed = browser.get("/api-keys/list/").text
    for text in ("Billing", key[:9], "finance", "Active", "<time"):
        assert text in listed
    assert "Last used" in listed
    before = listed.count("<time")
    app.test_client().get("/api/v1/customer/", headers={"Authorization": f"Bearer {key}"})
    assert browser.get("/api-keys/list/").text.count("<time") == before + 1
    assert "Edit" not in re.findall(r"dropdown-item[^>]*>([^<]*)", browser.get("/api-keys/show/1").text)


def test_a_refused_form_comes_back_with_what_was_typed(login, session):
    answer = login().post("/api-keys/add", data=form(user="999", label="Ours"))
    assert answer.status_code == 422
    assert 'value="Ours"' in answer.text
    assert "There is no active user with this id." in answer.text
    assert not KEY.search(answer.text)
    assert session.scalars(select(ApiKey)).all() == []


def test_sending_the_form_again_makes_no_second_key(login, session):
    browser = login()
    browser.post("/api-keys/add", data=form())
    assert browser.post("/api-keys/add", data=form()).status_code == 409
    assert len(session.scalars(select(ApiKey)).all()) == 1


def test_a_key_is_revoked_on_its_page_after_a_question(login, app, session):
    browser = login()
    key = KEY.search(browser.post("/api-keys/add", data=form()).text).group()
    assert "Revoke" in browser.get("/api-keys/show/1").text
    assert "brought back" in browser.get("/api-keys/delete/1").text
    assert app.test_client().get("/api/v1/customer/", headers={"Authorization": f"Bearer {key}"}).status_code == 200
    answer = browser.post("/api-keys/delete/1", data={"version": "1"}, follow_redirects=True)
    assert "The API key Billing was revoked." in answer.text
    assert "Undo" not in answer.text
    assert app.test_client().get("/api/v1/customer/", headers={"Authorization": f"Bearer {key}"}).status_code == 401
    for path in ("/api-keys/show/1", "/api-keys/delete/1", "/trash/api_key/1"):
        assert browser.get(path).status_code == 404, path
    session.rollback()
    verbs = session.scalars(select(AuditEntry.verb).where(AuditEntry.verb.startswith("api_key:"))).all()
    assert verbs == ["api_key:created", "api_key:revoked"]


@pytest.mark.parametrize("name", ["finance", "support", "auditor"])
def test_nobody_but_administrators_comes_to_the_screens(login, name):
    login().post("/api-keys/add", data=form())
    browser = login(name)
    for path in ("/api-keys/list/", "/api-keys/add", "/api-keys/show/1", "/api-keys/delete/1", "/api-keys/export"):
        assert browser.get(path).status_code == 403, path
    for path in ("/api-keys/add", "/api-keys/delete/1"):
        assert browser.post(path, data=form(label="Mine")).status_code == 403, path
    assert browser.get("/pickers/user?q=fin").status_code == 403
    assert "/api-keys/" not in browser.get("/customers/list/").text


def test_the_picker_offers_users_with_their_roles(login):
    results = login().get("/pickers/user?q=north").json["results"]
    assert {one["text"] for one in results} == {"north_finance", "north_support"}
    assert "/api-keys/list/" in login().get("/").text
