"""A dealer's administrator has the dealer's own users, is one of them for good, and sees nobody's mails."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from app.access.models import StaffUser
from app.access.table import Role
from app.extensions import db
from app.mailer.smtp.caught import CaughtMails
from tests.conftest import PASSWORD, USERS
from tests.web.answers import refused_page

NEW_PASSWORD = "Other-horse-battery-7"
OWN = {"north_finance", "north_support", "north_admin"}


@pytest.fixture
def house(own_house):
    """Return a house with an administrator of a dealer."""
    with own_house.app.app_context():
        manager = own_house.app.appbuilder.sm
        names = ("north_admin", "north_admin", "User", "north_admin@staff.example")
        manager.add_user(*names, manager.find_role(Role.ADMIN), PASSWORD).dealer_code = "NORTH"
        db.session.commit()
    return own_house


def users(house) -> dict[str, StaffUser]:
    with house.session() as session:
        return {one.username: one for one in session.scalars(select(StaffUser))}


def form_of(user: StaffUser, **more: object) -> dict[str, object]:
    names = ("first_name", "last_name", "username", "email")
    return {**{name: getattr(user, name) for name in names}, "active": "y", "roles": "1", **more}


def test_the_list_has_the_dealers_users(house):
    def listed(name, query=""):
        return set(re.findall(r"(\w+)@staff\.example", house.browser(name).get(f"/users/list/{query}").text))

    assert listed("north_admin") == OWN
    assert listed("north_admin", "?_flt_2_username=finance") == {"north_finance"}
    assert listed("admin") == {*USERS, *OWN}


def test_others_do_not_exist(house):
    known = users(house)
    browser = house.browser("north_admin")
    given = {"password": NEW_PASSWORD, "conf_password": NEW_PASSWORD}
    hashes = {name: one.password for name, one in known.items()}
    for number in (known["admin"].id, known["finance"].id, 4711):
        refused_page(browser.get(f"/users/show/{number}"), 404)
        refused_page(browser.get(f"/users/edit/{number}"), 404)
        refused_page(browser.post(f"/users/edit/{number}", data=form_of(known["admin"], dealer_code="NORTH")), 404)
        refused_page(browser.post(f"/users/action/resetpasswords/{number}"), 404)
        refused_page(browser.get(f"/resetpassword/form?pk={number}"), 404)
        refused_page(browser.post(f"/resetpassword/form?pk={number}", data=given), 404)
    assert {name: one.password for name, one in users(house).items()} == hashes
    assert users(house)["admin"].dealer_code is None


def test_the_passwords_of_the_dealers_users_and_ones_own_are_set(house):
    known = users(house)
    browser = house.browser("north_admin")
    given = {"password": NEW_PASSWORD, "conf_password": NEW_PASSWORD}
    at = f"/resetpassword/form?pk={known['north_support'].id}"
    assert browser.get(at).status_code == 200
    assert browser.post(at, data=given).status_code == 302
    house.new_browser("north_support", NEW_PASSWORD)
    assert browser.get("/users/userinfo/").status_code == 200
    assert browser.post("/resetmypassword/form", data=given).status_code == 302
    house.new_browser("north_admin", NEW_PASSWORD)


def test_the_command_line_sets_any_password(house):
    """As `flask fab reset-password` does, outside of any request."""
    with house.app.app_context():
        house.app.appbuilder.sm.reset_password(users(house)["admin"].id, NEW_PASSWORD)
    house.new_browser("admin", NEW_PASSWORD)


@pytest.mark.parametrize("code", ["", "SOUTH", " "])
@pytest.mark.parametrize("name", ["north_admin", "north_finance"])
def test_nobody_of_the_dealer_is_given_another_sight(house, name, code):
    own = users(house)[name]
    at = f"/users/edit/{own.id}"
    answer = house.browser("north_admin").post(at, data=form_of(own, dealer_code=code, first_name="Lifted"))
    assert answer.status_code == 200
    error = re.search(r'id="dealer_code-error".*?</div>', answer.text, re.DOTALL)
    assert error
    assert "You work for the dealer NORTH; choose that one." in error.group()
    after = users(house)[name]
    assert (after.dealer_code, after.first_name) == ("NORTH", own.first_name)
    assert house.browser("north_admin").post(at, data=form_of(own, dealer_code="NORTH")).status_code == 302


def test_a_new_user_is_of_the_same_dealer(house):
    browser = house.browser("north_admin")
    assert 'value="NORTH"' in browser.get("/users/add").text
    password = {"password": NEW_PASSWORD, "conf_password": NEW_PASSWORD}
    given = {"first_name": "New", "last_name": "User", "active": "y", "roles": "1", **password}
    for number, code in enumerate(("", "NORTH", "SOUTH")):
        names = {"username": f"newcomer{number}", "email": f"newcomer{number}@staff.example"}
        browser.post("/users/add", data={**given, **names, "dealer_code": code})
    known = users(house)
    assert known["newcomer0"].dealer_code == known["newcomer1"].dealer_code == "NORTH"
    assert "newcomer2" not in known
    # Whoever is of no dealer gives any code, or none.
    assert 'value="NORTH"' not in house.browser().get("/users/add").text
    for number, code in ((3, ""), (4, "SOUTH")):
        names = {"username": f"newcomer{number}", "email": f"newcomer{number}@staff.example"}
        house.browser().post("/users/add", data={**given, **names, "dealer_code": code})
    known = users(house)
    assert (known["newcomer3"].dealer_code or None, known["newcomer4"].dealer_code) == (None, "SOUTH")


def test_the_inbox_is_not_a_dealers(house):
    with house.app.app_context():
        folder = house.app.config["SETTINGS"].catcher_folder
    mails = CaughtMails(folder)
    kept = mails.keep(sender="a@x.example", recipients=["b@x.example"], data=b"Subject: Theirs\r\n\r\nSouth works")
    assert "Theirs" in house.browser().get("/inbox/").text
    for part in ("", kept, f"{kept}/source", f"{kept}/html", f"{kept}/part/1"):
        refused_page(house.browser("north_admin").get(f"/inbox/{part}"), 404)
    assert 'href="/inbox/"' in house.browser().get("/").text
    assert 'href="/inbox/"' not in house.browser("north_admin").get("/").text
    assert 'href="/users/list/"' in house.browser("north_admin").get("/").text
    for name, seen in (("admin", True), ("north_admin", False)):
        menu = house.api(name)("get", "/api/v1/menu/").json["result"]
        assert ("Inbox" in {one["name"] for one in menu}) is seen
