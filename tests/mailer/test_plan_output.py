"""What a plan looks like over REST, what its fingerprint covers, and how two plans are told apart."""

import dataclasses
import hashlib
import json

import pytest

from app.core.bill_format import BillFormat
from app.mailer.planning.plan_model import Link, Made
from app.mailer.planning.plan_output import Change, as_dict, difference, with_messages
from tests.mailer.plan_cases import BILLING_LETTER, contact, customer, invoice, letter, planned

MAIN = "Main@acme.example"
NONE, SHORT, LONG, FULL = BillFormat


def test_the_shape_of_the_contract():
    anna = contact(3, "anna@example.com", email_bill_type=LONG, usage_report=8, link=Link.SHARED, name="Anna Lee")
    ben = contact(4, "ben@example.com", email_bill_type=FULL, name="Ben Day")
    result = planned(
        invoice(), customer(MAIN), anna, ben, usage_module=True, suppressed={"ben@example.com": "550 no such user"}
    )
    shown = as_dict(result)
    assert shown == {
        "document": {"kind": "invoice", "id": 5, "number": "ACME/5"},
        "fingerprint": result.fingerprint,
        "reaches_nobody": False,
        "messages": [
            {
                "address": MAIN,
                "format": "short",
                "usage_reports": [],
                "recipients": [
                    {
                        "road": "customer",
                        "contact_id": None,
                        "link": None,
                        "name": "Acme Ltd",
                        "format": "short",
                        "reason": "customer_email",
                    }
                ],
                "message_id": None,
                "state": None,
            },
            {
                "address": "anna@example.com",
                "format": "long",
                "usage_reports": [8],
                "recipients": [
                    {
                        "road": "contact",
                        "contact_id": 3,
                        "link": "shared",
                        "name": "Anna Lee",
                        "format": "long",
                        "reason": "copy_email_bill",
                    }
                ],
                "message_id": None,
                "state": None,
            },
        ],
        "skipped": [
            {
                "address": "ben@example.com",
                "road": "contact",
                "contact_id": 4,
                "link": "direct",
                "name": "Ben Day",
                "reason": "suppressed",
                "detail": "550 no such user",
            }
        ],
    }
    assert json.loads(json.dumps(shown)) == shown


def test_ids_and_states_after_sending():
    result = planned(invoice(), customer(MAIN, "b@acme.example"))
    sent = with_messages(result, {"main@acme.example": Made(40, "queued")})
    assert [(m["message_id"], m["state"]) for m in as_dict(sent)["messages"]] == [(40, "queued"), (None, None)]
    assert sent.fingerprint == result.fingerprint


ACCOUNT = customer(MAIN, "further@acme.example", usage_report=2)
ANNA = contact(3, "anna@example.com", email_bill_type=LONG, usage_report=8)
BEN = contact(4, "ben@example.com")
BEFORE = planned(invoice(), ACCOUNT, ANNA, BEN, usage_module=True)


def again(*, document=None, account=None, anna=None, ben=None, **circumstances):
    return planned(
        invoice(**(document or {})),
        dataclasses.replace(ACCOUNT, **(account or {})),
        dataclasses.replace(ANNA, **(anna or {})),
        dataclasses.replace(BEN, **(ben or {})),
        **{"usage_module": True} | circumstances,
    )


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"document": {"number": "ACME/6"}},
        {"account": {"name": "Acme plc", "language": "de"}},
        {"anna": {"name": "Anna Day", "language": "fr"}},
        {"anna": {"email": " ANNA@Example.com"}},
        {"anna": {"link": Link.SHARED}},
        {"anna": {"copy_correspondence": frozenset({1}), "marketing_consent": True}},
        {"ben": {"usage_report": 9, "language": "de"}},
        {"account": {"emails": ("further@acme.example", "main@ACME.example")}},
        {"unticked": frozenset({"nobody@example.com"})},
    ],
)
def test_what_changes_no_outcome_changes_no_fingerprint(change):
    after = again(**change)
    assert after.fingerprint == BEFORE.fingerprint
    assert not difference(BEFORE, after)


