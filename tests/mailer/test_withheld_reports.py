"""A usage report goes to no customer that it is not available to: left out of the plan, and said so everywhere."""

from __future__ import annotations

import html
import re

import pytest

from app.contacts.service import add_shared_contact
from app.core.bill_format import BillFormat
from app.customers.service import update_customer
from app.lookups.service import update_lookup
from app.mailer.planning.plan_output import as_dict
from tests.core import making
from tests.mailer.plan_cases import contact, customer, invoice, planned

MAIN = "main@acme.example"


class TestThePlan:
    def reports(self, unavailable, *, module=True, account=None, **people):
        """Return the reports that go along to the one address, and those that stay behind."""
        contacts = [
            contact(number, MAIN, email_bill_type=BillFormat.SHORT, usage_report=report)
            for number, report in enumerate(people.values(), start=3)
        ]
        made = planned(
            invoice(),
            customer(MAIN, usage_report=account),
            *contacts,
            usage_module=module,
            unavailable_reports=frozenset(unavailable),
        )
        (message,) = made.messages
        return message.usage_reports, message.withheld_reports

    def test_what_is_not_available_stays_behind_and_the_rest_goes(self):
        assert self.reports({2, 9}, account=1, ann=2, ben=3) == ((1, 3), (2,))
        assert self.reports({1}, account=1) == ((), (1,))
        assert self.reports((), account=1, ann=1) == ((1,), ())

    def test_with_the_module_off_there_is_nothing_to_withhold(self):
        assert self.reports({1}, module=False, account=1) == ((), ())

    def test_the_mail_goes_in_its_format_all_the_same(self):
        anna = contact(3, MAIN, email_bill_type=BillFormat.FULL, usage_report=1)
        made = planned(invoice(), customer(), anna, usage_module=True, unavailable_reports=frozenset({1}))
        assert [message.format for message in made.messages] == [BillFormat.FULL]

    def test_a_changed_availability_changes_the_fingerprint_and_another_profiles_does_not(self):
        anna = contact(3, MAIN, email_bill_type=BillFormat.SHORT, usage_report=1)
        prints = [
            planned(invoice(), customer(), anna, usage_module=True, unavailable_reports=frozenset(one)).fingerprint
            for one in ((), {7}, {1})
        ]
        assert prints[0] == prints[1] != prints[2]

    def test_over_rest_it_is_named_only_where_there_is_one(self):
        anna = contact(3, MAIN, email_bill_type=BillFormat.SHORT, usage_report=1)
        told = [
            as_dict(planned(invoice(), customer(), anna, usage_module=True, unavailable_reports=frozenset(one)))
            for one in ((), {1})
        ]
        assert [one["messages"][0].get("withheld_reports") for one in told] == [None, [1]]
        assert [one["messages"][0]["usage_reports"] for one in told] == [[1], []]


@pytest.fixture
def world(app):
    """Make a shared contact with a report for one of its two customers, of different dealers."""
    making.dealers("NORTH", "SOUTH")
    north = making.customer("N1", dealer_code="NORTH")
    south = making.customer("S1", dealer_code="SOUTH")
    report = making.lookup("usage_report_profile", "Northern", available_to="dealers", dealers=[1])
    shared = making.contact(email="anna@firm.example", email_bill_type="short")
    for one in (north, south):
        making.run(add_shared_contact, customer_id=one, contact_id=shared)
    making.run(update_contact_report, contact_id=shared, report=report)
    return north, south, shared, report


def update_contact_report(session, who, *, contact_id, report):
    from app.contacts.service import update_contact

    return update_contact(session, who, contact_id=contact_id, values={"invoice_usage_report": report})


def text_of(page):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


class TestASharedContactOfTwoDealers:
    def test_it_goes_along_with_the_invoice_of_the_one_and_not_of_the_other(self, world):
        north, south, _, report = world
        for customer_id in (north, south):
            making.send(making.invoice(customer_id))
        found = {one.document_number: (one.state, one.usage_reports) for one in making.messages()}
        assert found == {"N1/1": ("queued", [report]), "S1/1": ("queued", [])}

    def test_the_page_of_the_plan_says_so(self, world, login):
        north, south, *_ = world
        browser = login("finance")
        words = "Without a usage report: it is not available to this customer."
        assert words in text_of(browser.get(f"/invoices/{making.invoice(south)}/send").text)
        page = text_of(browser.get(f"/invoices/{making.invoice(north)}/send").text)
        assert words not in page
        assert "with usage report" in page

    def test_rest_says_so(self, world, api):
        _, south, _, report = world
        (message,) = api("finance")("get", f"/api/v1/invoice/{making.invoice(south)}/plan").json["result"]["messages"]
        assert (message["usage_reports"], message["withheld_reports"]) == ([], [report])

    def test_what_the_contact_receives_says_so_for_each_customer(self, world, login, api):
        shared, report = world[2:]
        rows = api("finance")("get", f"/api/v1/contact/{shared}/receives").json["result"]
        found = {one["account_number"]: [(way["concerns"], way["reason"]) for way in one["obstacles"]] for one in rows}
        assert found == {"N1": [], "S1": [("invoice_usage_report", "usage_report_unavailable")]}
        assert {one["invoice_usage_report"] for one in rows} == {report}
        page = text_of(login("finance").get(f"/contacts/{shared}/receives").text)
        assert page.count("Invoice Usage Report: The usage report is not available to this customer.") == 1

    @pytest.mark.parametrize(
        ("values", "without"),
        [
            ({"available_to": "all"}, set()),
            ({"available_to": "customers", "customers": [2]}, {"N1"}),
            ({"dealers": [1, 2]}, set()),
            ({"dealers": [2]}, {"N1"}),
        ],
    )
    def test_receives_and_the_plan_say_the_same(self, world, api, values, without):
        north, south, shared, report = world
        making.run(update_lookup, resource="usage_report_profile", lookup_id=report, values=values)
        rows = api("finance")("get", f"/api/v1/contact/{shared}/receives").json["result"]
        assert {one["account_number"] for one in rows if one["obstacles"]} == without
        for customer_id, account in ((north, "N1"), (south, "S1")):
            plan = api("finance")("get", f"/api/v1/invoice/{making.invoice(customer_id)}/plan").json["result"]
            assert bool(plan["messages"][0].get("withheld_reports")) == (account in without)


class TestBetweenPreviewAndSending:
    def test_a_narrowed_profile_is_a_changed_plan(self, world, api):
        north, _, _, report = world
        number = making.invoice(north)
        call = api("finance")
        seen = call("get", f"/api/v1/invoice/{number}/plan").json["result"]["fingerprint"]
        making.run(update_customer, customer_id=north, values={"dealer_code": "SOUTH"})
        refused = call("post", f"/api/v1/invoice/{number}/send", json={"fingerprint": seen})
        assert (refused.status_code, refused.json["code"]) == (409, "plan_changed")
        assert report

    def test_what_is_planned_leaves_as_it_was_planned(self, world):
        north, _, _, report = world
        making.send(making.invoice(north))
        making.run(update_customer, customer_id=north, values={"dealer_code": "SOUTH"})
        assert [one.usage_reports for one in making.messages()] == [[report]]
