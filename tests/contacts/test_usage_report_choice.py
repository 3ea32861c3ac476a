"""Who may choose which usage report: what is available to the customer, or to one of a shared contact's customers."""

from __future__ import annotations

import pytest

from app.contacts.models import Contact
from app.contacts.service import add_shared_contact, create_contact, remove_shared_contact, update_contact
from app.core.errors import Invalid
from app.customers.models import Customer
from app.customers.service import create_customer, update_customer
from app.extensions import db
from app.lookups.service import update_lookup
from tests.conftest import actor
from tests.core import making

pytestmark = pytest.mark.usefixtures("app")
FIELD = "invoice_usage_report"


@pytest.fixture
def world():
    """Make customers of two dealers and of none, and profiles for all, for one customer, and for one dealer's."""
    making.dealers("NORTH", "SOUTH")
    customers = {
        "north": making.customer("N1", dealer_code="NORTH"),
        "south": making.customer("S1", dealer_code="SOUTH"),
        "none": making.customer("X1"),
    }
    profile = "usage_report_profile"
    reports = {
        "all": making.lookup(profile, "For all"),
        "south": making.lookup(profile, "For S1", available_to="customers", customers=[customers["south"]]),
        "dealer": making.lookup(profile, "For the north", available_to="dealers", dealers=[1]),
    }
    return customers, reports


def refused(verb, who=None, **arguments):
    with pytest.raises(Invalid) as refusal:
        making.run(verb, who, **arguments)
    return refusal.value.errors


def choose(verb, report, *, values=None, **arguments):
    """Tell whether a report can be chosen by a verb; nothing else is refused."""
    errors = {}
    try:
        making.run(verb, values={**(values or {}), FIELD: report}, **arguments)
    except Invalid as refusal:
        errors = refusal.errors
    assert all("is for other customers" in text for text in errors.get(FIELD, ()))
    assert set(errors) <= {FIELD}
    return not errors


def table(verb, reports, **arguments):
    return {name for name, number in reports.items() if choose(verb, number, **arguments)}


class TestCustomers:
    @pytest.mark.parametrize(
        ("name", "may"), [("north", {"all", "dealer"}), ("south", {"all", "south"}), ("none", {"all"})]
    )
    def test_each_may_have_what_is_available_to_it(self, world, name, may):
        customers, reports = world
        assert table(update_customer, reports, customer_id=customers[name]) == may

    @pytest.mark.parametrize(("code", "may"), [("NORTH", {"all", "dealer"}), ("SOUTH", {"all"}), (None, {"all"})])
    def test_one_that_is_made_by_its_dealer(self, world, code, may):
        start = {"company_name": "M", "dealer_code": code}
        made = {
            name
            for name, number in world[1].items()
            if choose(create_customer, number, values={**start, "account_number": f"M-{name}"})
        }
        assert made == may

    def test_with_its_dealer_changed_in_the_same_act(self, world):
        customers, reports = world
        values = {"dealer_code": "NORTH", FIELD: reports["dealer"]}
        making.run(update_customer, customer_id=customers["none"], values=values)
        assert db.session.get_one(Customer, customers["none"]).invoice_usage_report_id == reports["dealer"]

    def test_what_stands_stays(self, world):
        customers, reports = world
        making.run(update_customer, customer_id=customers["north"], values={FIELD: reports["dealer"]})
        moved = {"dealer_code": "SOUTH", FIELD: reports["dealer"], "postcode": "M1"}
        making.run(update_customer, customer_id=customers["north"], values=moved)
        making.run(update_customer, customer_id=customers["north"], values={FIELD: None})
        assert FIELD in refused(update_customer, customer_id=customers["north"], values={FIELD: reports["dealer"]})

    def test_the_lists_count_while_the_profile_says_so(self, world):
        customers, reports = world
        at = {"resource": "usage_report_profile", "lookup_id": reports["south"]}
        making.run(update_lookup, **at, values={"available_to": "all"})
        assert choose(update_customer, reports["south"], customer_id=customers["north"])
        making.run(update_lookup, **at, values={"available_to": "customers"})
        assert not choose(update_customer, reports["south"], customer_id=customers["none"])


