"""What Flask-AppBuilder's views share between requests stays apart: filters under threads, and actions out of sight."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import flash, redirect
from flask_appbuilder import ModelView
from flask_appbuilder.actions import action
from flask_appbuilder.models.sqla.filters import FilterStartsWith
from flask_appbuilder.models.sqla.interface import SQLAInterface

from app.extensions import db
from app.lookups.models import Topic
from app.web.request_filters import GuardedListMixin, RequestFiltersMixin, SafeActionsMixin
from tests.web.answers import refused_page
from tests.web.house import build, dispose, postgresql_house

pytestmark = pytest.mark.slow

THREADS = 8
ROUNDS = 8
STAFF = ("admin", "finance", "support", "auditor")


@pytest.fixture
def hasty():
    """Let the threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    yield
    sys.setswitchinterval(before)


def at_once(work: Callable[[int], list[str]]) -> list[str]:
    """Run the work of eight threads at once; returns what each found wrong."""
    with ThreadPoolExecutor(THREADS) as pool:
        return [wrong for found in pool.map(work, range(THREADS)) for wrong in found]


def check_lists(house):
    names = [f"Thread{number}" for number in range(THREADS)]
    for name in names:
        for _ in range(2):
            house.contact(last_name=name)
    house.api(), house.new_browser()

    def ask(number):
        call, client, own = house.api(), house.browser(), names[number]
        wrong = []
        for _ in range(ROUNDS):
            q = f"(filters:!((col:last_name,opr:eq,value:{own})))"
            found = call("get", f"/api/v1/contact/?q={q}").json
            if [row["last_name"] for row in found["result"]] != [own, own] or found["count"] != 2:
                wrong.append(f"REST list of {own}")
            page = client.get(f"/contacts/list/?q={own}").text
            if any((name in page) != (name == own) for name in names):
                wrong.append(f"list of {own}")
        return wrong

    house.browser()
    assert at_once(ask) == []


def check_adding(house):
    customers = [house.customer(company_name=f"Adding {number}") for number in range(THREADS)]
    house.browser(), house.api()

    def add(number):
        wrong = []
        for turn in range(6):
            path = f"/contacts/add?customer_id={customers[number]}"
            saved = house.app.test_client()
            saved.set_cookie("counterpart_session", house.browser().get_cookie("counterpart_session").value)
            answer = saved.post(path, data={"last_name": f"Added{number}-{turn}"})
            made = house.api()("get", f"/api/v1/contact/{answer.headers['Location'].rpartition('/')[2]}").json["result"]
            if (made["customer_id"], made["last_name"]) != (customers[number], f"Added{number}-{turn}"):
                wrong.append(f"{made['last_name']} was saved under {made['customer_id']}")
        return wrong

    assert at_once(add) == []


def check_users(house):
    cookie = house.new_browser().get_cookie("counterpart_session").value

    def ask(number):
        client = house.app.test_client()
        client.set_cookie("counterpart_session", cookie)
        own = STAFF[number % len(STAFF)]
        wrong = []
        for _ in range(ROUNDS):
            page = client.get(f"/users/list/?_flt_0_username={own}").text
            if any((f"{name}@staff" in page) != (name == own) for name in STAFF):
                wrong.append(f"users that begin with {own}")
        return wrong

    assert at_once(ask) == []


@pytest.mark.parametrize("check", [check_lists, check_adding, check_users])
def test_no_request_filters_by_anothers(own_house, hasty, check):
    check(own_house)


@pytest.mark.services
def test_no_request_filters_by_anothers_on_postgresql(tmp_path, hasty):
    with postgresql_house(tmp_path) as house:
        for check in (check_lists, check_adding, check_users):
            check(house)


class VisibleTopicView(RequestFiltersMixin, GuardedListMixin, SafeActionsMixin, ModelView):
    """A page in Flask-AppBuilder's own way, with a base filter and an action."""

    datamodel = SQLAInterface(Topic, session=db.session)
    route_base = "/visible-topics"
    class_permission_name = "topic"
    method_permission_name = {"list": "read", "mark": "update", "action": "update", "action_post": "update"}
    base_filters = [["name", FilterStartsWith, "Visible"]]
    list_columns = search_columns = order_columns = ["name"]
    show_columns = add_columns = edit_columns = ["name"]

    @action("mark", "Mark", "Mark them?", "fa-check")
    def mark(self, items):
        rows = items if isinstance(items, list) else [items]
        flash(" ".join(f"marked {row.name}" for row in rows), "info")
        return redirect("/")


@pytest.fixture
def with_actions(tmp_path, filled):
    (tmp_path / "counterpart.sqlite").write_bytes(filled[0].read_bytes())
    app = build(tmp_path)
    with app.app_context():
        app.appbuilder.add_view_no_menu(VisibleTopicView)
    from tests.web.house import House

    house = House(app, filled[1])
    yield house
    dispose(app)


def topic(house, name):
    return house.api()("post", "/api/v1/topic/", json={"name": name}).json["id"]


def test_actions_keep_to_the_base_filter(with_actions):
    visible, hidden = topic(with_actions, "Visible one"), topic(with_actions, "Hidden one")
    client = with_actions.browser()
    assert "marked Visible one" in client.post(f"/visible-topics/action/mark/{visible}", follow_redirects=True).text
    refused_page(client.post(f"/visible-topics/action/mark/{hidden}"), 404)
    given = {"action": "mark", "rowid": [str(visible)]}
    assert "marked Visible one" in client.post("/visible-topics/action_post", data=given, follow_redirects=True).text
    refused_page(client.post("/visible-topics/action_post", data={**given, "rowid": [str(visible), str(hidden)]}), 404)
    assert "marked" not in client.get("/").text


@pytest.mark.parametrize("number", ["abc", "0", "4711", "-1", str(2**63)])
def test_an_action_that_is_none_or_on_nothing_is_a_404(with_actions, number):
    visible = topic(with_actions, "Visible two")
    client = with_actions.browser()
    refused_page(client.post(f"/visible-topics/action/mark/{number}"), 404)
    refused_page(client.post(f"/visible-topics/action/nope/{visible}"), 404)
    refused_page(client.post("/visible-topics/action_post", data={"action": "nope", "rowid": [str(visible)]}), 404)
    refused_page(client.post("/visible-topics/action_post", data={"action": "mark", "rowid": [number]}), 404)
    refused_page(client.get(f"/visible-topics/action/mark/{visible}"), 405)


def test_an_action_is_for_those_who_may(with_actions):
    visible = topic(with_actions, "Visible three")
    page = with_actions.browser("support").post(f"/visible-topics/action/mark/{visible}", follow_redirects=True)
    assert "marked" not in page.text
    refused_page(with_actions.browser("support").post("/users/action/resetpasswords/1"), 403)
    to_login = with_actions.browser("").post("/users/action/resetpasswords/1")
    assert to_login.headers["Location"] == "/login/"
    assert (
        with_actions.browser().post("/users/action/resetpasswords/2").headers["Location"] == "/resetpassword/form?pk=2"
    )


def test_no_page_of_the_product_offers_an_action_route(house):
    found = {rule.endpoint for rule in house.app.url_map.iter_rules() if "action" in rule.endpoint.rpartition(".")[2]}
    assert found == {"UserView.action"}
    assert not [rule for rule in house.app.url_map.iter_rules() if "download" in rule.rule]
