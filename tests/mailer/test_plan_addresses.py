"""What holds at an address, whichever roads lead to it; addresses typed in; an invoice that reaches nobody."""

import pytest

from app.core.bill_format import BillFormat
from app.mailer.planning.plan_model import Link, Made, Road
from app.mailer.planning.reasons import Reason
from tests.mailer.plan_cases import (
    BILLING_LETTER,
    FAULT_TICKET,
    MARKETING_LETTER,
    contact,
    customer,
    invoice,
    letter,
    outcome,
    planned,
    update,
)

MAIN = "main@acme.example"
FURTHER = "bills@acme.example"
ANNA = "anna@example.com"
NONE, SHORT, LONG, FULL = BillFormat
LETTERS = frozenset({BILLING_LETTER, MARKETING_LETTER})
TICKETS = frozenset({FAULT_TICKET})


class TestAnyRoad:
    def test_suppressed(self):
        result = planned(invoice(), customer("Main@ACME.example"), suppressed={MAIN: "550 no such user"})
        assert outcome(result) == ({}, [("Main@ACME.example", "suppressed")])
        assert result.skipped[0].detail == "550 no such user"

    @pytest.mark.parametrize(
        "state", ["held", "queued", "sending", "waiting", "uncertain", "sent", "failed", "bounced"]
    )
    def test_an_address_that_has_it_does_not_get_it_twice(self, state):
        anna = contact(email=" ANNA@example.com", email_bill_type=FULL)
        result = planned(invoice(), customer(MAIN), anna, already_made={ANNA: Made(12, state)})
        assert outcome(result) == ({MAIN: ["customer_email"]}, [("ANNA@example.com", "already_sent")])
        assert result.skipped[0].detail == f"Message 12 ({state})."

    def test_a_cancelled_message_is_none(self):
        result = planned(invoice(), customer(MAIN), already_made={MAIN: Made(12, "cancelled")})
        assert outcome(result) == ({MAIN: ["customer_email"]}, [])

    def test_unticked_in_any_spelling(self):
        result = planned(invoice(), customer(MAIN, FURTHER), unticked=frozenset({" MAIN@acme.example"}))
        assert outcome(result) == ({FURTHER: ["customer_email"]}, [(MAIN, "unticked")])

    def test_the_first_obstacle_is_the_reason(self):
        everything = {
            "suppressed": {ANNA: "550"},
            "already_made": {ANNA: Made(1, "sent")},
            "unticked": frozenset({ANNA}),
        }
        reasons = []
        for last in ("suppressed", "already_made", "unticked"):
            result = planned(invoice(), customer(), contact(email_bill_type=SHORT), **everything)
            reasons.append(str(result.skipped[-1].reason))
            del everything[last]
        assert reasons == ["suppressed", "already_sent", "unticked"]

    def test_the_roads_own_obstacle_comes_before_the_addresss(self):
        result = planned(invoice(), customer(), contact(), suppressed={ANNA: "550"})
        assert result.skipped[-1].reason is Reason.FORMAT_NONE

    def test_every_road_to_a_suppressed_address_is_skipped(self):
        result = planned(invoice(), customer(ANNA), contact(email_bill_type=LONG), suppressed={ANNA: ""})
        assert outcome(result) == ({}, [(ANNA, "suppressed"), (ANNA, "suppressed")])


class TestOneAddressOneMail:
    def test_all_roads_are_kept_as_reasons(self):
        result = planned(
            invoice(),
            customer("Anna@Example.com"),
            contact(9, "ANNA@example.com", email_bill_type=SHORT),
            contact(4, " anna@EXAMPLE.com ", email_bill_type=LONG, link=Link.SHARED, language="de"),
        )
        assert len(result.messages) == 1
        message = result.messages[0]
        assert [(way.reason, way.contact_id) for way in message.recipients] == [
            (Reason.CUSTOMER_EMAIL, None),
            (Reason.COPY_EMAIL_BILL, 4),
            (Reason.COPY_EMAIL_BILL, 9),
        ]
        assert [way.format for way in message.recipients] == [SHORT, LONG, SHORT]

    def test_it_is_addressed_to_the_contact_with_the_lowest_id(self):
        result = planned(
            letter(),
            customer("Anna@Example.com", language="en"),
            contact(9, "ANNA@example.com", copy_correspondence=LETTERS, language="fr"),
            contact(4, " anna@EXAMPLE.com ", copy_correspondence=LETTERS, language="de", name="Anna Lee"),
            contact(2, "anna@example.com", language="es"),
        )
        message = result.messages[0]
        assert (message.address, message.name, message.language, message.contact_id) == (
            "anna@EXAMPLE.com",
            "Anna Lee",
            "de",
            4,
        )

    def test_or_else_to_the_customer(self):
        result = planned(letter(), customer(" Main@acme.example", language="fr"), contact(2, MAIN, language="es"))
        message = result.messages[0]
        assert (message.address, message.name, message.language, message.contact_id) == (
            "Main@acme.example",
            "Acme Ltd",
            "fr",
            None,
        )

    def test_a_road_that_does_not_get_it_is_skipped_beside_one_that_does(self):
        result = planned(
            invoice(), customer(ANNA, email_billing=False), contact(email_bill_type=FULL), contact(5, ANNA)
        )
        assert outcome(result) == (
            {ANNA: ["copy_email_bill"]},
            [(ANNA, "email_billing_off"), (ANNA, "format_none")],
        )

    def test_a_mail_goes_to_one_address_alone(self):
        result = planned(invoice(), customer(MAIN, FURTHER), contact(email_bill_type=SHORT))
        assert [message.address for message in result.messages] == [MAIN, FURTHER, ANNA]


