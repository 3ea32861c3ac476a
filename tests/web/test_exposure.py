"""Nothing is shown or taken by default: no hash, no secret and no column that wasn't declared, at any address."""

from __future__ import annotations

import pytest

from app.core.fields import Secret
from app.web.admin_api import AdminApi
from app.web.admin_view import AdminView
from tests.web.answers import LEAKS
from tests.web.test_pages import every_page

PLANTED = "planted-secret-phrase"
HIDDEN = (
    "account_password_hash",
    "email_normalised",
    "deletion_id",
    "token_digest",
    "address_normalised",
    "claimed_by",
    "lease_until",
)


def secrets_of(house):
    with house.session() as session:
        run = session.connection().exec_driver_sql
        hashes = (
            run("SELECT account_password_hash FROM contact WHERE account_password_hash IS NOT NULL").scalars().all()
        )
        hashes += run("SELECT password FROM ab_user WHERE password IS NOT NULL").scalars().all()
        return [*hashes, *run("SELECT token_digest FROM web_session").scalars().all()]


def test_no_page_shows_a_secret(house):
    for path in every_page(house):
        page = house.browser().get(path).text
        hidden = secrets_of(house)
        assert len(hidden) > 7
        assert PLANTED not in page, path
        assert not [one for one in hidden if one in page], path
        assert "scrypt:" not in page, path
        assert not [name for name in HIDDEN if name in page], path


def test_no_answer_over_rest_holds_a_secret(house):
    call = house.api()
    resources = [api.resource.name for api in house.app.appbuilder.baseviews if isinstance(api, AdminApi)]
    assert len(resources) > 14
    paths = [f"/api/v1/{name}/{rest}" for name in resources for rest in ("", "1", "_info")]
    for path in [*paths, "/api/v1/_openapi", "/api/v1/menu/", "/api/v1/customer/1/contacts"]:
        answer = call("get", path)
        assert answer.status_code == 200, path
        assert PLANTED not in answer.text, path
        assert not [one for one in secrets_of(house) if one in answer.text], path
        assert not [name for name in HIDDEN if name in answer.text], path
        assert not LEAKS.search(answer.text), path


def test_what_is_given_is_what_is_declared(house):
    for api in [view for view in house.app.appbuilder.baseviews if isinstance(view, AdminApi)]:
        resource = api.resource
        with house.app.app_context():
            declared, in_lists = set(resource.readable()), set(resource.readable(in_list=True))
        assert not [name for name, kind in resource.fields.items() if isinstance(kind, Secret) and name in declared]
        one = house.api()("get", f"/api/v1/{resource.name}/1").json["result"]
        # A message's history, extra files, bounces and why it is there are on its own answer alone, and not in lists.
        beside = {"history", "bounces", "why", "extra_attachments"} if resource.name == "message" else set()
        assert set(one) == declared | beside
        listed = house.api()("get", f"/api/v1/{resource.name}/").json["result"]
        assert all(set(row) == in_lists for row in listed)
        # Flask-AppBuilder's own columns, from which it would make forms, schemas and searches, hold the id alone.
        for own in ("list_columns", "show_columns", "add_columns", "edit_columns", "search_columns"):
            assert getattr(api, own) == ["id"], (resource.name, own)


def test_relations_are_ids_and_not_rows(house):
    one = house.api()("get", f"/api/v1/contact/{house.world.ours['contact']}").json["result"]
    assert one["customer_id"] == house.world.ours["customer"]
    assert one["contact_regarding"] == one["copy_correspondence"] == one["copy_ticket_updates"] == [1]
    assert not [value for value in one.values() if isinstance(value, dict)]


def test_no_screen_makes_a_form_of_flask_appbuilders_own(house):
    views = [view for view in house.app.appbuilder.baseviews if isinstance(view, AdminView)]
    assert len(views) > 14
    for view in views:
        assert getattr(view, "add_form", None) is None
        assert getattr(view, "edit_form", None) is None
        assert getattr(view, "search_form", None) is None
        assert view.search_columns == ["id"]


@pytest.mark.parametrize("name", ["admin", "support"])
def test_a_password_is_told_by_nothing_that_it_changes(house, name):
    call, path = house.api(name), f"/api/v1/contact/{house.contact(last_name='Secretive')}"
    answer = call("put", path, json={"account_password": PLANTED, "version": 1})
    assert answer.status_code == 200, answer.text
    assert PLANTED not in answer.text
    assert "account_password" not in answer.json["result"]
    with house.session() as session:
        trail = (
            session.connection()
            .exec_driver_sql("SELECT changes FROM audit_record ORDER BY id DESC LIMIT 1")
            .scalar_one()
        )
    assert "account_password" in str(trail)
    assert PLANTED not in str(trail)
    assert "scrypt" not in str(trail)


def test_a_users_password_is_told_by_no_trail(house):
    given = {"first_name": "New", "last_name": "User", "username": "newcomer", "email": "newcomer@staff.example"}
    given |= {"active": "y", "roles": "3", "password": "New-Horse-Battery-99", "conf_password": "New-Horse-Battery-99"}
    answer = house.browser().post("/users/add", data=given)
    assert answer.status_code == 302, answer.text
    with house.session() as session:
        trail = str(
            session.connection()
            .exec_driver_sql("SELECT label, changes FROM audit_record WHERE resource = 'user'")
            .all()
        )
    assert "newcomer" in trail
    assert "Battery" not in trail
    assert "scrypt" not in trail


def test_no_user_is_given_a_role_that_is_not_in_the_table(own_house):
    with own_house.session() as session:
        public = session.connection().exec_driver_sql("SELECT id FROM ab_role WHERE name = 'Public'").scalar_one()
    browser = own_house.browser()
    assert "Public" not in browser.get("/roles/list/").text
    given = {"first_name": "New", "last_name": "User", "username": "public", "email": "public@staff.example"}
    given |= {
        "active": "y",
        "roles": str(public),
        "password": "New-Horse-Battery-99",
        "conf_password": "New-Horse-Battery-99",
    }
    before = own_house.count("ab_user")
    for path in ("/users/add", "/users/edit/3"):
        assert f'value="{public}"' not in browser.get(path).text
        assert "Support" in browser.get(path).text
        answer = browser.post(path, data=given)
        assert answer.status_code == 200
    assert own_house.count("ab_user") == before
    with own_house.session() as session:
        given = session.connection().exec_driver_sql("SELECT role_id FROM ab_user_role WHERE user_id = 3").scalars()
        assert public not in set(given)
