"""Lists over HTTP: each named filter, chips, columns, saved views, and what a dealer's staff never see of it."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.web.answers import refused_page


def names(page: str, kind: str) -> set[int]:
    """Return the ids of the records whose pages a list's rows lead to."""
    return {int(one) for one in re.findall(rf'class="row-link" href="/{kind}/show/(\d+)"', page)}


def listed(house, path: str, name: str = "admin") -> set[int]:
    answer = house.browser(name).get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return names(answer.text, path.split("/")[1])


@pytest.fixture(scope="module")
def world(house):
    ours, lookups = house.world.ours, house.world.lookups
    bare = house.contact(last_name="Bare", customer_id=ours["customer"], contact_type=lookups["contact_type"])
    return {**ours, "bare": bare, **{f"lookup_{name}": number for name, number in lookups.items()}}


def test_each_filter_of_contacts_keeps_what_it_says(house, world):
    contact, shared, bare = world["contact"], world["shared"], world["bare"]
    cases = [
        (f"kind=direct&customer_id={world['customer']}", {contact, bare}, {shared}),
        ("kind=shared", {shared}, {contact, bare}),
        (f"contact_regarding={world['lookup_topic']}", {contact}, {bare, shared}),
        ("email_bill_type=short", {contact}, {bare}),
        (f"contact_type={world['lookup_contact_type']}", {bare}, {contact}),
    ]
    for query, has, has_not in cases:
        found = listed(house, f"/contacts/list/?page_size=100&{query}")
        assert has <= found, query
        assert not has_not & found, query


def test_who_gets_copies_and_has_no_working_address(house, world):
    from app.extensions import db
    from app.mailer.suppressions.models import Suppression
    from tests.core.making import unaudited

    assert world["contact"] not in listed(house, "/contacts/list/?not_reached=yes")
    with house.session() as session, unaudited():
        address = "direct@north.example"
        session.add(Suppression(address=address, address_normalised=address, reason="It bounced."))
        session.commit()
        db.session.remove()
    found = listed(house, "/contacts/list/?not_reached=yes")
    assert world["contact"] in found
    assert world["bare"] not in found
    assert world["contact"] not in listed(house, "/contacts/list/?not_reached=yes", "auditor") ^ found


def test_each_filter_of_customers_keeps_what_it_says(house, world):
    other = house.customer(company_name="Elsewhere", country="FR", email_billing=False)
    ours = world["customer"]
    for query, has, has_not in [
        (f"status={world['lookup_customer_status']}", ours, other),
        ("dealer_code=NORTH", ours, other),
        ("email_bill_type=short", ours, other),
        ("email_billing=yes", ours, other),
        ("email_billing=no", other, ours),
        ("country=FR", other, ours),
    ]:
        found = listed(house, f"/customers/list/?page_size=100&{query}")
        assert has in found, query
        assert has_not not in found, query


def test_each_filter_of_invoices_and_messages_keeps_what_it_says(house, world):
    draft, sent = world["draft"], world["invoice"]
    for query, has, has_not in [("status=draft", {draft}, {sent}), ("status=sent", {sent}, {draft})]:
        found = listed(house, f"/invoices/list/?page_size=100&{query}")
        assert has <= found
        assert not has_not & found
    assert {draft, sent} <= listed(house, f"/invoices/list/?customer_id={world['customer']}")
    assert not {draft, sent} & listed(house, f"/invoices/list/?customer_id={house.world.theirs['customer']}")
    assert draft in listed(house, "/invoices/list/?invoice_date_from=2026-01-05&invoice_date_to=2026-01-05")
    assert draft not in listed(house, "/invoices/list/?invoice_date_from=2026-01-06")
    assert draft not in listed(house, "/invoices/list/?invoice_date_to=2026-01-04")
    message = world["message"]
    assert message in listed(house, f"/messages/list/?document_kind=invoice&customer_id={world['customer']}")
    assert message not in listed(house, "/messages/list/?document_kind=correspondence")
    assert message not in listed(house, "/messages/list/?state=bounced")


def test_a_filter_never_shows_a_dealers_staff_what_is_out_of_sight(house):
    theirs = house.world.theirs
    client = house.browser("north_finance")
    for kind in ("contacts", "invoices", "messages"):
        refused_page(client.get(f"/{kind}/list/?customer_id={theirs['customer']}"), 404)
    for query in ("kind=direct", "kind=shared", "email_bill_type=short", "not_reached=yes"):
        page = client.get(f"/contacts/list/?page_size=100&{query}").text
        assert not {theirs["contact"], theirs["shared"]} & names(page, "contacts"), query
    # A dealer's staff aren't offered the filter by dealer, and the address does not bring it back.
    page = client.get("/customers/list/?dealer_code=SOUTH").text
    assert "filter-dealer_code" not in page
    assert "Dealer SOUTH" not in page
    assert theirs["customer"] not in names(page, "customers")


HOSTILE = ["nope", "-1", "0", "9" * 30, "' OR 1=1 --", "%00", "\ud800", "٣", "a" * 5000, "2026-02-30", "0001-01-01"]


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("contacts", ("kind", "customer_id", "contact_regarding", "email_bill_type", "contact_type", "not_reached")),
        ("customers", ("status", "dealer_code", "email_bill_type", "email_billing")),
        ("invoices", ("status", "customer_id", "invoice_date_from", "invoice_date_to")),
        ("messages", ("state", "document_kind", "customer_id")),
        ("topics", ("active",)),
    ],
)
def test_a_value_that_no_filter_has_is_refused_in_words(house, kind, parameters):
    client = house.browser()
    for parameter in parameters:
        for value in HOSTILE:
            query = {parameter: value.encode("utf-8", "surrogatepass")}
            answer = client.get(f"/{kind}/list/", query_string=query)
            assert answer.status_code in (400, 404), (parameter, value)