class TestContacts:
    @pytest.mark.parametrize(
        ("name", "may"), [("north", {"all", "dealer"}), ("south", {"all", "south"}), ("none", {"all"})]
    )
    def test_a_direct_one_may_have_what_its_customer_may(self, world, name, may):
        customers, reports = world
        contact_id = making.contact(customers[name])
        assert table(update_contact, reports, contact_id=contact_id) == may
        assert table(create_contact, reports, values={"last_name": "New", "customer_id": customers[name]}) == may

    def test_a_shared_one_may_have_what_one_of_its_customers_may(self, world):
        customers, reports = world
        contact_id = making.contact()
        assert table(update_contact, reports, contact_id=contact_id) == {"all"}
        for name, may in (("none", {"all"}), ("south", {"all", "south"}), ("north", {"all", "south", "dealer"})):
            making.run(add_shared_contact, customer_id=customers[name], contact_id=contact_id)
            assert table(update_contact, reports, contact_id=contact_id) == may

    def test_what_stands_stays_when_the_link_goes(self, world):
        customers, reports = world
        contact_id = making.contact()
        making.run(add_shared_contact, customer_id=customers["south"], contact_id=contact_id)
        making.run(update_contact, contact_id=contact_id, values={FIELD: reports["south"]})
        making.run(remove_shared_contact, customer_id=customers["south"], contact_id=contact_id)
        making.run(update_contact, contact_id=contact_id, values={FIELD: reports["south"], "position": "Clerk"})
        assert db.session.get_one(Contact, contact_id).invoice_usage_report_id == reports["south"]

    def test_one_without_customers_may_have_what_is_for_those_of_its_dealer(self, world):
        contact_id = making.contact(dealer_code="NORTH")
        assert table(update_contact, world[1], contact_id=contact_id) == {"all", "dealer"}

    def test_a_dealers_staff_choose_by_the_customers_that_they_see(self, world):
        customers, reports = world
        contact_id = making.contact(dealer_code="NORTH")
        for name in ("north", "south"):
            making.run(add_shared_contact, customer_id=customers[name], contact_id=contact_id)
        north = actor("north_finance")
        given = {"contact_id": contact_id, "values": {FIELD: reports["south"]}}
        assert FIELD in refused(update_contact, north, **given)
        making.run(update_contact, north, contact_id=contact_id, values={FIELD: reports["dealer"]})
        making.run(update_contact, **given)

    def test_one_that_does_not_exist_is_told_by_its_id(self, world):
        contact_id = making.contact(world[0]["north"])
        errors = refused(update_contact, contact_id=contact_id, values={FIELD: 99})
        assert errors == {FIELD: ["There is no usage report profile with the id 99."]}


class TestDoors:
    def test_over_rest(self, world, api):
        customers, reports = world
        contact_id = making.contact(customers["north"])
        call = api("finance")
        answer = call("put", f"/api/v1/contact/{contact_id}", json={"version": 1, FIELD: reports["south"]})
        assert (answer.status_code, set(answer.json["errors"])) == (422, {FIELD})
        assert answer.json["errors"][FIELD] == ["The usage report For S1 is for other customers."]
        answer = call("put", f"/api/v1/contact/{contact_id}", json={"version": 1, FIELD: reports["dealer"]})
        assert (answer.status_code, answer.json["result"][FIELD]) == (200, reports["dealer"])

    def test_forms_offer_what_may_be_chosen(self, world, login):
        customers, _ = world
        direct, shared = making.contact(customers["north"]), making.contact()
        making.run(add_shared_contact, customer_id=customers["south"], contact_id=shared)
        browser = login("finance")

        def offered(page):
            found = page.partition(f'name="{FIELD}"')
            tag = found[0].rpartition("<select")[2] + found[1] + found[2].partition(">")[0]
            url = tag.partition('data-picker-url="')[2].partition('"')[0].replace("&amp;", "&")
            return {one["text"] for one in browser.get(url).json["results"]}

        for path, names in (
            (f"/contacts/edit/{direct}", {"For all", "For the north"}),
            (f"/contacts/edit/{shared}", {"For all", "For S1"}),
            (f"/contacts/add?customer_id={customers['south']}", {"For all", "For S1"}),
            (f"/customers/edit/{customers['north']}", {"For all", "For the north"}),
            ("/contacts/add", {"For all", "For S1", "For the north"}),
        ):
            assert offered(browser.get(path).text) == names, path
        found = browser.get(f"/pickers/usage_report_profile?customer_id={customers['north']}&q=north").json["results"]
        assert [one["text"] for one in found] == ["For the north"]
        for wrong in ("customer_id=999", "contact_id=999", "contact_id=x"):
            assert browser.get(f"/pickers/usage_report_profile?{wrong}").status_code == 404
