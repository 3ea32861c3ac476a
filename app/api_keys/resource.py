"""What the screens of API keys show and do."""

from __future__ import annotations

from sqlalchemy.orm import joinedload

from app.api_keys import queries, service
from app.api_keys.models import ApiKey
from app.api_keys.rules import API_KEY_FIELDS, KeyState, state_of
from app.core import clock
from app.core.words import say
from app.web.list_filters import yes_no
from app.web.resource import Resource, folded

LABELS = {
    "label": say("Label"),
    "user": say("Acts as"),
    "read_only": say("Only reads"),
    "expires_at": say("Expires"),
    "last_used_at": say("Last used"),
    "beginning": say("Begins with"),
    "state": say("State"),
}


def state(record: ApiKey) -> KeyState:
    """Return whether a key opens anything."""
    return state_of(expires_at=record.expires_at, user_active=record.user.is_active, at=clock.now())


API_KEY = Resource(
    name="api_key",
    label=say("API key"),
    plural=say("API keys"),
    add_label=say("Add API key"),
    none_yet=say("No API keys yet"),
    labels=LABELS,
    model=ApiKey,
    fields=API_KEY_FIELDS,
    rows=queries.api_keys,
    get=lambda session, actor, number: queries.api_key(session, actor, api_key_id=number),
    orders={
        "id": ApiKey.id,
        "label": folded(ApiKey.label),
        "expires_at": ApiKey.expires_at,
        "last_used_at": ApiKey.last_used_at,
        "created_at": ApiKey.created_at,
    },
    default_order="label",
    list_filters=(yes_no("read_only", LABELS["read_only"], ApiKey.read_only),),
    matching=queries.matching,
    load=(joinedload(ApiKey.user),),
    read_only={"beginning": lambda record: record.beginning, "state": state},
    create=lambda session, actor, values: service.create_api_key(session, actor, values=values)[0],
    delete=lambda session, actor, number, version: service.revoke_api_key(
        session, actor, api_key_id=number, version=version
    ),
)
