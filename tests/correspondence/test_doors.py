"""Letters over REST and on the screen: the same verbs, the classes of each role, and what is refused."""

from __future__ import annotations

import base64
import io

import pypdf
import pytest

from app.correspondence.models import Correspondence
from app.extensions import db
from tests.core import making
from tests.correspondence import letters
from tests.correspondence.letters import PDF

URL = "/api/v1/correspondence"
PAGES = "/correspondence"


@pytest.fixture
def world(app):
    """Return the ids of a customer and of a type of each class."""
    return {"customer": letters.customer(), **{name: letters.kind(name) for name in letters.CLASSES}}


def body(world, name="customer_services", **values):
    given = {"customer_id": world["customer"], "correspondence_type": world[name], "subject": "Hello", "body": "Words"}
    return {**given, **values}


def test_a_program_writes_plans_sends_and_reads_a_letter(world, api):
    call = api("support")
    made = call("post", f"{URL}/", json=body(world))
    assert made.status_code == 201
    result, number = made.json["result"], made.json["id"]
    assert (result["number"], result["status"], result["correspondence_class"]) == (
        "AC1/C001",
        "ready",
        "customer_services",
    )
    assert "invoices" not in result
    plan = call("get", f"{URL}/{number}/plan").json["result"]
    assert [one["address"] for one in plan["messages"]] == ["main@acme.example"]
    assert plan["messages"][0]["recipients"][0]["reason"] == "customer_email"
    pdf = call("get", f"{URL}/{number}/pdf")
    assert pypdf.PdfReader(io.BytesIO(pdf.data)).metadata.title == "Hello"
    sent = call("post", f"{URL}/{number}/send", json={"fingerprint": plan["fingerprint"]})
    assert sent.status_code == 202
    again = call("post", f"{URL}/{number}/send").json["result"]
    assert again["messages"] == []
    assert call("get", f"{URL}/{number}").json["result"]["status"] == "emailed"
    why = call("get", f"{URL}/{number}/why?address=further@acme.example").json["result"]
    assert why["outcome"] == "skipped"
    stale = call("post", f"{URL}/{number}/send_again", json={"reason": "x", "addresses": ["a@b.example"], "version": 1})
    assert stale.status_code == 412
    delivered = call("post", f"{URL}/{number}/delivered", json={"note": "By hand"})
    assert (delivered.status_code, delivered.json["result"]["delivered_note"]) == (200, "By hand")
    assert call("post", f"{URL}/{number}/delivered").status_code == 409


def test_what_get_gives_put_takes_back(world, api):
    for name, kind in (("admin", "billing"), ("support", "marketing")):
        call = api(name)
        made = call("post", f"{URL}/", json=body(world, kind))
        given = call("get", f"{URL}/{made.json['id']}").json["result"]
        assert call("put", f"{URL}/{made.json['id']}", json=given).status_code == 200
        changed = {**given, "subject": "Other"}
        assert call("put", f"{URL}/{made.json['id']}", json=changed).json["result"]["subject"] == "Other"


def test_the_type_cannot_be_changed(world, api):
    call = api()
    made = call("post", f"{URL}/", json=body(world))
    given = {"correspondence_type": world["marketing"], "version": made.json["result"]["version"]}
    answer = call("put", f"{URL}/{made.json['id']}", json=given)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["correspondence_type"])


def test_bad_input_is_told_at_its_field(world, api):
    call = api()
    for values, names in (
        ({"subject": ""}, {"subject"}),
        ({"body": "{{ nobody }}"}, {"body"}),
        ({"correspondence_type": 9_999}, {"correspondence_type"}),
        ({"customer_id": 9_999}, {"customer_id"}),
        ({"body": 7}, {"body"}),
        ({"colour": "red"}, {"colour"}),
        ({"invoices": [1]}, {"invoices"}),
    ):
        answer = call("post", f"{URL}/", json=body(world, **values))
        assert (answer.status_code, set(answer.json["errors"])) == (422, names)
    assert db.session.query(Correspondence).count() == 0


