"""Verify Password: yes or no, on the screen and over REST, seldom enough, and never in the trail."""

from __future__ import annotations

import json
import re
import time

import pytest
from sqlalchemy import select
from werkzeug.security import check_password_hash

from app.contacts.models import Contact
from app.contacts.passwords import verify_password
from app.core.errors import Forbidden, Invalid, NotFound
from app.core.models import AuditRecord
from app.extensions import db
from tests.conftest import actor
from tests.core import making

pytestmark = pytest.mark.usefixtures("app")

SECRET = "swordfish-phrase"


def changes():
    db.session.rollback()
    return list(db.session.scalars(select(AuditRecord).order_by(AuditRecord.id)))


class TestTheVerb:
    def test_it_tells_and_leaves_an_entry_without_the_password(self):
        contact_id = making.contact(account_password=SECRET)
        for said, verified in ((SECRET, True), (SECRET.upper(), False), ("x", False)):
            assert making.run(verify_password, contact_id=contact_id, password=said) is verified
            assert making.last_entry() == ("contact:password_verified", [("contact", contact_id)])
            assert changes()[-1].changes == {"verified": [None, verified]}
        assert not [one for one in changes() if SECRET in json.dumps(one.changes)]

    def test_a_contact_without_one_takes_as_long_to_answer_no_for(self):
        with_one, without = making.contact(account_password=SECRET), making.contact()
        assert making.run(verify_password, contact_id=without, password=SECRET) is False

        def seconds(contact_id):
            times = []
            for _ in range(5):
                start = time.perf_counter()
                making.run(verify_password, contact_id=contact_id, password="wrong")
                times.append(time.perf_counter() - start)
            return min(times)

        assert seconds(without) > seconds(with_one) / 2

    @pytest.mark.parametrize("password", [None, "", 5, ["x"], "x" * 129, "a\x00b", "\ud800"])
    def test_what_is_no_password_is_refused_at_the_field(self, password):
        with pytest.raises(Invalid) as refusal:
            making.run(verify_password, contact_id=making.contact(), password=password)
        assert set(refusal.value.errors) == {"password"}

    @pytest.mark.parametrize("name", ["finance", "auditor", "north_finance"])
    def test_only_some_roles_may(self, name):
        with pytest.raises(Forbidden):
            making.run(verify_password, actor(name), contact_id=making.contact(), password=SECRET)

    def test_nothing_is_told_of_a_contact_out_of_sight(self):
        making.dealers("NORTH", "SOUTH")
        theirs = making.contact(dealer_code="SOUTH", account_password=SECRET)
        with pytest.raises(NotFound):
            making.run(verify_password, actor("north_support"), contact_id=theirs, password=SECRET)


class TestOnTheScreen:
    def test_it_says_yes_or_no_and_shows_what_was_typed_nowhere(self, login):
        contact_id = making.contact(account_password=SECRET)
        browser = login("support")
        page = f"/contacts/{contact_id}/verify-password"
        assert page in browser.get(f"/contacts/show/{contact_id}").text
        assert 'type="password"' in browser.get(page).text
        for said, words in ((SECRET, "Yes, this is the password."), ("other-phrase", "No, this is not the password.")):
            answer = browser.post(page, data={"password": said})
            assert (answer.status_code, words in answer.text, said in answer.text) == (200, True, False)
        refused = browser.post(page, data={"password": ""})
        assert (refused.status_code, "Give the password" in refused.text) == (422, True)

    def test_it_is_not_offered_to_those_who_may_not(self, login):
        contact_id = making.contact(account_password=SECRET)
        browser = login("finance")
        assert "verify-password" not in browser.get(f"/contacts/show/{contact_id}").text
        assert browser.get(f"/contacts/{contact_id}/verify-password").status_code in (302, 403)

    def test_a_password_is_removed_by_its_box(self, login):
        contact_id = making.contact(account_password=SECRET)
        browser = login("support")
        page = browser.get(f"/contacts/edit/{contact_id}").text
        assert 'name="remove_account_password"' in page
        version = re.search(r'name="version"[^>]* value="(\d+)"', page)[1]
        given = {"version": version, "last_name": "Jones", "account_password": ""}
        assert browser.post(f"/contacts/edit/{contact_id}", data=given).status_code == 302
        assert db.session.get_one(Contact, contact_id).account_password_hash
        db.session.rollback()
        given["version"] = str(db.session.get_one(Contact, contact_id).version)
        db.session.rollback()
        given["remove_account_password"] = "y"
        assert browser.post(f"/contacts/edit/{contact_id}", data=given).status_code == 302
        db.session.rollback()
        assert db.session.get_one(Contact, contact_id).account_password_hash is None
        assert 'name="remove_account_password"' not in browser.get(f"/contacts/edit/{contact_id}").text

    def test_space_in_the_field_leaves_it_and_the_box_beside_removes_it(self, login):
        contact_id = making.contact(account_password=SECRET)
        browser = login("support")
        for box, is_left in ((None, True), ("y", False)):
            version = db.session.get_one(Contact, contact_id).version
            db.session.rollback()
            given = {"version": version, "last_name": "Jones", "first_name": f"{box}", "account_password": "   "}
            given |= {"remove_account_password": box} if box else {}
            assert browser.post(f"/contacts/edit/{contact_id}", data=given).status_code == 302
            kept = db.session.get_one(Contact, contact_id).account_password_hash
            db.session.rollback()
            assert (kept is not None and check_password_hash(kept, SECRET)) is is_left

    def test_its_box_is_not_there_for_those_who_may_not_set_it(self, login):
        contact_id = making.contact(account_password=SECRET)
        assert 'name="remove_account_password"' not in login("finance").get(f"/contacts/edit/{contact_id}").text


