"""What a contact receives, customer by customer, and what stands in the way: always as the plan would have it."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.contacts.service import add_shared_contact
from app.core.bill_format import BillFormat
from app.mailer.planning.plan_model import Circumstances, Contact, Customer, Document, DocumentKind, Link
from app.mailer.planning.receives import USAGE_REPORT_UNAVAILABLE, LetterType, receives
from app.mailer.planning.rules import plan
from tests.core import making

ADDRESS = "ann@x.example"


def person(**values):
    return Contact(**{"id": 7, "name": "Ann", "link": Link.SHARED, "email": ADDRESS, **values})


def account(**values):
    return Customer(**{"id": 1, "name": "Acme", **values})


def against(contact, customer=None, letters=(), **circumstances):
    around = Circumstances(**{"suppressed": {}, "already_made": {}, "usage_module": True, **circumstances})
    found = receives(contact, customer or account(), letters=letters, circumstances=around)
    return [(one.concerns, one.reason, one.types) for one in found.obstacles]


class TestTheRule:
    @pytest.mark.parametrize(
        ("contact", "customer", "around", "obstacles"),
        [
            ({}, {}, {}, []),
            ({"email_bill_type": BillFormat.FULL}, {}, {}, []),
            ({"email_bill_type": BillFormat.FULL}, {"email_billing": False}, {}, []),
            ({"email_bill_type": BillFormat.FULL, "email": None}, {}, {}, [("email_bill_type", "no_address", ())]),
            (
                {"email_bill_type": BillFormat.FULL},
                {},
                {"suppressed": {ADDRESS: "It bounced."}},
                [("email_bill_type", "suppressed", ())],
            ),
            (
                {"email_bill_type": BillFormat.FULL, "copy_ticket_updates": frozenset({4, 3})},
                {"allows_correspondence": False},
                {},
                [("email_bill_type", "status_forbids", ()), ("copy_ticket_updates", "status_forbids", (3, 4))],
            ),
            ({"usage_report": 2}, {}, {}, [("invoice_usage_report", "format_none", ())]),
            (
                {"usage_report": 2, "email_bill_type": BillFormat.SHORT},
                {},
                {"usage_module": False, "unavailable_reports": frozenset({2})},
                [],
            ),
            (
                {"usage_report": 2, "email_bill_type": BillFormat.SHORT},
                {},
                {"unavailable_reports": frozenset({1, 2})},
                [("invoice_usage_report", USAGE_REPORT_UNAVAILABLE, ())],
            ),
            (
                {"usage_report": 2},
                {},
                {"unavailable_reports": frozenset({2})},
                [("invoice_usage_report", "format_none", ())],
            ),
        ],
    )
    def test_what_stands_in_the_way(self, contact, customer, around, obstacles):
        assert against(person(**contact), account(**customer), **around) == obstacles

    def test_marketing_letters_alone_need_consent(self):
        letters = [LetterType(2, marketing=True), LetterType(1, marketing=False)]
        contact = {"copy_correspondence": frozenset({1, 2})}
        assert against(person(**contact), letters=letters) == [("copy_correspondence", "no_marketing_consent", (2,))]
        assert against(person(**contact, marketing_consent=True), letters=letters) == []

    @given(
        st.builds(
            person,
            email=st.sampled_from([None, ADDRESS]),
            email_bill_type=st.sampled_from(list(BillFormat)),
            copy_correspondence=st.frozensets(st.integers(1, 3)),
            copy_ticket_updates=st.frozensets(st.integers(1, 3)),
            marketing_consent=st.booleans(),
        ),
        st.builds(account, allows_correspondence=st.booleans()),
        st.sampled_from([{}, {ADDRESS: "It bounced."}]),
    )
    def test_a_chosen_type_without_an_obstacle_reaches_the_contact(self, contact, customer, suppressed):
        around = Circumstances(suppressed=suppressed, already_made={}, usage_module=True)
        letters = [LetterType(one, marketing=one == 3) for one in contact.copy_correspondence]
        found = receives(contact, customer, letters=letters, circumstances=around)
        stopped = {(one.concerns, number) for one in found.obstacles for number in one.types or (0,)}
        asked = [("email_bill_type", 0, DocumentKind.INVOICE, contact.email_bill_type != BillFormat.NONE)]
        for number in (1, 2, 3):
            chosen = number in contact.copy_correspondence
            asked.append(("copy_correspondence", number, DocumentKind.CORRESPONDENCE, chosen))
            chosen = number in contact.copy_ticket_updates
            asked.append(("copy_ticket_updates", number, DocumentKind.TICKET_UPDATE, chosen))
        for concerns, number, kind, chosen in asked:
            marketing = kind == DocumentKind.CORRESPONDENCE and number == 3
            document = Document(kind=kind, id=1, number="1", version=1, type_id=number or None, marketing=marketing)
            gets = any(
                way.contact_id == contact.id
                for message in plan(document, customer, [contact], around).messages
                for way in message.recipients
            )
            assert gets == (chosen and (concerns, number) not in stopped)


def text_of(page):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


@pytest.fixture
def world(app):
    """Make a shared contact of a customer in sight of the north, of one of the south, and of one that is forbidden."""
    making.dealers("NORTH", "SOUTH")
    forbidden = making.lookup("customer_status", "Closed", allows_correspondence=False)
    news = making.lookup("correspondence_type", "News", correspondence_class="marketing")
    contact_id = making.contact(
        email=ADDRESS,
        email_bill_type="long",
        invoice_usage_report=making.lookup("usage_report_profile", "By number"),
        copy_correspondence=[making.lookup("correspondence_type", "Reminder"), news],
        copy_ticket_updates=[making.lookup("ticket_type", "Fault")],
        dealer_code="NORTH",
    )
    for account_number, values in (
        ("N1", {"dealer_code": "NORTH"}),
        ("N2", {"dealer_code": "NORTH", "status": forbidden}),
        ("S1", {"dealer_code": "SOUTH"}),
    ):
        customer_id = making.customer(account_number, **values)
        making.run(add_shared_contact, customer_id=customer_id, contact_id=contact_id)
    return contact_id


class TestTheDoors:
    def test_rest_gives_each_customer_in_sight_and_counts_the_others(self, world, api):
        path = f"/api/v1/contact/{world}/receives"
        answer = api("auditor")("get", path)
        assert (answer.status_code, answer.json["count"], answer.json["out_of_sight"]) == (200, 3, 0)
        first, second, _ = answer.json["result"]
        assert (first["account_number"], first["email_bill_type"], first["copy_ticket_updates"]) == ("N1", "long", [1])
        assert first["obstacles"] == [
            {"concerns": "copy_correspondence", "types": [1], "reason": "no_marketing_consent", "detail": ""}
        ]
        assert {one["reason"] for one in second["obstacles"]} == {"status_forbids"}
        north = api("north_finance")("get", path).json
        assert ([one["account_number"] for one in north["result"]], north["out_of_sight"]) == (["N1", "N2"], 1)
        assert api()("get", f"{path}?q=(page:1)").json["result"] == []
        assert api()("get", f"{path}?q=(page_size:1)").status_code == 400
        assert api()("get", "/api/v1/contact/99999/receives").status_code == 404

    def test_a_suppressed_address_says_why(self, world, api):
        making.suppress(ADDRESS, "It bounced.")
        obstacles = api()("get", f"/api/v1/contact/{world}/receives").json["result"][0]["obstacles"]
        assert {(one["reason"], one["detail"]) for one in obstacles} == {
            ("suppressed", "It bounced."),
            ("no_marketing_consent", ""),
        }

    def test_the_page_shows_the_same(self, world, login):
        browser = login("north_support")
        assert f"/contacts/{world}/receives" in browser.get(f"/contacts/show/{world}").text
        page = browser.get(f"/contacts/{world}/receives")
        text = text_of(page.text)
        for words in (
            "N1 Company N1",
            "Long",
            "By number",
            "Reminder",
            "Fault",
            "News: There is no consent to marketing.",
            "The customer's status does not allow correspondence.",
            "and 1 customer out of your sight",
        ):
            assert words in text, text[text.index("N1") :]
        assert "S1" not in text, text

    def test_a_contact_out_of_sight_is_not_there(self, login):
        making.dealers("NORTH", "SOUTH")
        theirs = making.contact(dealer_code="SOUTH")
        assert login("north_support").get(f"/contacts/{theirs}/receives").status_code == 404

    def test_a_contact_of_nobody_gets_nothing(self, login):
        assert "Linked to no customer" in login().get(f"/contacts/{making.contact()}/receives").text
