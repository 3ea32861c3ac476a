"""Making and revoking keys: who may, what a key is made from, and what is left in the trail."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.access.models import StaffUser
from app.access.table import Role
from app.api_keys import queries
from app.api_keys.models import ApiKey
from app.api_keys.rules import expiry_errors
from app.api_keys.service import create_api_key, revoke_api_key
from app.core import clock
from app.core.actor import Actor, Door
from app.core.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from app.core.models import AuditEntry, AuditRecord
from tests.conftest import USERS, actor

NORTH_ADMIN = Actor(
    door=Door.SCREEN, roles=frozenset({Role.ADMIN.value}), user_id=1, username="admin", dealer_code="NORTH"
)


def given(user="finance", **values):
    expires_at = (clock.now() + timedelta(days=30)).isoformat()
    return {"label": "Billing", "user": list(USERS).index(user) + 1, "expires_at": expires_at, **values}


def test_a_key_only_reads_unless_it_is_told_otherwise(do, session):
    number = do(create_api_key, actor(), values=given())[0].id
    assert session.get(ApiKey, number).read_only is True
    number = do(create_api_key, actor(), values=given(label="Other", read_only=False))[0].id
    assert session.get(ApiKey, number).read_only is False


def test_the_trail_tells_what_a_key_may_do_and_nothing_of_the_key(do, session):
    _, key = do(create_api_key, actor(), values=given(read_only=False))
    record = session.scalars(select(AuditRecord).order_by(AuditRecord.id.desc())).first()
    entry = session.get(AuditEntry, record.entry_id)
    assert (entry.verb, record.resource, record.label) == ("api_key:created", "api_key", "Billing")
    assert set(record.changes) == {"label", "user", "read_only", "expires_at"}
    assert record.changes["read_only"] == [None, False]
    assert key[:9] not in str(record.changes)


@pytest.mark.parametrize("name", ["finance", "support", "auditor"])
def test_only_administrators_make_see_and_revoke_keys(do, session, name):
    number = do(create_api_key, actor(), values=given())[0].id
    with pytest.raises(Forbidden):
        do(create_api_key, actor(name), values=given(label="Other"))
    with pytest.raises(Forbidden):
        do(revoke_api_key, actor(name), api_key_id=number)
    with pytest.raises(Forbidden):
        queries.api_keys(actor(name))
    with pytest.raises(Forbidden):
        queries.possible_users(actor(name))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"label": ""}, "label"),
        ({"label": "x" * 51}, "label"),
        ({"user": None}, "user"),
        ({"user": 999}, "user"),
        ({"user": "1; DROP"}, "user"),
        ({"expires_at": None}, "expires_at"),
        ({"expires_at": "tomorrow"}, "expires_at"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "2190-01-01T00:00:00Z"}, "expires_at"),
        ({"key_hash": "0" * 64}, "key_hash"),
    ],
)
def test_what_a_key_can_not_be_made_from(do, session, values, field):
    with pytest.raises(Invalid) as refusal:
        do(create_api_key, actor(), values={**given(), **values})
    assert field in refusal.value.errors
    assert session.scalars(select(ApiKey)).all() == []


def test_a_key_is_good_for_a_year_at_most():
    at = clock.now()
    for days, good in ((-1, False), (0, False), (1, True), (366, True), (367, False)):
        assert (expiry_errors({"expires_at": at + timedelta(days=days)}, at=at) == {}) is good, days


def test_two_keys_have_no_label_in_common_until_one_is_revoked(do):
    number = do(create_api_key, actor(), values=given())[0].id
    with pytest.raises(Conflict):
        do(create_api_key, actor(), values=given())
    do(revoke_api_key, actor(), api_key_id=number)
    do(create_api_key, actor(), values=given())


def test_a_revoked_key_is_gone_from_the_list_and_revoked_once(do, session):
    number = do(create_api_key, actor(), values=given())[0].id
    with pytest.raises(Stale):
        do(revoke_api_key, actor(), api_key_id=number, version=7)
    do(revoke_api_key, actor(), api_key_id=number, version=1)
    assert session.scalars(queries.api_keys(actor())).all() == []
    with pytest.raises(NotFound):
        do(revoke_api_key, actor(), api_key_id=number)


def test_no_key_is_made_for_a_user_who_is_not_active(do, session):
    user = session.scalar(select(StaffUser).where(StaffUser.username == "finance"))
    user.active = False
    session.commit()
    with pytest.raises(Invalid):
        do(create_api_key, actor(), values=given())


def test_a_dealers_administrator_has_the_keys_of_the_dealers_users(do, session):
    ours = do(create_api_key, actor(), values=given("north_finance", label="Ours"))[0].id
    theirs = do(create_api_key, actor(), values=given("admin", label="Theirs"))[0].id
    assert [one.id for one in session.scalars(queries.api_keys(NORTH_ADMIN))] == [ours]
    with pytest.raises(NotFound):
        do(revoke_api_key, NORTH_ADMIN, api_key_id=theirs)
    with pytest.raises(Invalid):
        do(create_api_key, NORTH_ADMIN, values=given("admin", label="More"))
    do(create_api_key, NORTH_ADMIN, values=given("north_support", label="More"))
