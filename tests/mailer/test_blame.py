"""Whose fault it is that a mail was not taken, and how long what follows from it waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mailer.delivery import backoff
from app.mailer.delivery.blame import Blame, blame_of, is_about_the_road
from app.mailer.smtp.answers import Answer, ConnectionTrouble, Deferred, Refused, Unknown

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHARES = st.floats(0, 1)


def error(kind, step, answer=None):
    said = Answer.of(int(answer[:3]), answer[4:].encode()) if answer else None
    return kind(answer or "The connection was lost.", step=step, answer=said)


@pytest.mark.parametrize(
    ("what", "blame"),
    [
        (error(ConnectionTrouble, "connect"), Blame.ACCOUNT),
        (error(ConnectionTrouble, "connect", "535 5.7.8 Wrong password"), Blame.ACCOUNT),
        (error(ConnectionTrouble, "mail", "421 4.3.2 Shutting down"), Blame.ACCOUNT),
        (error(ConnectionTrouble, "rcpt"), Blame.DOMAIN),
        (error(ConnectionTrouble, "data", "421 4.7.0 Too fast"), Blame.DOMAIN),
        (error(Unknown, "data"), Blame.DOMAIN),
        (error(Deferred, "mail", "452 4.3.1 Insufficient storage"), Blame.SENDER),
        (error(Refused, "mail", "550 5.7.1 Sender refused"), Blame.SENDER),
        (error(Refused, "mail", "552 5.3.4 Too large"), Blame.MESSAGE),
        (error(Deferred, "rcpt", "450 4.2.1 Mailbox busy"), Blame.MESSAGE),
        (error(Deferred, "rcpt", "452 4.2.2 Mailbox full"), Blame.MESSAGE),
        (error(Deferred, "rcpt", "450 4.1.8 Domain of sender not found"), Blame.MESSAGE),
        (error(Deferred, "rcpt", "450 Try again"), Blame.MESSAGE),
        (error(Deferred, "rcpt", "451 4.7.1 Greylisted, please come back"), Blame.MESSAGE),
        (error(Deferred, "rcpt", "451 4.7.500 Too many messages, slow down"), Blame.DOMAIN),
        (error(Deferred, "rcpt", "450 4.4.1 No answer from host"), Blame.DOMAIN),
        (error(Deferred, "data", "452 4.3.1 Disk full"), Blame.DOMAIN),
        (error(Deferred, "data", "451 Local error"), Blame.DOMAIN),
        (error(Refused, "rcpt", "550 5.4.4 No such domain"), Blame.MESSAGE),
        (error(Refused, "data", "554 5.7.1 Looks like spam"), Blame.MESSAGE),
    ],
)
def test_who_is_to_blame(what, blame):
    assert blame_of(what) == blame


@given(st.text(max_size=60))
def test_any_words_are_read(text):
    assert is_about_the_road(f"451 {text}") in {True, False}


@given(st.integers(1, 500), SHARES, st.booleans())
def test_a_pause_has_a_little_jitter_and_never_shrinks(tries, share, of_lane):
    def pause(count, part):
        later = backoff.after_deferral(tries=count, first_try=NOW, now=NOW, share=part, of_lane=of_lane)
        return later - NOW

    least = pause(tries, 0.0)
    assert least <= pause(tries, share) <= least * (1 + backoff.JITTER)
    assert pause(tries + 1, 0.0) >= least >= timedelta(seconds=15)
    # What was the road's fault leaves within ten minutes of its return.
    assert pause(tries, share) <= (timedelta(minutes=10) if of_lane else timedelta(hours=5))


@given(st.integers(1, 500), SHARES)
def test_after_trouble_all_leave_within_ten_minutes(tries, share):
    assert timedelta(seconds=15) <= backoff.after_trouble(tries=tries, now=NOW, share=share) - NOW
    assert backoff.after_trouble(tries=tries, now=NOW, share=share) - NOW < timedelta(minutes=10)


@given(st.timedeltas(timedelta(0), timedelta(days=20)), st.integers(1, 500), SHARES, st.booleans())
def test_giving_up_depends_on_the_days_alone(waited, tries, share, of_lane):
    later = backoff.after_deferral(tries=tries, first_try=NOW - waited, now=NOW, share=share, of_lane=of_lane)
    assert (later is None) == (waited >= backoff.GIVE_UP_AFTER)


@given(st.integers(0, backoff.MOST_COPIES), SHARES)
def test_what_may_have_arrived_is_sent_once_more_at_once_and_then_ever_later(times, share):
    pause = backoff.after_doubt(times=times, now=NOW, share=share) - NOW
    assert (pause == timedelta(0)) == (times <= 1)
    assert pause <= backoff.after_doubt(times=times + 1, now=NOW, share=1.0) - NOW
