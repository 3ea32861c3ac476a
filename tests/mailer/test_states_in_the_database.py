"""Which state of a message may follow which is held by the database too, past every program."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.extensions import db
from app.mailer.message_states import STATES, may_follow
from tests.core import making


def force(state: str) -> None:
    """Give the message a state, by a way that is allowed."""
    ways = {
        "held": ["held"],
        "queued": [],
        "sending": ["sending"],
        "waiting": ["sending", "waiting"],
        "uncertain": ["sending", "uncertain"],
        "sent": ["sending", "sent"],
        "failed": ["sending", "failed"],
        "bounced": ["sending", "sent", "bounced"],
        "cancelled": ["cancelled"],
    }
    for step in ways[state]:
        change(step)


def change(state: str) -> None:
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE message SET state = :state"), {"state": state})


@pytest.mark.parametrize("before", STATES)
def test_the_database_holds_the_same_table_as_the_program(app, before):
    making.send(making.invoice(making.billed()))
    db.session.remove()
    force(before)
    for after in (one for one in STATES if one != before and not may_follow(before, one)):
        with pytest.raises(DBAPIError, match="a message can not get"):
            change(after)


@pytest.mark.parametrize(
    ("before", "after"), [(one, other) for one in STATES for other in STATES if one != other and may_follow(one, other)]
)
def test_what_may_follow_follows(app, before, after):
    making.send(making.invoice(making.billed()))
    db.session.remove()
    force(before)
    change(after)
    assert making.states().popitem()[1] == after
