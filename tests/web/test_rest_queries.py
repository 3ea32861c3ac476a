"""What a list is asked for over REST: a `q` that can't be read is a 400, never a 500, and never every row."""

from __future__ import annotations

import json
from urllib.parse import quote

import prison
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.contacts.resource import CONTACT
from app.customers.resource import CUSTOMER
from app.invoices.resource import INVOICE
from tests.web.answers import refused

LISTS = ("customer", "contact", "invoice", "message", "issuer", "topic", "correspondence_type", "dealer")


def page(house, q, resource="contact", name="admin"):
    text = q if isinstance(q, str) else prison.dumps(q)
    return house.api(name)("get", f"/api/v1/{resource}/?q={quote(text)}")


def one_filter(column, operator, value):
    return {"filters": [{"col": column, "opr": operator, "value": value}]}


UNREADABLE = [
    "(((",
    "!",
    "'",
    "1",
    "!(1)",
    "'text'",
    "[1]",
    "\x00",
    "(page:a)",
    "(page:-1)",
    "(page:1.5)",
    "(page:99999999999999999999)",
    "(page_size:-2)",
    "(page_size:!t)",
    "(page_size:(a:1))",
    "(surprise:1)",
    "(order_column:!(id))",
    "(order_column:id,order_direction:sideways)",
    "(order_column:'id; DROP TABLE contact')",
    "(order_column:account_password_hash)",
    "(order_column:email_normalised)",
    "(order_column:deletion_id)",
    "(order_column:customer.name)",
    "(columns:account_password_hash)",
    "(columns:!(account_password))",
    "(columns:!(account_password_hash))",
    "(columns:!(customer.crm_reference))",
    "(columns:!(contact_type.__class__))",
    "(columns:!((a:1)))",
    "(filters:1)",
    "(filters:!(1))",
    "(filters:!((col:id)))",
    "(filters:!((col:id,opr:eq,value:1,also:2)))",
    "(filters:!((col:!(id),opr:eq,value:1)))",
    "(filters:!((col:id,opr:!(eq),value:1)))",
    "(filters:!((col:account_password_hash,opr:sw,value:scrypt)))",
    "(filters:!((col:email_normalised,opr:ct,value:a)))",
    "(filters:!((col:nope,opr:eq,value:1)))",
    "(filters:!((col:customer.account_number,opr:eq,value:1)))",
]


@pytest.mark.parametrize("q", UNREADABLE)
def test_a_q_that_cannot_be_read_is_a_400(house, q):
    refused(page(house, q), 400, "unreadable")


@pytest.mark.parametrize(
    ("resource", "column", "operator", "value"),
    [
        ("contact", "last_name", "nope", "x"),
        ("contact", "last_name", "rel_o_m", 1),
        ("contact", "last_name", "ct", [1]),
        ("contact", "last_name", "ct", {"a": 1}),
        ("contact", "last_name", "ct", "a\x00b"),
        ("contact", "last_name", "ct", "x" * 301),
        ("contact", "id", "ct", "1"),
        ("contact", "id", "eq", "one"),
        ("contact", "id", "eq", 2**31),
        ("contact", "id", "eq", -1),
        ("contact", "customer_id", "eq", -1),
        ("topic", "position", "gt", 2**31),
        ("topic", "position", "gt", 1.5),
        ("contact", "id", "gt", None),
        ("contact", "created_at", "lt", None),
        ("contact", "last_name", "ct", None),
        ("invoice", "total", "gt", None),
        ("invoice", "invoice_date", "lt", None),
        ("topic", "position", "lt", None),
        ("message", "created_at", "gt", None),
        ("audit", "id", "gt", None),
        ("audit", "created_at", "gt", None),
        ("contact", "id", "gt", 10**40),
        ("contact", "id", "eq", 1.5),
        ("contact", "id", "eq", True),
        ("contact", "contact_regarding", "eq", 1),
        ("contact", "contact_regarding", "rel_m_m", "x"),
        ("contact", "contact_regarding", "rel_m_m", [1]),
        ("contact", "created_at", "gt", "yesterday"),
        ("contact", "created_at", "gt", "2026-01-01"),
        ("contact", "created_at", "gt", "99999-01-01T00:00:00Z"),
        ("contact", "created_at", "gt", "0001-01-01T00:00:00+23:59"),
        ("contact", "created_at", "gt", "9999-12-31T23:59:59-23:59"),
        ("customer", "email_billing", "eq", "perhaps"),
        ("customer", "email_billing", "gt", True),
        ("invoice", "invoice_date", "eq", "2026-02-30"),
        ("invoice", "total", "eq", "NaN"),
        ("invoice", "total", "gt", "Infinity"),
        ("invoice", "total", "gt", "1e999999"),
        ("invoice", "total", "gt", "twelve"),
    ],
)
def test_a_filter_that_cannot_be_read_is_a_400(house, resource, column, operator, value):
    refused(page(house, one_filter(column, operator, value), resource), 400, "unreadable")


