"""Each rule of who gets a copy, one table for each kind of road."""

import dataclasses
import itertools

import pytest

from app.core.bill_format import BillFormat
from app.mailer.planning.plan_model import Link, Road
from tests.mailer.plan_cases import (
    BILLING_LETTER,
    FAULT_TICKET,
    MARKETING_LETTER,
    contact,
    customer,
    invoice,
    letter,
    marketing,
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


class TestCustomerAddresses:
    def test_each_address_gets_the_invoice(self):
        result = planned(invoice(), customer(MAIN, FURTHER))
        assert outcome(result) == ({MAIN: ["customer_email"], FURTHER: ["customer_email"]}, [])
        assert [message.format for message in result.messages] == [SHORT, SHORT]

    @pytest.mark.parametrize(
        ("billing", "bill_type", "reason"),
        [
            (False, SHORT, "email_billing_off"),
            (True, NONE, "format_none"),
            (False, NONE, "email_billing_off"),
        ],
    )
    def test_no_invoice_without_email_billing_or_format(self, billing, bill_type, reason):
        result = planned(invoice(), customer(MAIN, FURTHER, email_billing=billing, email_bill_type=bill_type))
        assert outcome(result) == ({}, [(MAIN, reason), (FURTHER, reason)])

    def test_only_the_main_address_gets_correspondence(self):
        result = planned(letter(), customer(MAIN, FURTHER, email_billing=False))
        assert outcome(result) == ({MAIN: ["customer_email"]}, [(FURTHER, "bills_only")])
        assert result.messages[0].format is None
        assert result.messages[0].recipients[0].format is None

    @pytest.mark.parametrize("consent", [True, False])
    def test_marketing_needs_the_customers_consent(self, consent):
        result = planned(marketing(), customer(MAIN, marketing_consent=consent))
        expected = ({MAIN: ["customer_email"]}, []) if consent else ({}, [(MAIN, "no_marketing_consent")])
        assert outcome(result) == expected

    def test_consent_is_asked_for_marketing_alone(self):
        assert planned(letter(), customer(MAIN, marketing_consent=False)).messages

    @pytest.mark.parametrize("document", [invoice(), letter(), update()])
    def test_a_customer_without_an_address_is_listed_so(self, document):
        result = planned(document, customer())
        assert outcome(result) == ({}, [(None, "no_address")])
        assert result.skipped[0].road is Road.CUSTOMER

    def test_a_second_spelling_in_the_list_is_the_same_road(self):
        result = planned(letter(), customer(MAIN, " Main@ACME.example "))
        assert outcome(result) == ({MAIN: ["customer_email"]}, [])
        assert len(result.messages[0].recipients) == 1


class TestTicketUpdates:
    def test_the_requester_gets_it_and_not_the_main_address(self):
        result = planned(update(requester_email=" ben@acme.example "), customer(MAIN, FURTHER))
        assert outcome(result) == ({"ben@acme.example": ["requester"]}, [(FURTHER, "bills_only")])
        assert result.messages[0].recipients[0].road is Road.REQUESTER

    @pytest.mark.parametrize("requester", [None, "", "  "])
    def test_the_main_address_stands_in_for_a_missing_requester(self, requester):
        result = planned(update(requester_email=requester), customer(MAIN, FURTHER))
        assert outcome(result) == ({MAIN: ["customer_email"]}, [(FURTHER, "bills_only")])

    @pytest.mark.parametrize(
        ("requester", "author", "address"),
        [("ben@acme.example", "BEN@acme.example", "ben@acme.example"), (None, "Main@acme.example ", MAIN)],
    )
    def test_nobody_gets_what_they_wrote(self, requester, author, address):
        result = planned(update(requester_email=requester, author_address=author), customer(MAIN))
        assert outcome(result) == ({}, [(address, "author")])

    def test_an_author_elsewhere_stops_nobody(self):
        result = planned(update(author_address="staff@example.com"), customer(MAIN))
        assert outcome(result) == ({MAIN: ["customer_email"]}, [])

    def test_no_address_is_not_the_missing_author(self):
        assert outcome(planned(update(), customer())) == ({}, [(None, "no_address")])

    @pytest.mark.parametrize(
        ("selected", "author", "expected"),
        [
            (TICKETS, None, ({MAIN: ["customer_email"], ANNA: ["copy_ticket_updates"]}, [])),
            (frozenset(), None, ({MAIN: ["customer_email"]}, [(ANNA, "type_not_selected")])),
            (frozenset({99}), None, ({MAIN: ["customer_email"]}, [(ANNA, "type_not_selected")])),
            (TICKETS, " ANNA@example.com", ({MAIN: ["customer_email"]}, [(ANNA, "author")])),
            (frozenset(), ANNA, ({MAIN: ["customer_email"]}, [(ANNA, "type_not_selected")])),
        ],
    )
    def test_contacts(self, selected, author, expected):
        anna = contact(copy_ticket_updates=selected, copy_correspondence=LETTERS | TICKETS, email_bill_type=FULL)
        assert outcome(planned(update(author_address=author), customer(MAIN), anna)) == expected


class TestContacts:
    @pytest.mark.parametrize("bill_type", [SHORT, LONG, FULL])
    def test_a_format_makes_a_contact_get_invoices(self, bill_type):
        result = planned(invoice(), customer(email_billing=False), contact(email_bill_type=bill_type))
        assert outcome(result) == ({ANNA: ["copy_email_bill"]}, [(None, "email_billing_off")])
        assert result.messages[0].format is bill_type

    def test_nothing_else_makes_a_contact_get_invoices(self):
        anna = contact(copy_correspondence=LETTERS, copy_ticket_updates=TICKETS, usage_report=4, marketing_consent=True)
        assert outcome(planned(invoice(), customer(MAIN), anna, usage_module=True)) == (
            {MAIN: ["customer_email"]},
            [(ANNA, "format_none")],
        )

    @pytest.mark.parametrize(
        ("document", "selected", "consent", "reason"),
        [
            (letter(), LETTERS, False, None),
            (letter(), frozenset({99}), True, "type_not_selected"),
            (marketing(), LETTERS, True, None),
            (marketing(), LETTERS, False, "no_marketing_consent"),
            (marketing(), frozenset(), False, "type_not_selected"),
        ],
    )
    def test_correspondence_by_type_and_consent(self, document, selected, consent, reason):
        anna = contact(
            copy_correspondence=selected,
            copy_ticket_updates=frozenset({BILLING_LETTER, MARKETING_LETTER}),
            marketing_consent=consent,
            email_bill_type=FULL,
        )
        getting, skipped = outcome(planned(document, customer(MAIN, marketing_consent=True), anna))
        assert getting.get(ANNA) == (None if reason else ["copy_correspondence"])
        assert skipped == ([(ANNA, reason)] if reason else [])

    @pytest.mark.parametrize("email", [None, "", "  "])
    def test_a_contact_without_an_address(self, email):
        result = planned(invoice(), customer(MAIN), contact(email=email, email_bill_type=SHORT))
        assert outcome(result) == ({MAIN: ["customer_email"]}, [(None, "no_address")])

    def test_deleted_contacts_are_not_there(self):
        result = planned(invoice(), customer(MAIN), contact(email_bill_type=SHORT, deleted=True))
        assert outcome(result) == ({MAIN: ["customer_email"]}, [])

    def test_direct_and_shared_ones_alike_and_named_so(self):
        direct = contact(3, ANNA, email_bill_type=SHORT, name="Anna Lee")
        shared = contact(4, "carl@example.com", email_bill_type=LONG, link=Link.SHARED)
        unlinked = contact(5, "dora@example.com", link=Link.SHARED)
        result = planned(invoice(), customer(MAIN), unlinked, shared, direct)
        ways = [(way.road, way.contact_id, way.link, way.name) for m in result.messages for way in m.recipients]
        assert ways == [
            (Road.CUSTOMER, None, None, "Acme Ltd"),
            (Road.CONTACT, 3, Link.DIRECT, "Anna Lee"),
            (Road.CONTACT, 4, Link.SHARED, "Contact 4"),
        ]
        skip = result.skipped[0]
        assert (skip.road, skip.contact_id, skip.link, skip.name) == (Road.CONTACT, 5, Link.SHARED, "Contact 5")

    def test_the_order_in_which_contacts_come_changes_nothing(self):
        contacts = [contact(n, f"c{n % 3}@example.com", email_bill_type=SHORT) for n in range(1, 5)]
        results = {planned(invoice(), customer(MAIN), *some) for some in itertools.permutations(contacts)}
        assert len(results) == 1


class TestGates:
    @pytest.mark.parametrize(
        ("document", "account", "reason"),
        [
            (invoice(), {"deleted": True}, "customer_deleted"),
            (invoice(), {"allows_correspondence": False}, "status_forbids"),
            (update(internal=True), {}, "internal"),
            (update(internal=True), {"allows_correspondence": False}, "status_forbids"),
            (update(internal=True), {"deleted": True, "allows_correspondence": False}, "customer_deleted"),
        ],
    )
    def test_a_closed_gate_stops_every_road(self, document, account, reason):
        someone = contact(email_bill_type=SHORT, copy_ticket_updates=TICKETS)
        no_one = contact(4, None)
        result = planned(document, customer(MAIN, FURTHER, **account), someone, no_one, suppressed={ANNA: "550"})
        roads = [(MAIN, reason), (FURTHER, reason), (ANNA, reason), (None, reason)]
        assert outcome(result) == ({}, roads)
        assert {skip.detail for skip in result.skipped} == {""}

    def test_a_closed_gate_stops_addresses_typed_in(self):
        result = planned(update(internal=True), customer(MAIN), typed_in=("x@example.com",))
        assert outcome(result) == ({}, [("x@example.com", "internal")])

    def test_only_a_ticket_update_can_be_internal(self):
        assert planned(letter(internal=True), customer(MAIN)).messages


def test_a_plan_cannot_be_changed():
    result = planned(invoice(), customer(MAIN))
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.reaches_nobody = True
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.messages[0].address = "x@example.com"
