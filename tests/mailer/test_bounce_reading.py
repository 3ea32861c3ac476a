"""Reading mails that come back, and what they mean for copy and address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mailer.bounces import verp
from app.mailer.bounces.reading import read
from app.mailer.bounces.rules import SOFT_LIMIT, Failure, Severity, concerning, severity, suppresses
from tests.mailer import returned_mails as mails

SECRET = "k" * 40


def bad(data, address=mails.ADDRESS):
    found = concerning(address, read(data).failures)
    return found[1] if found else None


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (mails.report(), Severity.HARD),
        (mails.exim(), Severity.HARD),
        (mails.qmail(), Severity.HARD),
        (mails.full_mailbox(), Severity.SOFT),
        (mails.late(), Severity.DELAYED),
        (mails.report(action="delivered", status="2.1.5", diagnostic=""), Severity.NONE),
        (mails.report(action="relayed", status="2.1.9", diagnostic=""), Severity.NONE),
        # It was tried for days, and given up.
        (mails.report(status="4.4.1", diagnostic="smtp; connection timed out"), Severity.SOFT),
        (mails.report(status="5.0.0", diagnostic="smtp; 550 5.1.1 unknown"), Severity.HARD),
        (mails.report(status="5.0.0", diagnostic="smtp; 554 5.7.1 looks like spam"), Severity.SOFT),
        (mails.report(status="5.4.7", diagnostic=""), Severity.SOFT),
        (mails.report(status="5.4.1", diagnostic="smtp;550 5.4.1 Recipient address rejected"), Severity.HARD),
        (mails.report(status="5.3.4", diagnostic="smtp; 552 5.3.4 too big"), Severity.SOFT),
        (mails.report(status="5.0.0", diagnostic="smtp; 550 mailbox is full"), Severity.SOFT),
        (mails.answer(), None),
    ],
)
def test_what_a_report_means(data, expected):
    assert bad(data) == expected


def test_the_fields_of_a_report():
    found = read(mails.report(address="real@client.example", original=mails.ADDRESS))
    assert found.by_standard
    assert found.delivered_to == (mails.TO,)
    assert found.returned_ids == (mails.OURS,)
    (failure,) = found.failures
    assert (failure.recipient, failure.original_recipient) == ("real@client.example", mails.ADDRESS)
    assert failure.words == "550 5.1.1 <jo@client.example>: Recipient address rejected: User unknown"


@pytest.mark.parametrize("data", [mails.exim(), mails.qmail()])
def test_reports_that_keep_to_no_standard(data):
    found = read(data)
    assert not found.by_standard
    assert found.returned_ids == (mails.OURS,)
    assert [one.recipient for one in found.failures] == [mails.ADDRESS]
    assert "5.1.1" in found.failures[0].words


def test_among_several_recipients_the_one_that_we_wrote_to_counts():
    several = mails.report(
        more=[("al@client.example", "delivered", "2.1.5"), ("bo@client.example", "delayed", "4.0.0")]
    )
    assert bad(several) == Severity.HARD
    assert bad(several, "AL@client.example") == Severity.NONE
    assert bad(several, "bo@client.example") == Severity.DELAYED
    # Behind a forwarding to many, none of them speaks for the address that we wrote to.
    assert bad(several, "team@client.example") == Severity.SOFT
    assert bad(mails.report(), "team@client.example") == Severity.HARD


@pytest.mark.parametrize("status_type", ["message/global-delivery-status", "message/delivery-status"])
def test_international_reports(status_type):
    data = mails.report(
        address="jos\\x{E9}@client.example",
        kind="utf-8",
        status_type=status_type,
        headers_type="message/global-headers",
        diagnostic="smtp; 550 5.1.1 José is not known",
    )
    (failure,) = read(data).failures
    assert failure.recipient == "josé@client.example"
    assert failure.words == "550 5.1.1 José is not known"
    assert read(data).returned_ids == (mails.OURS,)


@pytest.mark.parametrize(
    "fields",
    [
        {"Auto-Submitted": "auto-replied"},
        {"Auto-Submitted": "auto-generated (vacation)"},
        {"Precedence": "bulk"},
        {"Precedence": "junk"},
        {"Precedence": "list"},
        {"X-Autoreply": "yes"},
        {"Subject": "Out of office: Invoice AC1/1"},
        {"Subject": "Automatic reply: Invoice AC1/1"},
        {"Subject": "=?utf-8?q?Automatische_Antwort=3A_Rechnung?="},
    ],
)
def test_answers_of_programs(fields):
    found = read(mails.answer(**fields))
    assert found.is_answer
    assert not found.failures


def test_a_person_who_answers_is_no_program():
    found = read(mails.answer(**{"Auto-Submitted": "no"}))
    assert not found.is_answer
    assert not found.failures


def test_a_report_read_twice_is_the_same_and_others_are_others():
    first, again = read(mails.report()), read(b"Received: from elsewhere\r\n" + mails.report())
    assert first.identity == again.identity
    assert first.identity != read(mails.report(own_id="<2@mx.client.example>")).identity


@given(st.binary(max_size=3000))
def test_any_bytes_can_be_read(data):
    read(data)


@given(st.binary(max_size=400), st.integers(0, 2000), st.sampled_from([mails.report(), mails.qmail(), mails.exim()]))
def test_damaged_reports_can_be_read(noise, place, data):
    for one in read(data[:place] + noise + data[place:]).failures:
        severity(one)


@given(st.text(), st.text(), st.text(), st.text(), st.integers(0, 99))
def test_the_rules_never_raise(address, action, status, diagnostic, count):
    failure = Failure(recipient=address, action=action, status=status, diagnostic=diagnostic)
    found = concerning(address, [failure])
    assert found is not None
    suppresses(found[1], soft_bounces=count)
    assert severity(failure) != Severity.HARD or action.strip().lower() == "failed"


def test_when_an_address_is_suppressed():
    assert suppresses(Severity.HARD, soft_bounces=0)
    assert not suppresses(Severity.SOFT, soft_bounces=SOFT_LIMIT - 1)
    assert suppresses(Severity.SOFT, soft_bounces=SOFT_LIMIT)
    assert not suppresses(Severity.NONE, soft_bounces=99)


@given(st.integers(1, 2**63 - 1))
def test_a_token_names_its_message_in_any_case(message_id):
    token = verp.token_of(message_id, secret=SECRET)
    assert len(token) <= verp.MAX_TOKEN_LENGTH
    assert verp.message_named(token.upper(), secret=SECRET) == message_id
    assert verp.message_named(token, secret="another" * 9) is None
    other = token.replace(str(message_id), str(message_id + 1), 1)
    assert verp.message_named(other, secret=SECRET) is None


@given(st.text())
def test_no_other_text_is_a_token(text):
    assert verp.message_named(text, secret=SECRET) is None
    assert verp.message_among([text, f"{text}@x.example"], secret=SECRET) is None


def test_return_paths():
    token = verp.token_of(7, secret=SECRET)
    own = verp.ReturnPaths(secret=SECRET, own_senders=True)
    assert own.of("billing@issuer.example", 7) == f"billing+{token}@issuer.example"
    based = verp.ReturnPaths(secret=SECRET, base="bounces@issuer.example")
    assert based.of("billing@issuer.example", 7) == f"bounces+{token}@issuer.example"
    assert verp.ReturnPaths(secret=SECRET).of("billing@issuer.example", 7) == "billing@issuer.example"
    # RFC 5321 allows 64 octets before the @: a plain envelope sender is better than one that servers refuse.
    assert own.of(f"{'b' * 60}@issuer.example", 7) == f"{'b' * 60}@issuer.example"
    assert verp.message_among(["x@y.example", f"BILLING+{token.upper()}@OTHER.example"], secret=SECRET) == 7