class TestTypedIn:
    def test_it_replaces_the_roads(self):
        result = planned(
            invoice(),
            customer(MAIN, email_billing=False, email_bill_type=LONG, usage_report=4, language="de"),
            contact(email_bill_type=FULL),
            typed_in=(" X@example.com", "x@EXAMPLE.com", "y@example.com", ""),
            usage_module=True,
        )
        assert outcome(result) == ({"X@example.com": ["typed_in"], "y@example.com": ["typed_in"]}, [])
        message = result.messages[0]
        assert (message.name, message.language, message.format) == ("Acme Ltd", "de", LONG)
        assert message.usage_reports == ()
        recipient = message.recipients[0]
        assert (recipient.road, recipient.contact_id, recipient.link) == (Road.TYPED_IN, None, None)

    @pytest.mark.parametrize(
        ("own", "chosen", "expected"),
        [
            (FULL, None, FULL),
            (NONE, None, SHORT),
            (FULL, LONG, LONG),
            (NONE, FULL, FULL),
            (FULL, NONE, FULL),
            (NONE, NONE, SHORT),
        ],
    )
    def test_its_format(self, own, chosen, expected):
        account = customer(MAIN, email_bill_type=own)
        result = planned(invoice(), account, typed_in=("x@example.com",), typed_in_format=chosen)
        assert result.messages[0].format is expected

    def test_a_letter_has_no_format(self):
        result = planned(letter(), customer(MAIN), typed_in=("x@example.com",), typed_in_format=FULL)
        assert result.messages[0].format is None

    def test_what_stands_at_an_address_stands(self):
        typed_in = ("a@example.com", "b@example.com", "c@example.com", "d@example.com")
        result = planned(
            invoice(),
            customer(MAIN),
            typed_in=typed_in,
            suppressed={"a@example.com": "complaint"},
            already_made={"b@example.com": Made(3, "sent")},
            unticked=frozenset({"c@example.com"}),
        )
        assert outcome(result) == (
            {"d@example.com": ["typed_in"]},
            [("a@example.com", "suppressed"), ("b@example.com", "already_sent"), ("c@example.com", "unticked")],
        )


class TestReachesNobody:
    @pytest.mark.parametrize(
        ("account", "circumstances", "expected"),
        [
            (customer(MAIN), {}, False),
            (customer(), {}, True),
            (customer(MAIN, email_billing=False), {}, True),
            (customer(MAIN, deleted=True), {}, True),
            (customer(MAIN), {"suppressed": {MAIN: ""}}, True),
            (customer(MAIN), {"already_made": {MAIN: Made(1, "sent")}}, False),
            (customer(MAIN), {"already_made": {MAIN: Made(1, "waiting")}}, False),
            (customer(MAIN), {"already_made": {MAIN: Made(1, "bounced")}}, True),
            (customer(MAIN), {"already_made": {MAIN: Made(1, "failed")}}, True),
            (customer(), {"already_made": {MAIN: Made(1, "cancelled")}}, True),
            (customer(), {"already_made": {MAIN: Made(1, "bounced"), "x@example.com": Made(2, "queued")}}, False),
        ],
    )
    def test_an_invoice(self, account, circumstances, expected):
        assert planned(invoice(), account, **circumstances).reaches_nobody is expected

    @pytest.mark.parametrize("document", [letter(), update()])
    def test_nothing_else_is_flagged(self, document):
        assert planned(document, customer()).reaches_nobody is False
