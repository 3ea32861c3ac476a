"""Texts that letters of a type begin with: kept by administrators, checked, and never over what was typed."""

from __future__ import annotations

import pytest

from app.core.errors import Forbidden, Invalid
from app.correspondence import service as letters_service
from app.lookups.service import create_lookup, update_lookup
from tests.conftest import actor
from tests.core import making
from tests.correspondence import letters

SUBJECT = "Your line, {{ customer }}"
BODY = "# What happens\n\nDear {{ first_name }},\n\n# What you do\n\nNothing."
URL, TYPES = "/api/v1/correspondence/", "/api/v1/correspondence_type/"


@pytest.fixture
def kind(app):
    return making.lookup(
        "correspondence_type",
        "Visit",
        correspondence_class="customer_services",
        template_subject=SUBJECT,
        template_body=BODY,
    )


@pytest.fixture
def customer(app):
    return letters.customer()


def write(kind, customer, **values):
    given = {"customer_id": customer, "correspondence_type": kind, **values}
    return making.run(letters_service.create_letter, actor("support"), values=given)


class TestTheList:
    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"template_subject": "For {{ nobody }}"}, "template_subject"),
            ({"template_body": "For {{ customer"}, "template_body"),
            ({"template_subject": "x" * 161}, "template_subject"),
            ({"template_body": "x" * 20_001}, "template_body"),
            ({"template_body": ">" * 200 + "deep"}, "template_body"),
        ],
    )
    def test_its_texts_are_checked_as_a_letters_are(self, kind, values, field):
        for act in (
            lambda: making.run(update_lookup, resource="correspondence_type", lookup_id=kind, values=values),
            lambda: making.run(
                create_lookup,
                resource="correspondence_type",
                values={"name": "Other", "correspondence_class": "billing", **values},
            ),
        ):
            with pytest.raises(Invalid) as refused:
                act()
            assert list(refused.value.errors) == [field]

    def test_administrators_alone_keep_them_over_rest(self, kind, api):
        row = api()("get", f"{TYPES}{kind}").json["result"]
        assert (row["template_subject"], row["template_body"]) == (SUBJECT, BODY)
        change = {"template_body": None, "version": row["version"]}
        assert api("support")("put", f"{TYPES}{kind}", json=change).status_code == 403
        assert api()("put", f"{TYPES}{kind}", json=change).json["result"]["template_body"] is None

    def test_they_stand_on_the_types_page_and_form(self, kind, login):
        browser = login()
        page = browser.get(f"/correspondence-types/show/{kind}").text
        assert "What happens" in page
        given = {"name": "Visit", "correspondence_class": "customer_services", "active": "y", "version": "1"}
        refused = browser.post(f"/correspondence-types/edit/{kind}", data={**given, "template_body": "{{ nobody }}"})
        assert refused.status_code == 422
        assert "There is no placeholder nobody." in refused.text
        done = browser.post(f"/correspondence-types/edit/{kind}", data={**given, "template_body": "Other"})
        assert done.status_code == 302


class TestLetters:
    def test_what_is_left_out_is_the_types(self, kind, customer):
        letter = write(kind, customer)
        assert (letter.subject, letter.body, letter.status) == (SUBJECT, BODY, "ready")
        assert letter.filled_subject == "Your line, Company AC1"

    def test_what_is_given_stays(self, kind, customer):
        letter = write(kind, customer, subject="Mine", body="My own.")
        assert (letter.subject, letter.body) == ("Mine", "My own.")
        draft = write(kind, customer, body=None)
        assert (draft.subject, draft.body, draft.status) == (SUBJECT, None, "draft")

    def test_a_later_change_of_the_type_changes_no_letter(self, kind, customer):
        letter = write(kind, customer)
        making.run(update_lookup, resource="correspondence_type", lookup_id=kind, values={"template_subject": "Else"})
        assert letter.subject == SUBJECT

    def test_without_texts_a_subject_is_needed(self, customer):
        with pytest.raises(Invalid) as refused:
            write(letters.kind(), customer)
        assert list(refused.value.errors) == ["subject"]

    @pytest.mark.parametrize("wrong", [None, "x", 999, [], True])
    def test_what_is_no_type_is_told_as_before(self, customer, wrong):
        with pytest.raises(Invalid) as refused:
            write(wrong, customer)
        assert "correspondence_type" in refused.value.errors

    def test_the_texts_of_a_type_that_one_may_not_write_stay_unused(self, customer):
        secret = making.lookup("correspondence_type", "Secret", correspondence_class="billing", template_subject="S")
        with pytest.raises((Forbidden, Invalid)):
            write(secret, customer)

    def test_rest_may_leave_them_out(self, kind, customer, api):
        made = api("support")("post", URL, json={"customer_id": customer, "correspondence_type": kind})
        assert made.status_code == 201, made.text
        assert (made.json["result"]["subject"], made.json["result"]["body"]) == (SUBJECT, BODY)

    def test_the_form_asks_for_them_and_gets_those_of_its_own_types_alone(self, kind, customer, login):
        browser = login("support")
        page = browser.get(f"/correspondence/add?customer_id={customer}").text
        assert 'data-texts-url="/correspondence/texts"' in page
        assert browser.get(f"/correspondence/texts?type={kind}").json == {"subject": SUBJECT, "body": BODY}
        for other in ("", "x", "999"):
            assert browser.get(f"/correspondence/texts?type={other}").json == {}
        secret = making.lookup("correspondence_type", "Secret", correspondence_class="billing", template_subject="S")
        assert browser.get(f"/correspondence/texts?type={secret}").json == {}
        assert login("auditor").get(f"/correspondence/texts?type={kind}").status_code == 403
