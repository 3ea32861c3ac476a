"""Every page: its headers, its refusals in the look, and addresses that somebody made up."""

from __future__ import annotations

import pytest

from tests.web.answers import refused_page

LISTS = ("customers", "contacts", "invoices", "messages", "topics", "dealers", "issuer")
IDS = ["abc", "0", "-1", "1.5", str(2**31), str(2**63), "9" * 400, "%00", "1%00", "..%2fx", "٣", "%20", "1e3", "4711"]


def every_page(house):
    ours = house.world.ours
    pages = [
        "/",
        *(f"/{name}/list/" for name in LISTS),
        "/customers/add",
        "/contacts/add",
        "/invoices/add",
        "/topics/add",
    ]
    pages += [f"/customers/show/{ours['customer']}?tab={tab}" for tab in ("contacts", "invoices", "messages")]
    pages += [f"/contacts/show/{ours['contact']}?tab={tab}" for tab in ("customers", "messages")]
    pages += [f"/invoices/show/{ours['draft']}?tab={tab}" for tab in ("lines", "usage", "pdf", "messages")]
    pages += [f"/messages/show/{ours['message']}?tab={tab}" for tab in ("why", "attempts", "mail")]
    pages += [
        f"/customers/edit/{ours['customer']}",
        f"/contacts/edit/{ours['contact']}",
        f"/invoices/edit/{ours['draft']}",
    ]
    pages += [f"/invoices/{ours['draft']}/send", f"/contacts/delete/{ours['contact']}", "/issuer/edit/1", "/inbox/"]
    pages += [
        f"/customers/{ours['customer']}/add-shared-contact",
        f"/customers/{ours['customer']}/remove-shared-contact",
    ]
    return [
        *pages,
        "/users/list/",
        "/users/show/2",
        "/users/add",
        "/users/edit/2",
        "/users/userinfo/",
        "/roles/list/",
        "/roles/show/1",
        "/resetmypassword/form",
        "/resetpassword/form?pk=2",
        "/userinfoeditview/form",
        "/swagger/v1",
    ]


def check_headers(answer):
    policy = answer.headers["Content-Security-Policy"]
    rules = dict(part.strip().split(" ", 1) for part in policy.split(";") if part.strip())
    assert rules["default-src"] == rules["script-src"] == rules["style-src"] == "'self'"
    assert rules["object-src"] == "'none'"
    assert rules["img-src"] == "'self' data:"
    assert {"form-action", "frame-ancestors", "base-uri"} <= rules.keys()
    assert "unsafe" not in policy
    assert "*" not in policy
    assert "http" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "no-store" in answer.headers["Cache-Control"]


def test_every_page_keeps_itself_to_itself(house):
    for path in every_page(house):
        answer = house.browser().get(path)
        assert answer.status_code == 200, path
        check_headers(answer)
        assert "<script>" not in answer.text, path
        assert ' style="' not in answer.text, path
        assert ' onclick="' not in answer.text, path
        assert "//cdn" not in answer.text, path


def test_what_is_no_page_keeps_itself_to_itself_too(house):
    check_headers(house.app.test_client().get("/login/"))
    check_headers(house.app.test_client().get("/customers/list/"))
    check_headers(house.browser().get("/nope"))
    check_headers(house.api()("get", "/api/v1/customer/"))
    check_headers(house.api("")("get", "/api/v1/customer/"))
    check_headers(house.browser().get(f"/invoices/{house.world.ours['invoice']}/pdf"))
    check_headers(house.browser().get("/pickers/customer"))


def test_an_asset_may_be_kept_when_its_address_carries_its_digest(house):
    client = house.app.test_client()
    path = next(part for part in client.get("/login/").text.split('"') if part.startswith("/assets/"))
    assert "immutable" in client.get(path).headers["Cache-Control"]
    assert "immutable" not in client.get(path.partition("?")[0]).headers["Cache-Control"]
    assert client.get("/assets/..%2f..%2fsecurity.py").status_code == 404
    assert client.get("/assets/../security.py").status_code == 404


def test_a_page_that_fails_is_a_page(house):
    client = house.browser()
    refused_page(client.get("/nope"), 404)
    refused_page(house.app.test_client().get("/nope"), 404)
    refused_page(client.post("/customers/list/"), 405)
    refused_page(house.browser("auditor").get("/customers/add"), 403)
    refused_page(house.browser("support").get("/invoices/list/"), 403)
    refused_page(client.post("/contacts/add", data={"last_name": "x" * 11_000_000}), 413)
    refused_page(client.get("/contacts/show/4711"), 404)
    refused_page(client.get(f"/contacts/{house.world.ours['shared']}/convert-to-shared"), 409)


