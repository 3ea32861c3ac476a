"""All pairs of formats that may meet at one address, with and without usage reports and their module."""

import itertools

import pytest

from app.core.bill_format import BillFormat
from tests.mailer.plan_cases import BILLING_LETTER, contact, customer, invoice, letter, planned

ADDRESS = "anna@example.com"
NONE, SHORT, LONG, FULL = BillFormat

# Written out by hand from the rule: a contact's own format beats the account's. None: no mail at all.
ACCOUNT_AND_CONTACT = {
    (NONE, NONE): None,
    (NONE, SHORT): SHORT,
    (NONE, LONG): LONG,
    (NONE, FULL): FULL,
    (SHORT, NONE): SHORT,
    (SHORT, SHORT): SHORT,
    (SHORT, LONG): LONG,
    (SHORT, FULL): FULL,
    (LONG, NONE): LONG,
    (LONG, SHORT): SHORT,
    (LONG, LONG): LONG,
    (LONG, FULL): FULL,
    (FULL, NONE): FULL,
    (FULL, SHORT): SHORT,
    (FULL, LONG): LONG,
    (FULL, FULL): FULL,
}
# Among contacts, the fullest wins.
TWO_CONTACTS = {
    (NONE, NONE): None,
    (NONE, SHORT): SHORT,
    (NONE, LONG): LONG,
    (NONE, FULL): FULL,
    (SHORT, NONE): SHORT,
    (SHORT, SHORT): SHORT,
    (SHORT, LONG): LONG,
    (SHORT, FULL): FULL,
    (LONG, NONE): LONG,
    (LONG, SHORT): LONG,
    (LONG, LONG): LONG,
    (LONG, FULL): FULL,
    (FULL, NONE): FULL,
    (FULL, SHORT): FULL,
    (FULL, LONG): FULL,
    (FULL, FULL): FULL,
}
PAIRS = list(itertools.product(BillFormat, repeat=2))
REPORTS = [(None, None), (8, None), (None, 9), (8, 9), (8, 8), (9, 8)]


def wanted(module, *roads):
    """The reports of those roads that get the invoice, each once."""
    return tuple(sorted({report for bill_type, report in roads if bill_type != NONE and report})) if module else ()


@pytest.mark.parametrize("module", [True, False])
@pytest.mark.parametrize("reports", REPORTS)
@pytest.mark.parametrize("formats", PAIRS)
def test_account_and_contact(formats, reports, module):
    account = customer(ADDRESS, email_bill_type=formats[0], usage_report=reports[0])
    anna = contact(3, "ANNA@example.com", email_bill_type=formats[1], usage_report=reports[1])
    result = planned(invoice(), account, anna, usage_module=module)
    expected = ACCOUNT_AND_CONTACT[formats]
    assert [message.format for message in result.messages] == ([expected] if expected else [])
    assert len(result.skipped) == formats.count(NONE)
    for message in result.messages:
        assert message.usage_reports == wanted(module, *zip(formats, reports, strict=True))
        assert len(message.recipients) == 2 - formats.count(NONE)


@pytest.mark.parametrize("module", [True, False])
@pytest.mark.parametrize("reports", REPORTS)
@pytest.mark.parametrize("formats", PAIRS)
def test_two_contacts(formats, reports, module):
    anna = contact(3, ADDRESS, email_bill_type=formats[0], usage_report=reports[0])
    other = contact(4, " Anna@example.com", email_bill_type=formats[1], usage_report=reports[1])
    account = customer("main@example.com", email_bill_type=SHORT, usage_report=7)
    result = planned(invoice(), account, anna, other, usage_module=module)
    expected = TWO_CONTACTS[formats]
    assert [message.format for message in result.messages] == ([SHORT, expected] if expected else [SHORT])
    # The reports of one address are no business of another.
    assert result.messages[0].usage_reports == ((7,) if module else ())
    for message in result.messages[1:]:
        assert message.usage_reports == wanted(module, *zip(formats, reports, strict=True))


@pytest.mark.parametrize("account", BillFormat)
@pytest.mark.parametrize("formats", PAIRS)
def test_two_contacts_at_the_accounts_address(formats, account):
    contacts = [contact(number, ADDRESS, email_bill_type=chosen) for number, chosen in enumerate(formats, start=3)]
    result = planned(invoice(), customer(ADDRESS, email_bill_type=account), *contacts)
    expected = TWO_CONTACTS[formats] or (None if account == NONE else account)
    assert [message.format for message in result.messages] == ([expected] if expected else [])


def test_a_report_is_attached_to_invoices_alone():
    anna = contact(usage_report=8, copy_correspondence=frozenset({BILLING_LETTER}))
    result = planned(letter(), customer(ADDRESS, usage_report=9), anna, usage_module=True)
    assert [message.usage_reports for message in result.messages] == [()]
