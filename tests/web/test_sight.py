"""A dealer's staff see their own: whatever is another dealer's answers as if it did not exist, at every address."""

from __future__ import annotations

import re

import pytest

from tests.web.answers import refused, refused_page

VERBS = {"POST", "PUT", "DELETE"}
FORBIDDEN = ("/purge", "/verify-password", "/verify_password")
OWNERS = {"customer": "customer", "contact": "contact", "invoice": "draft", "message": "message"}


def foreign_addresses(house):
    """Every address with an id of a customer, contact, invoice or message, filled in with the other dealer's."""
    views = {view.endpoint: view for view in house.app.appbuilder.baseviews}
    for rule in house.app.url_map.iter_rules():
        name = rule.endpoint.partition(".")[0]
        resource = (
            "customer"
            if name == "SharedContactsView"
            else getattr(getattr(views.get(name), "resource", None), "name", "")
        )
        if "<pk>" in rule.rule and resource in OWNERS:
            path = rule.rule.replace("<pk>", str(house.world.theirs[OWNERS[resource]]))
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                yield method, path.replace("<contact_pk>", str(house.world.ours["linked"])), resource


def test_what_is_another_dealers_does_not_exist(house):
    before = {table: house.count(table) for table in ("audit_entry", "message", "contact_link")}
    house.browser("north_finance"), house.api("north_finance")
    before["audit_entry"] = house.count("audit_entry")
    asked = list(foreign_addresses(house))
    assert len(asked) > 40
    for method, path, _ in asked:
        if path.startswith("/api/"):
            given = {"version": 1, "contact_id": house.world.ours["shared"], "last_name": "X"}
            body = given if method != "GET" else None
            again = {"reason": "Asked for it", "addresses": ["a@north.example"]}
            for allowed in ({"version": 1}, {"contact_id": given["contact_id"]}, again, {}, body):
                answer = house.api("north_finance")(method, path, json=allowed)
                if answer.status_code not in (422, 428):
                    break
            refused(answer, *((403, "forbidden") if path.endswith(FORBIDDEN) else (404, "not_found")))
        else:
            answer = house.browser("north_finance").open(path, method=method, data={"version": "1"})
            # Verbs that messages don't have are refused to everybody, and these to finance.
            may_not = "/messages/" in path or path.endswith(FORBIDDEN)
            refused_page(answer, 403 if may_not and answer.status_code == 403 else 404)
            assert "South" not in answer.text
    assert {table: house.count(table) for table in before} == before


@pytest.mark.parametrize("name", ["north_finance", "north_support"])
def test_lists_show_ones_own(house, name):
    for path in ("customers", "contacts", "invoices", "tickets", "messages"):
        if path == "invoices" and name == "north_support":
            continue
        page = house.browser(name).get(f"/{path}/list/").text
        shows_ours = "North works" in page or "@north.example" in page
        # Support sees no invoice's message, and those of tickets.
        assert shows_ours, path
        assert "south" not in page.lower(), path
    for resource, mine in (("customer", "customer"), ("contact", "contact")):
        result = house.api(name)("get", f"/api/v1/{resource}/").json
        assert house.world.ours[mine] in result["ids"]
        assert house.world.theirs[mine] not in result["ids"]
        assert result["count"] == len(result["ids"])


def test_shared_contacts_in_sight_are_those_of_the_dealer_and_those_linked_to_its_customers(house):
    ids = set(house.api("north_finance")("get", "/api/v1/contact/?q=(page_size:100)").json["ids"])
    ours, theirs = house.world.ours, house.world.theirs
    assert {ours["contact"], ours["shared"], ours["linked"]} <= ids
    assert not ids & {theirs["contact"], theirs["shared"], theirs["linked"]}


def test_filters_and_searches_find_nothing_of_another_dealer(house):
    call = house.api("north_finance")
    theirs = house.world.theirs
    for q in (
        f"(filters:!((col:id,opr:eq,value:{theirs['customer']})))",
        "(filters:!((col:dealer_code,opr:eq,value:SOUTH)))",
    ):
        assert call("get", f"/api/v1/customer/?q={q}").json["count"] == 0
    q = f"(filters:!((col:customer_id,opr:rel_o_m,value:{theirs['customer']})))"
    for resource in ("contact", "invoice", "ticket", "message"):
        assert call("get", f"/api/v1/{resource}/?q={q}").json["count"] == 0, resource
    for path in ("customers", "contacts", "invoices", "tickets", "messages"):
        page = house.browser("north_finance").get(f"/{path}/list/?q=south").text
        assert "/show/" not in page, path


def test_the_home_page_counts_ones_own(house):
    def figure(name):
        page = house.browser(name).get("/").text
        found = re.search(r'href="/customers/list/"[^>]*>(.*?)</a>', page[page.index("<main") :], re.DOTALL)
        return int(re.sub(r"<[^>]+>|[^\d]", "", found.group(1)))

    assert figure("admin") == 2
    assert figure("north_finance") == 1


def test_relations_to_what_is_out_of_sight_are_refused(house):
    call, theirs = house.api("north_finance"), house.world.theirs
    given = {"last_name": "Reach", "customer_id": theirs["customer"]}
    assert set(refused(call("post", "/api/v1/contact/", json=given), 422)) == {"customer_id"}
    given = {"customer_id": theirs["customer"], "invoice_date": "2026-01-01", "due_date": "2026-01-31"}
    assert set(refused(call("post", "/api/v1/invoice/", json=given), 422)) == {"customer_id"}
    path = f"/api/v1/customer/{house.world.ours['customer']}/shared_contacts"
    refused(call("post", path, json={"contact_id": theirs["shared"]}), 404)
    for field in ("contacts/add", "invoices/add"):
        refused_page(house.browser("north_finance").get(f"/{field}?customer_id={theirs['customer']}"), 404)
    # Nor does anybody put a record out of their own sight.
    given = {"account_number": "REACH-1", "company_name": "Reach", "dealer_code": "SOUTH"}
    assert set(refused(call("post", "/api/v1/customer/", json=given), 422)) == {"dealer_code"}


def test_a_shared_contacts_page_counts_the_customers_out_of_sight_and_names_none(house):
    house.do(_link(), customer_id=house.world.theirs["customer"], contact_id=house.world.ours["linked"])
    page = house.browser("north_finance").get(f"/contacts/edit/{house.world.ours['linked']}").text
    assert "North works" in page
    assert "and 1 other" in page
    assert "South" not in page
    page = house.browser("north_finance").get(f"/contacts/show/{house.world.ours['linked']}?tab=customers").text
    assert "South" not in page
    page = house.browser("north_finance").get(f"/contacts/delete/{house.world.ours['linked']}").text
    assert "South" not in page


def _link():
    from app.contacts.service import add_shared_contact

    return add_shared_contact


def test_a_deleted_record_does_not_exist_either(house):
    call, number = house.api(), house.customer(dealer_code="NORTH")
    contact = house.contact(customer_id=number)
    assert call("delete", f"/api/v1/customer/{number}").status_code == 200
    for path in (f"customer/{number}", f"contact/{contact}", f"customer/{number}/contacts"):
        refused(call("get", f"/api/v1/{path}"), 404)
    refused(call("put", f"/api/v1/contact/{contact}", json={"version": 2}), 404)
    refused(call("delete", f"/api/v1/customer/{number}"), 404)
    for path in (f"/customers/show/{number}", f"/contacts/edit/{contact}", f"/contacts/add?customer_id={number}"):
        refused_page(house.browser().get(path), 404)