@pytest.mark.parametrize(
    "change",
    [
        {"document": {"version": 2}},
        {"document": {"id": 55}},
        {"account": {"emails": (MAIN,)}},
        {"account": {"email_bill_type": FULL}},
        {"account": {"email_billing": False}},
        {"account": {"deleted": True}},
        {"account": {"usage_report": None}},
        {"anna": {"email": "anna@example.org"}},
        {"anna": {"email_bill_type": FULL}},
        {"anna": {"usage_report": 9}},
        {"anna": {"deleted": True}},
        {"anna": {"id": 30}},
        {"anna": {"email": MAIN}},
        {"ben": {"email_bill_type": SHORT}},
        {"ben": {"deleted": True}},
        {"ben": {"email": None}},
        {"ben": {"email": None, "email_bill_type": SHORT}},
        {"ben": {"id": 40}},
        {"usage_module": False},
        {"suppressed": {"anna@example.com": ""}},
        {"unticked": frozenset({"anna@example.com"})},
        {"already_made": {"anna@example.com": Made(1, "queued")}},
        {"typed_in": ("anna@example.com",)},
    ],
)
def test_what_changes_the_outcome_changes_the_fingerprint(change):
    after = again(**change)
    assert after.fingerprint != BEFORE.fingerprint
    assert difference(BEFORE, after)


def test_a_fingerprint_is_64_hexadecimal_digits_and_stable():
    assert len(BEFORE.fingerprint) == 64
    assert int(BEFORE.fingerprint, 16)
    # An empty plan's, computed apart: sha256 of its canonical JSON.
    empty = '{"document":["correspondence",6,1],"messages":[],"skipped":[["","customer",0,"no_address"]]}'
    assert planned(letter(), customer()).fingerprint == hashlib.sha256(empty.encode()).hexdigest()


class TestDifference:
    def test_added(self):
        assert difference(BEFORE, again(ben={"email_bill_type": SHORT})).added == (
            Change("ben@example.com", "A bill format is chosen under the contact's Copy Email Bill."),
        )

    def test_removed_with_the_reason(self):
        result = difference(BEFORE, again(suppressed={"anna@example.com": "550"}))
        assert result.removed == (Change("anna@example.com", "The address is suppressed."),)
        assert (result.added, result.changed, result.document_changed) == ((), (), False)

    def test_removed_without_a_trace(self):
        assert difference(BEFORE, again(anna={"deleted": True})).removed == (
            Change("anna@example.com", "No road leads to this address any more."),
        )

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({"anna": {"email_bill_type": FULL}}, Change("anna@example.com", "Bill format Full instead of Long.")),
            ({"anna": {"usage_report": 9}}, Change("anna@example.com", "Other usage reports.")),
            (
                {"ben": {"deleted": True}},
                Change("ben@example.com", "No longer listed as skipped: the contact Contact 4."),
            ),
            (
                {"ben": {"email": None}},
                Change("Contact 4", "Skipped for the contact Contact 4: The bill format is none."),
            ),
            (
                {"ben": {"email": None, "email_bill_type": SHORT}},
                Change("Contact 4", "Skipped for the contact Contact 4: There is no email address."),
            ),
        ],
    )
    def test_changed(self, change, expected):
        assert expected in difference(BEFORE, again(**change)).changed

    def test_a_road_more_and_a_road_less(self):
        anna = contact(3, MAIN, copy_correspondence=frozenset({BILLING_LETTER}), name="Anna Lee")
        one = planned(letter(), customer(MAIN))
        two = planned(letter(), customer(MAIN), anna)
        assert difference(one, two).changed == (Change(MAIN, "Also for the contact Anna Lee."),)
        assert difference(two, one).changed == (Change(MAIN, "No longer for the contact Anna Lee."),)

    def test_a_changed_document(self):
        result = difference(BEFORE, again(document={"version": 2}))
        assert result.document_changed
        assert (result.added, result.removed, result.changed) == ((), (), ())