def test_a_filter_without_a_value_is_a_400_where_null_means_nothing(house):
    for resource, column in (("contact", "created_at"), ("invoice", "total"), ("message", "id"), ("audit", "id")):
        for operator in ("gt", "lt"):
            refused(page(house, f"(filters:!((col:{column},opr:{operator})))", resource), 400, "unreadable")
    assert page(house, "(filters:!((col:customer_id,opr:eq)))").json["count"] > 0
    assert page(house, one_filter("customer_id", "rel_o_m", None)).json["count"] > 0


def test_whole_numbers_that_are_no_ids_may_be_negative(house):
    assert page(house, one_filter("position", "gt", -1), "topic").json["count"] > 0
    assert page(house, one_filter("position", "lt", -1), "topic").json["count"] == 0
    words = refused(page(house, one_filter("position", "gt", "x"), "topic"), 400)["q"]
    assert words == ["Give a whole number."]


def test_a_filter_for_a_related_row_that_is_not_there_finds_nothing(house):
    assert page(house, one_filter("contact_regarding", "rel_m_m", 4711)).json["count"] == 0
    assert page(house, one_filter("customer_id", "rel_o_m", 4711)).json["count"] == 0


def test_wildcards_are_letters(house):
    house.contact(last_name="100% sure_thing")
    for text in ("%", "_", "100%", "sure_t"):
        found = page(house, one_filter("last_name", "ct", text)).json
        assert [row["last_name"] for row in found["result"]] == ["100% sure_thing"], text
    assert page(house, one_filter("last_name", "sw", "100_")).json["count"] == 0
    assert page(house, one_filter("last_name", "ct", "\\")).json["count"] == 0


def test_unequal_keeps_rows_that_hold_nothing(house):
    house.contact(last_name="Nameless", first_name=None, company_name="Neq")
    house.contact(last_name="Named", first_name="Ada", company_name="Neq")
    q = {
        "filters": [
            one_filter("company_name", "eq", "Neq")["filters"][0],
            one_filter("first_name", "neq", "Ada")["filters"][0],
        ]
    }
    assert [row["last_name"] for row in page(house, q).json["result"]] == ["Nameless"]


@pytest.mark.parametrize("word", [True, "true", "True"])
def test_yes_is_yes_however_it_is_written(house, word):
    found = page(house, one_filter("email_billing", "eq", word), "customer").json
    assert found["count"] == 2
    assert {row["account_number"] for row in found["result"]} == {"NORTH-1", "SOUTH-1"}


@pytest.mark.parametrize("resource", LISTS)
def test_each_filter_and_order_that_is_offered_works(house, resource):
    info = house.api()("get", f"/api/v1/{resource}/_info").json
    for column, offered in info["filters"].items():
        for operator in (one["operator"] for one in offered):
            value = _value_for(column)
            answer = page(house, one_filter(column, operator, value), resource)
            assert answer.status_code == 200, (column, operator, answer.text)
    for column in info["order_columns"]:
        for direction in ("asc", "desc"):
            answer = page(house, {"order_column": column, "order_direction": direction}, resource)
            assert answer.status_code == 200, (column, answer.text)
    assert info["filters"]
    assert info["order_columns"]


def _value_for(column):
    if column.endswith("_at"):
        return "2026-01-01T00:00:00Z"
    if column.endswith("_date"):
        return "2026-01-05"
    if column in ("active", "bulk", "closed", "allows_correspondence", "email_billing"):
        return True
    return 1


def test_pages_follow_each_other_and_sizes_are_capped(house):
    for number in range(130):
        house.contact(last_name=f"Paged{number:03}", company_name="Pages")
    wanted = one_filter("company_name", "eq", "Pages")["filters"]
    sizes = {
        size: len(page(house, {"filters": wanted, "page_size": size}).json["ids"]) for size in (-1, 0, 1, 100, 5000)
    }
    assert sizes == {-1: 100, 0: 100, 1: 1, 100: 100, 5000: 100}
    assert len(page(house, {"filters": wanted}).json["ids"]) == 20
    seen = [number for at in range(7) for number in page(house, {"filters": wanted, "page": at}).json["ids"]]
    assert len(seen) == len(set(seen)) == 130
    last = page(house, {"filters": wanted, "page": 1_000_000}).json
    assert (last["count"], last["ids"]) == (130, [])
    by_name = page(house, {"filters": wanted, "order_column": "last_name", "order_direction": "desc"}).json["result"]
    assert [row["last_name"] for row in by_name][:2] == ["Paged129", "Paged128"]


def test_columns_that_are_asked_for_are_what_is_given(house):
    q = {"columns": ["last_name", "contact_type.name", "customer_id"], "page_size": 1}
    assert set(page(house, q).json["result"][0]) == {"last_name", "contact_type.name", "customer_id"}
    one = house.api()("get", f"/api/v1/customer/1?q={quote('(columns:!(status.name,id))')}").json
    assert one["result"] == {"status.name": "First customer_status", "id": 1}
    refused(house.api()("get", "/api/v1/customer/1?q=((("), 400)


