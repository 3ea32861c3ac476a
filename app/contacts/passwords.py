"""Verify Password: whether what a caller says is a contact's account password."""

from __future__ import annotations

import secrets
from functools import cache

from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash, generate_password_hash

from app.access.ask import ensure
from app.access.table import Operation
from app.contacts import queries
from app.contacts.rules import CONTACT_FIELDS
from app.core import audit
from app.core.actor import Actor
from app.core.audit import Touch, Verb
from app.core.errors import Invalid
from app.core.records import check_version
from app.core.words import said, say


def verify_password(
    session: Session, actor: Actor, *, contact_id: int, password: object, version: int | None = None
) -> bool:
    """Tell whether `password` is the contact's. The trail says that it was asked, and what the answer was.

    A contact without a password takes as long to answer for. Raises Forbidden, NotFound, Stale, Invalid.
    """
    ensure(actor, Operation.VERIFY_PASSWORD, "contact")
    contact = queries.contact(session, actor, contact_id=contact_id)
    check_version(contact, version)
    text = _checked(password)
    nobodys = _hash_of_nobody()
    matches = check_password_hash(contact.account_password_hash or nobodys, text)
    verified = matches and contact.account_password_hash is not None
    touch = Touch("contact", contact.id, contact.label, {"verified": (None, verified)})
    audit.record(session, actor, verb=Verb.CONTACT_PASSWORD_VERIFIED, touched=[touch])
    return verified


def _checked(password: object) -> str:
    try:
        text = CONTACT_FIELDS["account_password"].clean(password)
    except ValueError as error:
        raise Invalid(said(error), field="password") from error
    if not text:
        raise Invalid(say("Give the password that the caller says."), field="password")
    return str(text)


@cache
def _hash_of_nobody() -> str:
    """Return a hash that no password has, made as the others are, so that comparing takes as long."""
    return generate_password_hash(secrets.token_hex())
