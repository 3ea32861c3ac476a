"""Usage report profiles: what one may be, by the verb, over REST and on its screens, and who sees which customers."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Conflict, Invalid
from app.customers.service import delete_customer, purge_customer, restore_customer
from app.extensions import db
from app.lookups import service
from app.lookups.models import UsageReportProfile
from app.lookups.usage_reports.rules import (
    COLUMNS_OF,
    KEY_OF,
    Availability,
    ReportColumn,
    UsageReport,
    profile_errors,
    settled_columns,
    usual_columns,
)
from tests.conftest import PASSWORD
from tests.core import making

pytestmark = pytest.mark.usefixtures("app")
RESOURCE = "usage_report_profile"
PATH = f"/api/v1/{RESOURCE}/"
USUAL = ["number", "records", "duration", "volume", "cost"]


def values_of(**given):
    start = {"report": "by_number", "columns": USUAL, "available_to": "all", "customers": [], "dealers": []}
    return {**start, **given}


class TestRules:
    @pytest.mark.parametrize("report", UsageReport)
    def test_the_usual_columns_are_columns_of_the_report_and_begin_with_what_a_row_is_about(self, report):
        usual = usual_columns(report)
        assert usual[0] == KEY_OF[report]
        assert set(usual) <= set(COLUMNS_OF[report])
        assert profile_errors(values_of(report=report.value, columns=usual)) == {}

    @given(
        st.sampled_from(list(UsageReport)),
        st.lists(st.sampled_from(list(ReportColumn)), unique=True),
        st.sampled_from(list(Availability)),
        st.lists(st.integers(1, 3)),
        st.lists(st.integers(1, 3)),
    )
    def test_what_holds(self, report, columns, available_to, customers, dealers):
        given_values = values_of(
            report=report.value, columns=columns, available_to=available_to.value, customers=customers, dealers=dealers
        )
        errors = profile_errors(given_values)
        fits = set(columns) <= set(COLUMNS_OF[report]) and (not columns or KEY_OF[report] in columns)
        assert ("columns" not in errors) == fits
        assert ("customers" in errors) == (available_to == "customers" and not customers)
        assert ("dealers" in errors) == (available_to == "dealers" and not dealers)

    @pytest.mark.parametrize(
        ("given_values", "report", "columns"),
        [
            ({}, None, USUAL),
            ({"report": "by_day"}, None, usual_columns("by_day")),
            ({"columns": ["", ""]}, None, USUAL),
            ({"columns": []}, "by_site", usual_columns("by_site")),
            ({"report": "by_day", "columns": None}, "by_site", usual_columns("by_day")),
            ({"columns": ["number"]}, None, ["number"]),
            ({"name": "X"}, "by_site", None),
            ({"report": "by_moon"}, None, None),
            ({"columns": 7}, None, 7),
        ],
    )
    def test_what_is_usual_where_nothing_is_chosen(self, given_values, report, columns):
        assert settled_columns(given_values, report=report).get("columns") == columns


@pytest.fixture
def call(api):
    return api("admin")


class TestOverRest:
    def test_a_name_alone_is_a_report_by_number_for_all(self, call):
        made = call("post", PATH, json={"name": "Calls"})
        assert made.status_code == 201
        told = {name: made.json["result"][name] for name in ("report", "columns", "file_format", "available_to")}
        assert told == {"report": "by_number", "columns": USUAL, "file_format": "csv", "available_to": "all"}
        assert (made.json["result"]["customers"], made.json["result"]["dealers"]) == ([], [])

    def test_what_get_gives_put_takes_back(self, call):
        making.dealers("NORTH")
        given_values = {
            "name": "Sites",
            "report": "by_site",
            "columns": ["cost", "site", "share"],
            "file_format": "xlsx",
            "available_to": "customers",
            "customers": [making.customer()],
            "dealers": [1],
        }
        number = call("post", PATH, json=given_values).json["id"]
        result = call("get", f"{PATH}{number}").json["result"]
        assert {name: result[name] for name in given_values} == given_values
        assert call("put", f"{PATH}{number}", json=result).json["result"] == result
        turned = call("put", f"{PATH}{number}", json={"version": 1, "columns": ["site", "cost"]}).json["result"]
        assert (turned["columns"], turned["version"]) == (["site", "cost"], 2)

    @pytest.mark.parametrize(
        ("given_values", "places"),
        [
            ({"report": "by_moon"}, {"report"}),
            ({"columns": ["number", "moon"]}, {"columns"}),
            ({"columns": ["number", "number"]}, {"columns"}),
            ({"columns": "number"}, {"columns"}),
            ({"columns": ["cost"]}, {"columns"}),
            ({"columns": ["number", "day"]}, {"columns"}),
            ({"file_format": "pdf"}, {"file_format"}),
            ({"available_to": "customers"}, {"customers"}),
            ({"available_to": "dealers"}, {"dealers"}),
            ({"available_to": "friends"}, {"available_to"}),
            ({"available_to": "customers", "customers": [99]}, {"customers"}),
            ({"available_to": "dealers", "dealers": [99]}, {"dealers"}),
            ({"customers": [7], "dealers": ["x"], "name": ""}, {"customers", "dealers", "name"}),
        ],
    )
    def test_each_error_is_at_its_field(self, call, given_values, places):
        answer = call("post", PATH, json={"name": "X", **given_values})
        assert (answer.status_code, set(answer.json["errors"])) == (422, places)

    def test_it_says_what_the_report_has(self, call):
        answer = call("post", PATH, json={"name": "X", "columns": ["number", "day"]}).json["errors"]["columns"]
        assert answer == ["The report By number has no column Day."]
        answer = call("post", PATH, json={"name": "X", "columns": ["cost"]}).json["errors"]["columns"]
        assert answer == ["The report By number needs the column Number or service: it says what each row is about."]

    def test_it_is_filtered_and_the_customers_are_no_filter(self, call):
        making.dealers("NORTH")
        call("post", PATH, json={"name": "A", "report": "by_day", "available_to": "dealers", "dealers": [1]})
        call("post", PATH, json={"name": "B"})
        for condition, names in (
            ("(col:report,opr:eq,value:by_day)", ["A"]),
            ("(col:dealers,opr:rel_m_m,value:1)", ["A"]),
        ):
            found = call("get", f"{PATH}?q=(filters:!({condition}))").json["result"]
            assert [one["name"] for one in found] == names
        assert call("get", f"{PATH}?q=(filters:!((col:customers,opr:rel_m_m,value:1)))").status_code == 400

    @pytest.mark.parametrize("who", ["finance", "support", "auditor"])
    def test_others_read_and_write_nothing(self, api, who):
        number = making.lookup(RESOURCE, "A")
        call = api(who)
        assert call("get", f"{PATH}{number}").status_code == 200
        assert call("post", PATH, json={"name": "B"}).status_code == 403
        assert call("put", f"{PATH}{number}", json={"version": 1, "report": "by_day"}).status_code == 403


class TestSight:
    @pytest.fixture
    def profile(self):
        making.dealers("NORTH", "SOUTH")
        ours, theirs = making.customer("N1", dealer_code="NORTH"), making.customer("S1", dealer_code="SOUTH")
        chosen = {"available_to": "customers", "customers": [ours, theirs]}
        return making.lookup(RESOURCE, "Both", **chosen), ours, theirs

    def test_a_dealers_staff_see_their_own_customers_alone(self, profile, api, login):
        number, ours, theirs = profile
        assert api("admin")("get", f"{PATH}{number}").json["result"]["customers"] == [ours, theirs]
        assert api("north_finance")("get", f"{PATH}{number}").json["result"]["customers"] == [ours]
        assert api("north_finance")("get", PATH).json["result"][0]["customers"] == [ours]
        page = login("north_finance").get(f"/usage-report-profiles/show/{number}").text
        assert "N1" in page
        assert "S1" not in page

    def test_their_administrator_leaves_the_others_where_they_are(self, profile, app, api, login):
        number, ours, theirs = profile
        manager = app.appbuilder.sm
        user = manager.add_user("north_admin", "N", "A", "na@x.example", manager.find_role("Admin"), PASSWORD)
        user.dealer_code = "NORTH"
        db.session.commit()
        call = api("north_admin")
        given_values = call("get", f"{PATH}{number}").json["result"]
        assert given_values["customers"] == [ours]
        assert call("put", f"{PATH}{number}", json=given_values).json["result"]["version"] == 1
        emptied = call("put", f"{PATH}{number}", json={"version": 1, "customers": []})
        assert (emptied.status_code, emptied.json["result"]["customers"]) == (200, [])
        assert api("admin")("get", f"{PATH}{number}").json["result"]["customers"] == [theirs]
        refused = call("put", f"{PATH}{number}", json={"version": 2, "customers": [theirs]})
        assert refused.json["errors"]["customers"] == [f"There is no customer with the id {theirs}."]
        browser = login("north_admin")
        page = browser.get(f"/usage-report-profiles/edit/{number}").text
        assert f'value="{theirs}"' not in re.search(r'<select[^>]*name="customers".*?</select>', page, re.DOTALL)[0]
        form = {"version": "2", "name": "Both", "report": "by_number", "available_to": "customers", "customers": [ours]}
        assert browser.post(f"/usage-report-profiles/edit/{number}", data=form).status_code == 302
        assert api("admin")("get", f"{PATH}{number}").json["result"]["customers"] == [ours, theirs]

    def test_the_history_names_whom_its_reader_sees(self, profile, login):
        page = login("admin").get(f"/usage-report-profiles/show/{profile[0]}?tab=history").text
        assert "N1" in page
        assert "S1" in page
        page = login("north_finance").get(f"/usage-report-profiles/show/{profile[0]}?tab=history").text
        assert "S1" not in page

    def test_a_deleted_customer_is_not_shown_and_comes_back(self, profile, api):
        number, ours, theirs = profile
        call = api("admin")
        making.run(delete_customer, customer_id=theirs)
        given_values = call("get", f"{PATH}{number}").json["result"]
        assert given_values["customers"] == [ours]
        assert call("put", f"{PATH}{number}", json={**given_values, "name": "Both of them"}).status_code == 200
        making.run(restore_customer, customer_id=theirs)
        assert call("get", f"{PATH}{number}").json["result"]["customers"] == [ours, theirs]

    def test_a_purged_one_is_gone_and_the_act_names_the_profile(self, profile, login):
        number, ours, theirs = profile
        making.run(delete_customer, customer_id=theirs)
        assert "The usage report Both" in login("admin").get(f"/trash/customer/{theirs}/purge").text
        making.run(purge_customer, customer_id=theirs, reason="Asked for")
        assert (RESOURCE, number) in making.last_entry()[1]
        assert [one.id for one in db.session.get_one(UsageReportProfile, number).customers] == [ours]

    def test_a_dealer_that_a_profile_names_is_not_purged(self):
        making.dealers("NORTH")
        making.lookup(RESOURCE, "North", available_to="dealers", dealers=[1])
        making.run(service.delete_lookup, resource="dealer", lookup_id=1)
        with pytest.raises(Conflict) as refusal:
            making.run(service.purge_lookup, resource="dealer", lookup_id=1, reason="Gone")
        assert "1 usage report profile names it" in refusal.value.message

    def test_a_dealer_that_is_not_active_cannot_be_newly_named_and_stays(self):
        making.dealers("NORTH")
        number = making.lookup(RESOURCE, "North", available_to="dealers", dealers=[1])
        making.run(service.update_lookup, resource="dealer", lookup_id=1, values={"active": False})
        making.run(service.update_lookup, resource=RESOURCE, lookup_id=number, values={"name": "N", "dealers": [1]})
        with pytest.raises(Invalid) as refusal:
            making.lookup(RESOURCE, "Other", available_to="dealers", dealers=[1])
        assert set(refusal.value.errors) == {"dealers"}


class TestScreens:
    def text_of(self, page):
        return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))

    def test_what_was_typed_comes_back_with_the_errors_at_their_fields(self, login):
        form = {
            "name": "Days",
            "report": "by_day",
            "columns": ["cost", "", "number", "cost"],
            "available_to": "customers",
        }
        page = login("admin").post("/usage-report-profiles/add", data=form)
        assert page.status_code == 422
        assert "Choose each at most once." in page.text
        chosen = re.findall(
            r"<option[^>]*selected[^>]*value=\"(\w+)\"|<option[^>]*value=\"(\w+)\"[^>]*selected", page.text
        )
        words = [one or other for one, other in chosen]
        assert [one for one in words if one in set(ReportColumn)] == ["cost", "number", "cost"]
        assert {"by_day", "customers"} <= set(words)

    def test_it_is_added_shown_and_listed(self, login):
        browser = login("admin")
        form = {
            "name": "Days",
            "report": "by_day",
            "columns": ["day", "", "cost"],
            "file_format": "xlsx",
            "active": "y",
        }
        added = browser.post("/usage-report-profiles/add", data=form, follow_redirects=True)
        text = self.text_of(added.text)
        for words in ("Days", "By day", "Day, Cost", "XLSX (Excel)", "All customers"):
            assert words in text
        listed = self.text_of(browser.get("/usage-report-profiles/list/?report=by_day&file_format=xlsx").text)
        assert "Days" in listed
        assert "Days" not in self.text_of(browser.get("/usage-report-profiles/list/?report=by_site").text)
        exported = browser.post("/usage-report-profiles/export", data={"everything": "1", "format": "csv"})
        assert "Days,By day" in exported.text

    def test_dealers_are_chosen_by_name(self, login):
        making.dealers("NORTH", "SOUTH")
        browser = login("admin")
        page = browser.get("/usage-report-profiles/add").text
        url = re.search(
            r'name="dealers"[^>]*data-picker-url="([^"]+)"|data-picker-url="([^"]+)"[^>]*name="dealers"', page
        )
        (offered,) = browser.get(f"{url[1] or url[2]}?q=SOUTH").json["results"]
        form = {"name": "South", "available_to": "dealers", "dealers": [offered["id"]], "active": "y"}
        added = browser.post("/usage-report-profiles/add", data=form, follow_redirects=True)
        assert "Dealer SOUTH" in self.text_of(added.text)
        assert ">Dealer SOUTH</option>" in browser.get("/usage-report-profiles/edit/1").text

    def test_its_history_names_the_columns_in_their_order(self, login):
        number = making.lookup(RESOURCE, "Days", report="by_day", columns=["day", "cost"])
        making.run(
            service.update_lookup, resource=RESOURCE, lookup_id=number, values={"columns": ["cost", "day", "share"]}
        )
        text = self.text_of(login("admin").get(f"/usage-report-profiles/show/{number}?tab=history").text)
        assert "Day, Cost" in text
        assert "Cost, Day, Share of the cost (%)" in text

    def test_it_is_in_german_too(self, login):
        number = making.lookup(RESOURCE, "Tage", report="by_day")
        browser = login("admin")
        browser.set_cookie("counterpart_language", "de")
        page = self.text_of(browser.get(f"/usage-report-profiles/show/{number}").text)
        assert "Nach Tag" in page
        assert "Anzahl der Einträge" in page
