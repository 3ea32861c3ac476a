"""The usage of an invoice over REST: given whole, checked row by row, taken back as it was given, read page by page."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.models import AuditRecord
from app.extensions import db
from app.invoices import service
from app.invoices.models import Invoice, UsageRecord
from app.invoices.usage import rules
from app.invoices.usage.rules import MAX_INLINE, MAX_WRONG, validate_usage
from tests.conftest import actor
from tests.core import making

ROW = {
    "start": "2026-06-01T09:30:00Z",
    "reference": "01632 960 001",
    "site": "Mill Lane",
    "origin": "Halifax",
    "destination": "London",
    "duration": 65,
    "volume": None,
    "cost": "0.125",
}
DATA = {**ROW, "reference": "SIM 7", "duration": None, "volume": "1.5", "cost": "2.00", "origin": "", "site": ""}
PATH = "/api/v1/invoice/"


@pytest.fixture
def call(api):
    return api("finance")


def body(**values):
    return {"customer_id": making.customer(), **making.DATES, "lines": [making.LINE], **values}


def rows_of(number):
    db.session.rollback()
    return list(db.session.query(UsageRecord).filter_by(invoice_id=number).order_by(UsageRecord.id))


class TestGivenAndTaken:
    def test_what_post_takes_get_gives(self, call):
        made = call("post", PATH, json=body(usage=[DATA, ROW]))
        assert made.status_code == 201, made.json
        number = made.json["id"]
        assert made.json["result"]["usage"] == [DATA, ROW]
        assert call("get", f"{PATH}{number}").json["result"]["usage"] == [DATA, ROW]
        assert made.json["result"]["total"] == "30.00"
        one = rows_of(number)[1]
        assert (one.start, one.duration, one.cost) == (datetime(2026, 6, 1, 9, 30, tzinfo=UTC), 65, Decimal("0.125"))

    def test_what_get_gives_put_takes_back_and_nothing_has_changed(self, call):
        number = call("post", PATH, json=body(usage=[ROW, DATA])).json["id"]
        given, acts = call("get", f"{PATH}{number}").json["result"], len(making.trail())
        back = call("put", f"{PATH}{number}", json=given)
        assert (back.status_code, back.json["result"]) == (200, given)
        turned = call("put", f"{PATH}{number}", json={"version": 1, "usage": [DATA, ROW]})
        assert (turned.status_code, turned.json["result"]["version"]) == (200, 1)
        assert len(making.trail()) == acts

    @pytest.mark.parametrize(("usage", "left"), [([DATA], [DATA]), ([], []), (None, [ROW]), ([ROW, ROW], [ROW, ROW])])
    def test_put_takes_its_place_and_null_leaves_it(self, call, usage, left):
        number = call("post", PATH, json=body(usage=[ROW])).json["id"]
        changed = call("put", f"{PATH}{number}", json={"version": 1, "usage": usage})
        assert (changed.status_code, changed.json["result"]["usage"]) == (200, left)
        assert changed.json["result"]["version"] == (1 if usage is None else 2)

    def test_what_may_be_left_out(self, call):
        least = {"start": "2026-06-01T11:30:00+02:00", "cost": 3}
        made = call("post", PATH, json=body(usage=[least, {**least, "duration": "65", "volume": ""}]))
        silent = {"reference": "", "site": "", "origin": "", "destination": "", "duration": None, "volume": None}
        first = {**silent, "start": "2026-06-01T09:30:00Z", "cost": "3.00"}
        assert made.json["result"]["usage"] == [first, {**first, "duration": 65}]

    def test_it_is_in_no_list(self, call):
        call("post", PATH, json=body(usage=[ROW]))
        listed = call("get", PATH).json["result"][0]
        assert "usage" not in listed
        assert "lines" in listed
        assert call("get", f"{PATH}?q=(columns:!(usage))").status_code == 400
        assert call("get", f"{PATH}1?q=(columns:!(usage))").json["result"] == {"usage": [ROW]}


class TestErrors:
    @pytest.mark.parametrize(
        ("usage", "places"),
        [
            ({}, {"usage"}),
            ("x", {"usage"}),
            ([ROW, 7], {"usage.1"}),
            ([{}], {"usage.0.start", "usage.0.cost"}),
            ([ROW, ROW, ROW, {**ROW, "cost": "1.2.3"}], {"usage.3.cost"}),
            ([{**ROW, "cost": 0.5}], {"usage.0.cost"}),
            ([{**ROW, "cost": "1" * 12}], {"usage.0.cost"}),
            ([{**ROW, "start": "2026-06-01T09:30:00"}], {"usage.0.start"}),
            ([{**ROW, "start": "2026-06-01"}], {"usage.0.start"}),
            ([{**ROW, "duration": -1}, {**ROW, "duration": "1.5"}], {"usage.0.duration", "usage.1.duration"}),
            ([{**ROW, "volume": "-1"}, {**ROW, "volume": "1.2345"}], {"usage.0.volume", "usage.1.volume"}),
            ([{**ROW, "reference": "x" * 81, "origin": "a\x07"}], {"usage.0.reference", "usage.0.origin"}),
            ([{**ROW, "colour": "red"}], {"usage.0.colour"}),
        ],
    )
    def test_each_is_named_by_its_row_and_field(self, call, usage, places):
        answer = call("post", PATH, json=body(usage=usage))
        assert (answer.status_code, set(answer.json["errors"])) == (422, places)
        assert db.session.query(Invoice).count() == 0

    def test_they_come_with_those_of_the_other_fields(self, call):
        answer = call("post", PATH, json=body(usage=[{**ROW, "cost": "x"}], due_date="2026-01-01", lines=7))
        assert set(answer.json["errors"]) == {"usage.0.cost", "due_date", "lines"}

    def test_thousands_of_wrong_rows_are_not_all_named(self):
        rows, errors = validate_usage([{}] * (MAX_WRONG + 50))
        assert rows == []
        assert len(errors) == 2 * MAX_WRONG + 1
        assert errors["usage"] == ["Only the first 100 rows with errors are named."]

    def test_there_is_a_most(self, monkeypatch):
        monkeypatch.setattr(rules, "MAX_USAGE", 2)
        assert validate_usage([ROW] * 3) == ([], {"usage": ["At most 2 usage records."]})

    @given(
        st.lists(
            st.fixed_dictionaries(
                {
                    name: st.one_of(st.none(), st.integers(), st.text(max_size=90), st.floats(), st.just(ROW[name]))
                    for name in ROW
                }
            ),
            max_size=5,
        )
    )
    def test_anything_is_either_read_or_named(self, rows):
        read, errors = validate_usage(rows)
        assert bool(errors) != (len(read) == len(rows)) or not rows
        assert all(place.split(".")[0] == "usage" and int(place.split(".")[1]) < len(rows) for place in errors)


class TestStatus:
    def test_an_approved_invoice_is_a_draft_again(self, call):
        number = call("post", PATH, json=body(usage=[ROW])).json["id"]
        version = call("post", f"{PATH}{number}/approve").json["result"]["version"]
        changed = call("put", f"{PATH}{number}", json={"version": version, "usage": [DATA]})
        assert changed.json["result"]["status"] == "draft"

    def test_a_sent_one_keeps_what_it_has(self, call):
        customer_id = making.billed()
        number = making.invoice(customer_id, usage=[ROW])
        making.send(number)
        given = call("get", f"{PATH}{number}").json["result"]
        refused = call("put", f"{PATH}{number}", json={"version": given["version"], "usage": []})
        assert (refused.status_code, refused.json["code"]) == (409, "sent")
        assert len(rows_of(number)) == 1
        assert call("put", f"{PATH}{number}", json=given).status_code == 200

    def test_the_trail_tells_how_much_and_not_who_called_whom(self, call):
        number = call("post", PATH, json=body(usage=[ROW])).json["id"]
        call("put", f"{PATH}{number}", json={"version": 1, "usage": [DATA, DATA], "purchase_order_number": "7"})
        db.session.rollback()
        changes = [
            one.changes for one in db.session.query(AuditRecord).filter_by(resource="invoice").order_by(AuditRecord.id)
        ]
        assert {name: changes[0][name] for name in ("usage_records", "usage_cost")} == {
            "usage_records": [0, 1],
            "usage_cost": ["0.00", "0.125"],
        }
        assert changes[1] == {
            "purchase_order_number": [None, "7"],
            "usage_records": [1, 2],
            "usage_cost": ["0.125", "4.00"],
        }
        assert "London" not in str(changes)

    def test_the_history_says_it_in_words(self, call, login):
        number = call("post", PATH, json=body(usage=[ROW])).json["id"]
        page = login("finance").get(f"/invoices/show/{number}?tab=history").text
        assert "Usage records" in page
        assert "Cost of usage" in page

    @pytest.mark.parametrize(("who", "status"), [("finance", 200), ("auditor", 200), ("support", 403)])
    def test_who_reads_it(self, api, who, status):
        making.invoice(making.customer(), usage=[ROW])
        assert api(who)("get", f"{PATH}1/usage").status_code == status


class TestPages:
    def test_each_record_is_on_one_page(self, call):
        usage = [{**ROW, "duration": number} for number in range(7)]
        number = making.invoice(making.customer(), usage=usage)
        found, after = [], 0
        while after is not None:
            page = call("get", f"{PATH}{number}/usage?page_size=3&after={after}").json
            assert page["count"] == 7
            found += page["result"]
            after = page["next"]
        assert found == usage

    @pytest.mark.parametrize(
        "query", ["after=x", "after=-1", "page_size=0", "page_size=1001", "page_size=", "after=99999999999"]
    )
    def test_what_is_no_page_is_said(self, call, query):
        number = making.invoice(making.customer())
        answer = call("get", f"{PATH}{number}/usage?{query}")
        assert (answer.status_code, set(answer.json["errors"])) == (400, {query.partition("=")[0]})

    def test_more_than_one_answer_holds_is_null_there_and_stays(self, call):
        row = {"start": datetime(2026, 6, 1, tzinfo=UTC), "reference": "1", "cost": Decimal(1)}
        values = {"customer_id": making.customer(), **making.DATES, "lines": [making.LINE]}
        many = [row] * (MAX_INLINE + 1)
        number = making.run(service.create_invoice, values=values, default_currency="GBP", usage=many).id
        given = call("get", f"{PATH}{number}").json["result"]
        assert given["usage"] is None
        changed = call("put", f"{PATH}{number}", json={**given, "purchase_order_number": "7"})
        assert changed.status_code == 200
        page = call("get", f"{PATH}{number}/usage").json
        assert (page["count"], len(page["result"])) == (MAX_INLINE + 1, MAX_INLINE)
        rest = call("get", f"{PATH}{number}/usage?after={page['next']}").json
        assert (len(rest["result"]), rest["next"]) == (1, None)

    def test_another_dealers_is_none(self, api):
        making.dealers("NORTH", "SOUTH")
        number = making.invoice(making.customer(dealer_code="SOUTH"), usage=[ROW])
        assert api("north_finance")("get", f"{PATH}{number}/usage").status_code == 404


class TestWithTheModuleOff:
    def test_it_is_no_field_and_has_no_page_and_is_kept(self, app, call):
        number = making.invoice(making.customer(), usage=[ROW])
        app.config["SETTINGS"] = replace(app.config["SETTINGS"], invoice_usage=False)
        given = call("get", f"{PATH}{number}").json["result"]
        assert "usage" not in given
        assert call("get", f"{PATH}{number}/usage").status_code == 404
        for answer in (
            call("post", PATH, json={**making.DATES, "customer_id": 1, "usage": []}),
            call("put", f"{PATH}{number}", json={"version": 1, "usage": []}),
        ):
            assert (answer.status_code, set(answer.json["errors"])) == (422, {"usage"})
        assert call("put", f"{PATH}{number}", json={**given, "purchase_order_number": "7"}).status_code == 200
        app.config["SETTINGS"] = replace(app.config["SETTINGS"], invoice_usage=True)
        assert call("get", f"{PATH}{number}").json["result"]["usage"] == [ROW]


def test_a_verb_takes_the_same(app):
    values = {"customer_id": making.customer(), **making.DATES, "lines": [making.LINE], "usage": [ROW]}
    made = making.run(service.create_invoice, actor("finance"), values=values, default_currency="GBP")
    assert [one.destination for one in rows_of(made.id)] == ["London"]