def test_files_over_rest(world, api):
    call = api("support")
    number = call("post", f"{URL}/", json=body(world)).json["id"]
    content = base64.b64encode(PDF).decode()
    made = call("post", f"{URL}/{number}/attachments", json={"filename": "plan.pdf", "content": content})
    assert made.status_code == 201
    (file,) = made.json["result"]["attachments"]
    assert (file["filename"], file["content_type"], file["size"]) == ("plan.pdf", "application/pdf", len(PDF))
    for given, name in (
        ({"filename": "a.pdf", "content": base64.b64encode(b"MZ").decode()}, "content"),
        ({"filename": "a.exe", "content": content}, "content"),
        ({"filename": "plan.pdf", "content": content}, "filename"),
        ({"filename": "", "content": content}, "filename"),
        ({"filename": "a.pdf", "content": "not base64"}, "content"),
        ({"filename": "a.pdf", "content": "A" * 7_100_000}, "content"),
    ):
        answer = call("post", f"{URL}/{number}/attachments", json=given)
        assert (answer.status_code, list(answer.json["errors"])) == (422, [name])
    assert call("delete", f"{URL}/{number}/attachments/999").status_code == 404
    gone = call("delete", f"{URL}/{number}/attachments/{file['id']}")
    assert gone.json["result"]["attachments"] == []


def test_each_role_has_its_classes_over_rest(world, api):
    ids = {name: letters.letter(world["customer"], world[name]) for name in letters.CLASSES}
    for who, seen, written in (
        ("finance", letters.CLASSES, ("billing", "credit_control")),
        ("support", ("customer_services", "marketing"), ("customer_services", "marketing")),
        ("auditor", letters.CLASSES, ()),
    ):
        call = api(who)
        listed = call("get", f"{URL}/").json
        assert set(listed["ids"]) == {ids[name] for name in seen}
        for name, number in ids.items():
            assert call("get", f"{URL}/{number}").status_code == (200 if name in seen else 404)
            assert call("get", f"{URL}/{number}/plan").status_code == (200 if name in seen else 404)
            refused = 404 if name not in seen and who != "auditor" else 403
            given = {"subject": "Mine", "version": 999}
            expected = 412 if name in written else refused
            assert call("put", f"{URL}/{number}", json=given).status_code == expected
            sent = call("post", f"{URL}/{number}/send", json={"fingerprint": "0"})
            assert sent.status_code == (409 if name in written else refused)
            if name not in written:
                assert call("post", f"{URL}/", json=body(world, name)).status_code == 403
    assert api("north_support")("get", f"{URL}/{ids['marketing']}").status_code == 404


# The screens.


def test_support_writes_a_letter_on_the_screen(world, login):
    browser = login("support")
    given = {"correspondence_type": str(world["customer_services"]), "subject": "Hello", "body": "Dear {{ nobody }}"}
    add = f"{PAGES}/add?customer_id={world['customer']}"
    form = browser.get(add).text
    assert "Invoices that it is about" not in form
    refused = browser.post(add, data=given)
    assert refused.status_code == 422
    assert "Dear {{ nobody }}" in refused.text
    assert "There is no placeholder nobody." in refused.text
    done = browser.post(add, data={**given, "body": "Dear {{ first_name }}"})
    assert done.status_code == 302
    page = browser.get(done.headers["Location"]).text
    assert "AC1/C001" in page
    assert "Customer services" in page
    mail = browser.get(f"{PAGES}/1/mail")
    assert "Dear Dana" in mail.text
    assert browser.get(f"{PAGES}/1/pdf").data.startswith(b"%PDF-")
    assert "attachment" in browser.get(f"{PAGES}/1/pdf?download=1").headers["Content-Disposition"]


def test_the_picker_offers_the_types_that_one_may_write(world, login):
    for who, names in (("support", {"customer_services", "marketing"}), ("finance", {"billing", "credit_control"})):
        found = login(who).get("/pickers/letter_type?q=").json["results"]
        assert {one["text"] for one in found} == {f"Type {name}" for name in names}
    assert login("support").get("/pickers/invoice?q=").json["results"] == []