def test_every_dotted_column_that_is_offered_is_given(own_house):
    house, lookups = own_house, own_house.world.lookups
    types = {f"number_{number}_type": lookups["number_type"] for number in range(1, 5)}
    party = {**types, "title": lookups["title"], "invoice_usage_report": lookups["usage_report_profile"]}
    customer = house.customer(**party, status=lookups["customer_status"])
    contact = house.contact(**party, customer_id=customer, contact_type=lookups["contact_type"])
    records = [(INVOICE, house.invoice(customer)), (CONTACT, contact), (CUSTOMER, customer)]
    call = house.api()
    with house.app.app_context():
        offered = [(resource.name, number, sorted(resource.dotted())) for resource, number in records]
    assert [len(names) for _, _, names in offered] == [1, 8, 7]
    asked = offered + [(name, number, [one]) for name, number, names in offered for one in names]
    for name, number, names in asked:
        q = quote(prison.dumps({"columns": names, **one_filter("id", "eq", number)}))
        (row,) = call("get", f"/api/v1/{name}/?q={q}").json["result"]
        assert set(row) == set(names)
        assert all(row.values()), row
        q = quote(prison.dumps({"columns": names}))
        assert call("get", f"/api/v1/{name}/{number}?q={q}").json["result"] == row
    for name, number, _ in offered:
        assert call("delete", f"/api/v1/{name}/{number}").status_code == 200
    for name, number, names in asked:
        q = quote(prison.dumps({"columns": names, **one_filter("id", "eq", number)}))
        (row,) = call("get", f"/api/v1/{name}/trash?q={q}").json["result"]
        assert set(row) == {*names, "deletion"}
        assert all(row[one] for one in names), row


def test_the_q_of_one_record_and_of_info_is_read_as_strictly(house):
    call = house.api()
    for path in ("customer/1", "contact/1", "invoice/1", "topic/1", "message/1", "audit/1", "issuer/1"):
        assert call("get", f"/api/v1/{path}?q=(columns:!(id))").json["result"] == {"id": 1}, path
        for q in ("(((", "(surprise:1)", "(filters:!())", "(page:0)", "(columns:!(nope))"):
            refused(call("get", f"/api/v1/{path}?q={q}"), 400, "unreadable")
    for resource in (*LISTS, "audit"):
        for q in ("(((", "(surprise:1)", "(columns:!(id))", "(keys:1)", "(keys:!((a:1)))"):
            refused(call("get", f"/api/v1/{resource}/_info?q={q}"), 400, "unreadable")
        told = call("get", f"/api/v1/{resource}/_info?q=(keys:!(permissions))").json
        assert set(told) == {"permissions"}


def test_json_is_read_where_rison_is(house):
    assert page(house, json.dumps({"page_size": 1})).json["count"] > 0


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
KEYS = st.sampled_from(
    ["filters", "order_column", "order_direction", "page", "page_size", "columns", "keys", "col", "opr", "value"]
)
COLUMNS = st.sampled_from(["id", "last_name", "customer_id", "created_at", "contact_regarding", "email_bill_type"])
OPERATORS = st.sampled_from(["eq", "neq", "gt", "lt", "sw", "ew", "ct", "rel_o_m", "rel_m_m", "in", "x"])
FILTERS = st.fixed_dictionaries(
    {"col": COLUMNS | LEAVES, "opr": OPERATORS | LEAVES, "value": LEAVES | st.lists(LEAVES)}
)
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)
QUERIES = st.fixed_dictionaries({}, optional={
    "filters": st.lists(FILTERS | TREES, max_size=3) | TREES,
    "order_column": COLUMNS | TREES,
    "order_direction": st.sampled_from(["asc", "desc"]) | TREES,
    "page": st.integers(-3, 10) | TREES,
    "page_size": st.integers(-3, 200) | TREES,
    "columns": st.lists(COLUMNS) | TREES,
})  # fmt: skip
FEW = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FEW
@given(query=QUERIES)
def test_no_q_made_of_the_right_words_is_a_500(house, query):
    answer = house.api()("get", f"/api/v1/contact/?q={quote(json.dumps(query))}")
    assert answer.status_code in (200, 400), answer.text
    if answer.status_code == 400:
        refused(answer, 400)


@FEW
@given(text=st.text(max_size=60) | st.text(alphabet="()!:',.-0123456789tfnabcfilters", max_size=60))
def test_no_text_at_all_is_a_500(house, text):
    for path in ("contact/", "customer/1"):
        answer = house.api()("get", f"/api/v1/{path}?q={quote(text.encode('utf-8', 'surrogatepass'))}")
        assert answer.status_code in (200, 400), answer.text


@pytest.mark.parametrize("q", ["%ff%fe", "%00", "(" * 20_000, "!(" * 5_000, "[" * 20_000, '{"a":' * 5_000])
def test_bytes_that_are_no_text_and_endless_nesting(house, q):
    answer = house.api()("get", f"/api/v1/contact/?q={q}")
    refused(answer, 400)