def test_what_is_on_is_a_chip_and_each_is_taken_off_by_itself(house, world):
    page = house.browser().get("/contacts/list/?q=direct&kind=direct&order=email&direction=desc").text
    chips = dict(re.findall(r'class="chip"\s+id="chip-(\w+)"\s+href="([^"]+)"', page))
    assert {name: unescape(url) for name, url in chips.items()} == {
        "q": "/contacts/list/?kind=direct&order=email&direction=desc",
        "kind": "/contacts/list/?q=direct&order=email&direction=desc",
    }
    clear = re.search(r'id="clear-filters"\s+href="([^"]+)"', page)
    assert clear
    assert unescape(clear.group(1)) == "/contacts/list/?order=email&direction=desc"


def test_an_empty_list_under_a_filter_says_so_and_offers_the_way_out(house):
    page = house.browser().get("/messages/list/?state=bounced").text
    assert "Nothing matches" in page
    assert "No messages yet" not in page
    assert page.count('href="/messages/list/"') >= 2


def test_every_column_that_is_offered_can_be_shown(house):
    for kind in ("contacts", "customers", "invoices", "messages", "topics"):
        page = house.browser().get(f"/{kind}/list/").text
        offered = re.findall(r'name="columns"\s+value="(\w+)"', page)
        assert len(offered) > 4, kind
        assert not {"account_password", "account_password_hash"} & set(offered)
        shown = house.browser().get(f"/{kind}/list/?columns={','.join(offered)}").text
        heads = re.findall(r'<th scope="col"(?! class="check-column"|><span class="visually-hidden">)', shown)
        assert len(heads) == len(offered), kind


def test_columns_are_kept_for_their_user_alone(house):
    mine, theirs = house.browser("finance"), house.browser("auditor")
    answer = mine.post("/lists/contact/columns", data={"columns": ["email", "position", "account_password_hash"]})
    assert answer.status_code == 302
    heads = lambda client: re.findall(r'<td data-label="([^"]+)"', client.get("/contacts/list/").text)  # noqa: E731
    assert set(heads(mine)) == {"Email", "Position"}
    assert "Kind" in heads(theirs)
    mine.post("/lists/contact/columns", data={"reset": "1", "columns": ["email"]})
    assert set(heads(mine)) == set(heads(theirs))


def test_a_view_is_saved_renamed_and_deleted_by_its_owner_alone(house):
    mine, theirs = house.browser("finance"), house.browser("auditor")
    before = house.count("audit_entry")
    saved = mine.post("/lists/contact/views", data={"name": "Shared ones", "state": "kind=shared&order=email"})
    assert saved.status_code == 302
    assert "kind=shared" in saved.headers["Location"]
    assert house.count("audit_entry") == before + 1
    page = mine.get(saved.headers["Location"]).text
    assert re.search(r'class="saved-view"\s+href="[^"]*kind=shared[^"]*"\s+aria-current="page"', page)
    number = re.search(r"/lists/views/(\d+)/rename", page).group(1)
    assert "Shared ones" not in theirs.get("/contacts/list/").text
    for verb in ("rename", "delete"):
        refused_page(theirs.post(f"/lists/views/{number}/{verb}", data={"name": "x"}), 404)
    again = {"name": "Shared ones", "state": ""}
    refused_page(mine.post("/lists/contact/views", data=again), 409)
    refused_page(mine.post("/lists/contact/views", data={"name": " ", "state": ""}), 422)
    mine.post(f"/lists/views/{number}/rename", data={"name": "Accountants"})
    assert "Accountants" in mine.get("/contacts/list/").text
    mine.post(f"/lists/views/{number}/delete")
    assert "Accountants" not in mine.get("/contacts/list/").text
    assert house.count("audit_entry") == before + 3


def test_settings_of_a_list_that_may_not_be_read_are_refused(house):
    client = house.browser("support")
    refused_page(client.post("/lists/invoice/columns", data={"columns": ["number"]}), 403)
    refused_page(client.post("/lists/invoice/views", data={"name": "x"}), 403)
    refused_page(client.post("/lists/nothing/views", data={"name": "x"}), 404)


def test_rest_goes_on_by_key(house):
    call = house.api()
    for number in range(5):
        house.contact(last_name=f"Keyed{number}", company_name="By key")
    q = "(filters:!((col:company_name,opr:eq,value:'By key')),order_column:last_name,page_size:2{})"
    first = call("get", "/api/v1/contact/?q=" + q.format("")).json
    second = call("get", "/api/v1/contact/?q=" + q.format(f",after:'{first['next']}'")).json
    third = call("get", "/api/v1/contact/?q=" + q.format(f",after:'{second['next']}'")).json
    seen = [row["last_name"] for one in (first, second, third) for row in one["result"]]
    assert seen == [f"Keyed{number}" for number in range(5)]
    assert third["next"] is None
    for broken in ("after:'x'", f"after:'{first['next']}',page:1", "after:7", "after:!n"):
        assert call("get", f"/api/v1/contact/?q=(page_size:2,{broken})").status_code == 400, broken