def test_files_and_delivery_on_the_screen(world, login):
    letter_id = letters.letter(world["customer"], world["customer_services"])
    browser = login("support")
    lie = {"content": (io.BytesIO(b"MZ"), "plan.pdf")}
    refused = browser.post(f"{PAGES}/{letter_id}/attach", data=lie, content_type="multipart/form-data")
    assert refused.status_code == 422
    assert "is not what its name says" in refused.text
    assert browser.post(f"{PAGES}/{letter_id}/attach", data={}).status_code == 422
    good = {"content": (io.BytesIO(PDF), "plan.pdf")}
    assert browser.post(f"{PAGES}/{letter_id}/attach", data=good, content_type="multipart/form-data").status_code == 302
    assert "plan.pdf" in browser.get(f"{PAGES}/show/{letter_id}?tab=attachments").text
    file = browser.get(f"{PAGES}/{letter_id}/attachments/1")
    assert (file.data, file.headers["Content-Disposition"]) == (PDF, 'attachment; filename="plan.pdf"')
    assert browser.get(f"{PAGES}/{letter_id}/attachments/9").status_code == 404
    assert browser.post(f"{PAGES}/{letter_id}/attachments/1/detach").status_code == 302
    assert browser.post(f"{PAGES}/{letter_id}/delivered", data={"note": "By post"}).status_code == 302
    page = browser.get(f"{PAGES}/show/{letter_id}").text
    assert "By post" in page
    assert "Attach a file" not in page
    assert browser.post(f"{PAGES}/{letter_id}/delivered", data={}).status_code == 409


def test_finance_reads_what_support_writes_and_may_not_touch_it(world, login):
    letter_id = letters.letter(world["customer"], world["customer_services"])
    browser = login("finance")
    page = browser.get(f"{PAGES}/show/{letter_id}").text
    for task in ("edit", "send-again", "delivered", "attach"):
        assert f"/{task}" not in page
    for path in (f"edit/{letter_id}", f"delete/{letter_id}", f"{letter_id}/send", f"{letter_id}/delivered"):
        assert browser.post(f"{PAGES}/{path}", data={"version": "1", "subject": "Mine"}).status_code == 403
    assert browser.get(f"{PAGES}/{letter_id}/send").status_code == 200
    support = login("support")
    hidden = letters.letter(world["customer"], world["billing"])
    for path in (f"show/{hidden}", f"edit/{hidden}", f"{hidden}/send", f"{hidden}/pdf", f"{hidden}/mail"):
        assert support.get(f"{PAGES}/{path}").status_code == 404
    tab = support.get(f"/customers/show/{world['customer']}?tab=correspondence").text
    assert "AC1/C001" in tab
    assert "AC1/C002" not in tab
    assert f"{PAGES}/show/{hidden}" not in support.get("/search/?q=AC1/C002").text
    assert f"{PAGES}/show/{letter_id}" in support.get("/search/?q=AC1/C001").text


def test_exports_hold_the_classes_of_their_reader(world, login):
    for name in ("billing", "marketing"):
        letters.letter(world["customer"], world[name], subject=f"About {name}")
    data = {"state": "columns=number,subject", "everything": "1", "format": "csv"}
    text = login("support").post(f"{PAGES}/export", data=data).data.decode("utf-8-sig")
    assert "About marketing" in text
    assert "About billing" not in text


def test_the_trash_shows_what_one_may_delete(world, login, api):
    from app.correspondence.service import delete_letter

    ids = {name: letters.letter(world["customer"], world[name]) for name in ("billing", "marketing")}
    for number in ids.values():
        making.run(delete_letter, letter_id=number)
    for who, names in (("finance", {"billing"}), ("support", {"marketing"}), ("auditor", {"billing", "marketing"})):
        assert set(api(who)("get", f"{URL}/trash").json["ids"]) == {ids[name] for name in names}
    assert api("finance")("post", f"{URL}/{ids['marketing']}/restore").status_code in (403, 404)
    assert api("support")("post", f"{URL}/{ids['marketing']}/restore").status_code == 200