class TestOverRest:
    def test_the_answer_is_the_contracts(self, api):
        path = f"/api/v1/contact/{making.contact(account_password=SECRET)}/verify_password"
        support = api("support")
        assert support("post", path, json={"password": SECRET}).json == {"result": {"verified": True}}
        assert support("post", path, json={"password": "x"}).json == {"result": {"verified": False}}
        assert support("post", path, json={}).json["errors"].keys() == {"password"}
        assert support("post", path, json={"password": "x", "more": 1}).status_code == 422
        assert support("post", "/api/v1/contact/999999/verify_password", json={"password": "x"}).status_code == 404
        assert api("finance")("post", path, json={"password": SECRET}).status_code == 403

    def test_the_version_is_checked_if_it_is_given(self, api):
        path = f"/api/v1/contact/{making.contact(account_password=SECRET)}"
        support = api("support")
        assert (
            support("put", path, json={"account_password": "  ", "first_name": "Ann", "version": 1}).status_code == 200
        )
        for stale in ({"json": {"version": 1}}, {"json": {}, "headers": {"If-Match": '"1"'}}):
            body = {"password": SECRET, **stale.pop("json")}
            answer = support("post", f"{path}/verify_password", json=body, **stale)
            assert (answer.status_code, answer.json["code"], answer.json["version"]) == (412, "stale", 2)
        for now in ({"json": {"version": 2}}, {"json": {}, "headers": {"If-Match": '"2"'}}):
            body = {"password": SECRET, **now.pop("json")}
            answer = support("post", f"{path}/verify_password", json=body, **now)
            assert answer.json == {"result": {"verified": True}}
        wrong = support("post", f"{path}/verify_password", json={"password": SECRET, "version": "two"})
        assert (wrong.status_code, list(wrong.json["errors"])) == (422, ["version"])

    @pytest.mark.usefixtures("limited")
    def test_one_contact_is_tried_five_times_a_minute_whoever_tries(self, api, login):
        contact_id, other = making.contact(account_password=SECRET), making.contact(account_password=SECRET)
        path = f"/api/v1/contact/{contact_id}/verify_password"
        support, admin = api("support"), api("admin")
        assert [support("post", path, json={"password": "x"}).status_code for _ in range(5)] == [200] * 5
        refused = admin("post", path, json={"password": SECRET})
        assert (refused.status_code, refused.json["code"]) == (429, "too_many_requests")
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        page = login("support").post(f"/contacts/{contact_id}/verify-password", data={"password": SECRET})
        assert (page.status_code, "Too many tries" in page.text, "Yes, this" in page.text) == (429, True, False)
        assert int(page.headers["Retry-After"]) >= 1
        another = f"/api/v1/contact/{other}/verify_password"
        assert admin("post", another, json={"password": SECRET}).status_code == 200

    @pytest.mark.usefixtures("limited")
    def test_what_is_out_of_sight_is_not_counted(self, api):
        making.dealers("NORTH", "SOUTH")
        path = f"/api/v1/contact/{making.contact(dealer_code='SOUTH', account_password=SECRET)}/verify_password"
        theirs = api("north_support")
        assert [theirs("post", path, json={"password": SECRET}).status_code for _ in range(6)] == [404] * 6
        assert api("support")("post", path, json={"password": SECRET}).json == {"result": {"verified": True}}

    @pytest.mark.usefixtures("limited")
    def test_one_user_tries_twenty_times_a_minute_whomever(self, api):
        support = api("support")
        codes = [
            support("post", f"/api/v1/contact/{making.contact()}/verify_password", json={"password": "x"}).status_code
            for _ in range(21)
        ]
        assert codes == [200] * 20 + [429]