@pytest.mark.parametrize("number", IDS)
def test_an_id_that_is_none_is_a_404(house, number):
    client = house.browser()
    for path in (
        "/customers/show/{}",
        "/customers/edit/{}",
        "/customers/delete/{}",
        "/customers/{}/add-shared-contact",
        "/customers/{}/remove-shared-contact",
        "/contacts/show/{}",
        "/contacts/edit/{}",
        "/contacts/delete/{}",
        "/contacts/{}/convert-to-shared",
        "/invoices/show/{}",
        "/invoices/{}/send",
        "/invoices/{}/pdf",
        "/invoices/{}/approve",
        "/invoices/{}/credit",
        "/messages/show/{}",
        "/messages/{}/retry",
        "/messages/{}/mail",
        "/topics/show/{}",
        "/users/show/{}",
        "/users/edit/{}",
        "/roles/show/{}",
        "/inbox/{}",
        "/inbox/{}/part/1",
    ):
        refused_page(client.get(path.format(number)), 404)
    for path in (
        "/customers/delete/{}",
        "/contacts/{}/convert-to-shared",
        "/users/edit/{}",
        "/users/action/resetpasswords/{}",
    ):
        refused_page(client.post(path.format(number), data={"version": "1"}), 404)


@pytest.mark.parametrize(
    "query",
    [
        "after=abc",
        "after=!!",
        "before=WzFd",
        "after=bnVsbA",
        "before=" + "W" * 3000,
        "after=٣",
        "page_size=x",
        "page_size=-5",
        "order=nope",
        "order=account_password_hash",
        "order=deletion_id",
        "order=id;DROP",
        "order=customer.name",
        "after=%00",
        "order=%00",
    ],
)
@pytest.mark.parametrize("name", LISTS)
def test_an_address_of_a_list_that_cannot_be_read_is_a_400(house, name, query):
    refused_page(house.browser().get(f"/{name}/list/?{query}"), 400)


@pytest.mark.parametrize("query", ["state=nope", "state=%00", "state=sent' OR 1=1"])
def test_a_state_that_is_none_is_a_400(house, query):
    refused_page(house.browser().get(f"/messages/list/?{query}"), 400)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_takes_what_people_type(house, name):
    client = house.browser()
    for text in ("", "x", "%", "_", "'", '"', "\\", "a" * 5000, "\x00", "é😀", "(((", "' OR 1=1 --", "\ud800"):
        answer = client.get(f"/{name}/list/", query_string={"q": text.encode("utf-8", "replace"), "page": "0"})
        assert answer.status_code == 200, text
    for query in (
        "page=500",
        "page=abc",
        "from=%00",
        "columns=nope",
        "page_size=1000000",
        "page_size=0",
        "direction=sideways&order=id",
        "tab=x",
        "q=%ff%fe",
        "surprise=1",
    ):
        assert client.get(f"/{name}/list/?{query}").status_code == 200, query


def test_wildcards_in_a_search_are_letters(house):
    house.contact(last_name="50% off_line")
    client = house.browser()
    for text, found in (("%", False), ("_", False), ("50%", True), ("off_", True), ("o%f", False), ("o_f", False)):
        page = client.get("/contacts/list/", query_string={"q": text}).text
        assert ("50% off_line" in page) is found, text
        assert "DirectNorth" not in page, text


def test_a_page_has_a_hundred_rows_at_most(house):
    for number in range(120):
        house.contact(last_name=f"Capped{number:03}")
    page = house.browser().get("/contacts/list/?q=capped&page_size=1000000").text
    assert page.count("/contacts/show/") // page.count("Capped000") in (100, 200) or "100" in page
    rows = {f"Capped{number:03}" for number in range(120) if f"Capped{number:03}" in page}
    assert len(rows) == 100


@pytest.mark.parametrize(
    "query",
    [
        "page_UserView=abc",
        "page_UserView=-1",
        "psize_UserView=abc",
        "_flt_99_username=x",
        "_flt_0_nope=x",
        "_flt_0_password=scrypt",
        "_flt_x_username=x",
        "_flt_0_created_by.password=x",
        "_flt_=x",
        "page_UserView=9e9",
    ],
)
def test_an_address_of_flask_appbuilders_own_list_that_cannot_be_read_is_a_400(house, query):
    refused_page(house.browser().get(f"/users/list/?{query}"), 400)


def order_of(page):
    return [
        name
        for _, name in sorted(
            (page.index(f"{name}@staff"), name) for name in ("admin", "finance", "support", "auditor")
        )
    ]


@pytest.mark.parametrize("column", ["password", "created_by.password", "nope", "roles", "changed_by.email", "id; DROP"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_users_are_not_sorted_by_what_is_hidden(house, column, direction):
    client = house.browser()
    plain = order_of(client.get("/users/list/").text)
    query = {"_oc_UserView": column, "_od_UserView": direction}
    assert order_of(client.get("/users/list/", query_string=query).text) == plain


def test_users_are_sorted_and_filtered_by_what_is_shown(house):
    client = house.browser()
    upwards = order_of(client.get("/users/list/?_oc_UserView=username&_od_UserView=asc").text)
    assert upwards == ["admin", "auditor", "finance", "support"]
    assert order_of(client.get("/users/list/?_oc_UserView=username&_od_UserView=desc").text) == upwards[::-1]
    for query in (
        "_oc_UserView=username&_od_UserView=sideways",
        "psize_UserView=1000000",
        "page_UserView=9999999",
        "_flt_0_active=y",
        "_flt_1_active=y",
    ):
        assert client.get(f"/users/list/?{query}").status_code == 200, query
    for value in ("x", "", "1", "True"):
        assert client.get(f"/users/list/?_flt_0_active={value}").status_code == 400, value
