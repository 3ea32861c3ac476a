"""Marketing consent of customers and contacts: a time and a source, given and withdrawn together."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import clock
from app.customers.models import Customer
from app.customers.rules import consent_errors, settled_consent
from app.customers.service import update_customer
from app.extensions import db
from tests.core import making

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
BEFORE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TIMES = st.sampled_from([None, "", BEFORE.isoformat(), "2026-02-02T00:00:00Z"])
SOURCES = st.sampled_from([None, "", "Form", "Call"])
GIVEN = st.fixed_dictionaries({}, optional={"marketing_consent_at": TIMES, "marketing_consent_source": SOURCES})


def settled(before=(None, None), **values):
    named = {f"marketing_consent_{name}": value for name, value in values.items()}
    after = settled_consent(named, before=before, now=NOW)
    return tuple(after.get(f"marketing_consent_{name}", "-") for name in ("at", "source"))


class TestTheRule:
    @pytest.mark.parametrize(
        ("before", "values", "after"),
        [
            ((None, None), {"source": "Form"}, (NOW, "Form")),
            ((None, None), {"at": None, "source": "Form"}, (NOW, "Form")),
            ((None, None), {"at": "", "source": ""}, ("", "")),
            ((None, None), {"at": BEFORE.isoformat(), "source": "Form"}, (BEFORE.isoformat(), "Form")),
            ((BEFORE, "Form"), {"at": None}, (None, None)),
            ((BEFORE, "Form"), {"source": ""}, (None, "")),
            ((BEFORE, "Form"), {"at": "", "source": "Form"}, ("", None)),
            ((BEFORE, "Form"), {"at": BEFORE.isoformat(), "source": ""}, (None, "")),
            ((BEFORE, "Form"), {"at": None, "source": "Call"}, (NOW, "Call")),
            ((BEFORE, "Form"), {"source": "Call"}, ("-", "Call")),
            ((BEFORE, "Form"), {}, ("-", "-")),
            ((None, None), {"at": "soon", "source": "Form"}, ("soon", "Form")),
        ],
    )
    def test_a_source_gives_and_an_empty_one_withdraws(self, before, values, after):
        assert settled(before, **values) == after

    @given(st.sampled_from([(None, None), (BEFORE, "Form")]), GIVEN)
    def test_it_is_a_pair_or_an_error_at_the_source(self, before, values):
        after = settled_consent(values, before=before, now=NOW)
        at = after.get("marketing_consent_at", before[0]) or None
        source = after.get("marketing_consent_source", before[1]) or None
        held = datetime.fromisoformat(at) if isinstance(at, str) else at
        errors = consent_errors({"marketing_consent_at": held, "marketing_consent_source": source}, now=NOW)
        assert (at is None) == (source is None) or set(errors) == {"marketing_consent_source"}

    def test_the_future_is_refused(self):
        values = {"marketing_consent_at": NOW + timedelta(seconds=1), "marketing_consent_source": "Form"}
        assert set(consent_errors(values, now=NOW)) == {"marketing_consent_at"}


@pytest.mark.usefixtures("app")
class TestOverRest:
    @pytest.mark.parametrize("resource", ["customer", "contact"])
    def test_it_is_given_changed_and_withdrawn(self, api, resource):
        number = making.customer() if resource == "customer" else making.contact()
        call, path = api("finance"), f"/api/v1/{resource}/{number}"

        def put(status=200, **values):
            version = call("get", path).json["result"]["version"]
            answer = call("put", path, json={"version": version, **values})
            assert answer.status_code == status, answer.text
            return answer.json

        given = put(marketing_consent_source="Form")["result"]["marketing_consent_at"]
        assert timedelta() <= clock.now() - datetime.fromisoformat(given) < timedelta(minutes=1)
        body = call("get", path).json["result"]
        assert call("put", path, json=body).json["result"]["version"] == body["version"]
        assert put(422, marketing_consent_at="2200-01-01T00:00:00Z")["errors"].keys() == {"marketing_consent_at"}
        assert put(422, marketing_consent_at="yesterday")["errors"].keys() == {"marketing_consent_at"}
        result = put(marketing_consent_at=None)["result"]
        assert (result["marketing_consent_at"], result["marketing_consent_source"]) == (None, None)
        refused = put(422, marketing_consent_at="2026-01-01T00:00:00Z")
        assert refused["errors"].keys() == {"marketing_consent_source"}
        result = put(marketing_consent_at="2026-01-01T01:00:00+01:00", marketing_consent_source="Call")["result"]
        assert result["marketing_consent_at"] == "2026-01-01T00:00:00Z"

    def test_support_may_not_set_a_customers(self, api):
        path = f"/api/v1/customer/{making.customer()}"
        answer = api("support")("put", path, json={"version": 1, "marketing_consent_source": "Form"})
        assert answer.status_code == 403
        assert "marketing_consent_source" in answer.json["errors"]


@pytest.mark.usefixtures("app")
class TestOnTheScreen:
    def test_saving_a_form_keeps_the_very_time(self, login):
        number = making.customer()
        with clock.frozen(NOW):
            making.run(update_customer, customer_id=number, values={"marketing_consent_source": "Form"})
        browser = login()
        page = browser.get(f"/customers/edit/{number}").text
        shown = re.search(r'name="marketing_consent_at"[^>]* value="([^"]*)"', page)[1]
        assert shown == "2026-05-01T13:00:00"
        version = re.search(r'name="version"[^>]* value="(\d+)"', page)[1]
        kept = {"company_name": "New name", "marketing_consent_source": "Form", "marketing_consent_at": shown}
        assert browser.post(f"/customers/edit/{number}", data={"version": version, **kept}).status_code == 302
        record = db.session.get_one(Customer, number)
        assert (record.company_name, record.marketing_consent_at) == ("New name", NOW)
        db.session.rollback()
        withdrawn = {"version": str(int(version) + 1), "company_name": "New name"}
        assert browser.post(f"/customers/edit/{number}", data=withdrawn).status_code == 302
        db.session.rollback()
        assert db.session.get_one(Customer, number).marketing_consent_at is None
        assert "Not given" in browser.get(f"/customers/show/{number}").text

    def test_a_time_that_cannot_be_read_comes_back_as_it_was_typed(self, login):
        given = {"account_number": "AC9", "company_name": "A", "marketing_consent_at": "soon"}
        page = login().post("/customers/add", data={**given, "marketing_consent_source": "Form"})
        assert page.status_code == 422
        assert 'value="soon"' in page.text
        assert "Give a time as ISO 8601" in page.text
