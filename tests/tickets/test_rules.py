"""The pure rules of tickets, over whatever there may be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.tickets.rules import (
    MAX_REFERENCES,
    Status,
    UpdateKind,
    closing_error,
    default_status,
    edit_error,
    next_number,
    opening_error,
    pieces,
    thread_headers,
    thread_subject,
    update_number,
)

STATUSES = st.lists(
    st.builds(Status, id=st.integers(1, 99), closed=st.booleans(), active=st.booleans()), unique_by=lambda one: one.id
)
IDS = st.lists(
    st.integers(0, 10**6).map(lambda number: f"<ticket-update.{number}@x.example>"), unique=True, max_size=60
)


def test_numbers():
    assert [next_number("AC1", count) for count in (0, 8, 998, 1000)] == [
        "AC1/T001",
        "AC1/T009",
        "AC1/T999",
        "AC1/T1001",
    ]
    assert update_number("AC1/T001", 12) == "AC1/T001/12"


@given(st.text(max_size=12), st.integers(0, 10**6), st.integers(0, 10**6))
def test_no_two_tickets_of_a_customer_have_one_number(account, one, other):
    assert (next_number(account, one) == next_number(account, other)) == (one == other)


@given(STATUSES, st.booleans())
def test_the_default_is_the_first_that_fits_and_passes_its_own_check(statuses, closed):
    fitting = [one for one in statuses if one.active and one.closed == closed]
    found = default_status(statuses, closed=closed)
    assert found == (fitting[0] if fitting else None)
    if found is not None:
        assert (closing_error(found) if closed else opening_error(found)) is None


@given(st.booleans(), st.booleans())
def test_an_edit_never_closes_or_reopens(before, after):
    refused = edit_error(Status(id=1, closed=before), Status(id=2, closed=after))
    assert (refused is None) == (before == after)
    if refused is not None:
        assert ("Close" if after else "Reopen") in str(refused)


@given(st.booleans())
def test_each_status_either_opens_or_closes(closed):
    status = Status(id=1, closed=closed)
    assert (opening_error(status) is None) != (closing_error(status) is None)


@given(IDS)
def test_a_mail_hangs_below_the_last_and_names_the_first(before):
    fields = dict(thread_headers(before))
    if not before:
        assert fields == {}
        return
    named = fields["References"].split()
    assert fields["In-Reply-To"] == before[-1] == named[-1]
    assert named[0] == before[0]
    assert len(named) == len(set(named)) == min(len(before), MAX_REFERENCES)
    # In their order, and none that was not there.
    assert [one for one in before if one in named] == named


@given(st.text(), IDS)
def test_the_subject_is_stable(subject, before):
    assert thread_subject(subject, before) == (f"Re: {subject}" if before else subject)


@given(
    st.text()
    | st.lists(st.sampled_from(["https://x.example/a", "http://", " ", ".", ")", "(", "<b>", "\n"])).map("".join)
)
def test_pieces_together_are_the_text(text):
    found = pieces(text)
    assert "".join(one.text for one in found) == text
    for one in found:
        assert one.text
        if one.is_link:
            assert one.text.lower().startswith(("http://", "https://"))
            assert not {" ", "\n", "<", ">", '"'} & set(one.text)


def test_links_end_where_people_mean_them_to():
    def links(text):
        return [one.text for one in pieces(text) if one.is_link]

    assert links("See https://x.example/a?b=1&c=2, or (http://y.example).") == [
        "https://x.example/a?b=1&c=2",
        "http://y.example",
    ]
    assert links("https://x.example/Rose_(flower)") == ["https://x.example/Rose_(flower)"]
    assert links("javascript:alert(1) ftp://x.example http:// https://") == []
    assert links('"https://x.example/"><script>') == ["https://x.example/"]


def test_each_kind_has_its_words():
    assert len({str(kind.words) for kind in UpdateKind}) == len(UpdateKind)
