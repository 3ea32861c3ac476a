"""The trail over REST: pages, filters and single entries within sight, and no way to write it."""

from __future__ import annotations

import pytest

from app.contacts import service as contacts
from tests.web.answers import refused

AUDIT = "/api/v1/audit/"


def page(house, q: str = "()", name: str = "admin") -> dict:
    answer = house.api(name)("get", AUDIT, query_string={"q": q})
    assert answer.status_code == 200, answer.text
    return answer.json


def where(*conditions: tuple[str, str, object], **more: object) -> str:
    filters = ",".join(f"(col:{col},opr:{opr},value:{value})" for col, opr, value in conditions)
    rest = "".join(f",{name}:{value}" for name, value in more.items())
    return f"(filters:!({filters}){rest})"


def test_an_entry_is_given_as_documented(house):
    number = house.contact(last_name="Given", customer_id=house.world.ours["customer"])
    newest = page(house, where(("resource", "eq", "contact"), ("record_id", "eq", number)))
    assert (newest["count"], newest["next"]) == (1, None)
    entry = newest["result"][0]
    assert entry["created_at"].endswith("Z")
    assert {name: entry[name] for name in entry if name not in ("id", "created_at", "records")} == {
        "user": "admin",
        "door": "screen",
        "verb": "contact:created",
        "reason": None,
        "records_in_sight": 2,
        "records_out_of_sight": 0,
    }
    own, customer = entry["records"]
    assert (own["resource"], own["id"], own["label"]) == ("contact", number, "Given")
    assert own["changes"]["last_name"] == [None, "Given"]
    assert (customer["resource"], customer["changes"]) == ("customer", {})
    one = house.api()("get", f"{AUDIT}{entry['id']}")
    assert one.json == {"id": entry["id"], "result": entry}
    some = house.api()("get", f"{AUDIT}{entry['id']}?q=(columns:!(id,verb))").json["result"]
    assert some == {"id": entry["id"], "verb": "contact:created"}


def test_filters_sort_and_pages(house):
    for number in range(5):
        house.customer(company_name=f"Sorted {number}")
    mine = (("label", "ct", "Sorted"), ("verb", "eq", "'customer:created'"))
    every = page(house, where(*mine))["ids"]
    assert len(every) == 5
    assert every == sorted(every, reverse=True)
    up = page(house, where(*mine, order_column="id", order_direction="asc"))
    assert up["ids"] == sorted(every)
    first = page(house, where(*mine, page_size=2))
    assert (first["ids"], first["count"]) == (every[:2], 5)
    second = page(house, where(*mine, page_size=2, after=f"'{first['next']}'"))
    assert second["ids"] == every[2:4]
    assert page(house, where(*mine, page_size=2, page=2))["ids"] == every[4:]
    assert page(house, where(*mine, ("id", "lt", every[1])))["ids"] == every[2:]
    assert page(house, where(*mine, ("user", "eq", "finance")))["ids"] == []
    assert page(house, where(*mine, ("door", "eq", "screen")))["ids"] == every
    assert page(house, where(*mine, ("created_at", "gt", "'2200-01-01T00:00:00Z'")))["ids"] == []
    assert page(house, where(*mine, ("created_at", "lt", "'2200-01-01T00:00:00Z'")))["ids"] == every


def test_conditions_on_records_hold_for_one_of_them(house):
    number = house.contact(last_name="OneOfThem")
    house.do(contacts.add_shared_contact, customer_id=house.world.ours["customer"], contact_id=number)
    assert page(house, where(("resource", "eq", "contact"), ("label", "eq", "OneOfThem")))["count"] == 2
    assert page(house, where(("resource", "eq", "customer"), ("label", "eq", "OneOfThem")))["count"] == 0


@pytest.mark.parametrize(
    "q",
    [
        "(after:x)",
        "(after:'0')",
        "(order_column:verb)",
        "(filters:!((col:changes,opr:eq,value:1)))",
        "(columns:!(secret))",
    ],
)
def test_what_cannot_be_read_is_refused(house, q):
    refused(house.api()("get", AUDIT, query_string={"q": q}), 400)


def test_everybody_reads_what_is_in_their_sight(house):
    users = where(("resource", "eq", "user"))
    assert page(house, users)["count"] > 0
    for name in ("finance", "support", "auditor", "north_finance"):
        assert page(house, users, name)["count"] == 0
    assert page(house, where(("resource", "eq", "invoice")), "finance")["count"] > 0
    assert page(house, where(("resource", "eq", "invoice")), "support")["count"] == 0
    theirs = house.world.theirs["customer"]
    q = where(("resource", "eq", "customer"), ("record_id", "eq", theirs))
    assert page(house, q, "north_finance")["count"] == 0
    hidden = page(house, q)["ids"][0]
    refused(house.api("north_finance")("get", f"{AUDIT}{hidden}"), 404, "not_found")
    refused(house.api()("get", f"{AUDIT}999999"), 404, "not_found")


@pytest.mark.parametrize("name", ["admin", "finance", "support", "auditor"])
def test_nobody_writes_it(house, name):
    before = house.count("audit_entry")
    number = page(house, "(page_size:1)", "admin")["ids"][0]
    call = house.api(name)
    before = house.count("audit_entry")
    refused(call("post", AUDIT, json={"verb": "customer:created"}), 405)
    for method in ("put", "delete", "patch"):
        refused(call(method, f"{AUDIT}{number}", json={}), 405)
    assert house.count("audit_entry") == before
    refused(house.api("")("get", AUDIT), 401)


def test_info_says_what_may_be_asked(house):
    info = house.api("auditor")("get", f"{AUDIT}_info").json
    assert info["permissions"] == ["can_read"]
    assert info["add_columns"] == info["edit_columns"] == []
    assert {"id", "created_at", "user", "verb", "resource", "record_id", "label"} <= info["filters"].keys()
    assert info["order_columns"] == ["id"]


def test_a_password_is_in_no_entry(house):
    number = house.contact(last_name="Hidden", account_password="planted-secret-phrase")
    answer = house.api()(
        "get", AUDIT, query_string={"q": where(("record_id", "eq", number), ("resource", "eq", "contact"))}
    )
    assert "planted-secret" not in answer.text
    assert answer.json["result"][0]["records"][0]["changes"]["account_password"] == [None, "set"]
