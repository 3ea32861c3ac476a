"""How the pages of customers and contacts mark an address that is suppressed: since when, and why."""

from __future__ import annotations

from flask import url_for
from markupsafe import Markup
from sqlalchemy.orm import Session

from app.contacts.models import Contact
from app.core.actor import Actor
from app.core.addresses import split_addresses
from app.core.words import say
from app.customers.models import Customer
from app.mailer.suppressions import queries
from app.mailer.suppressions.models import Suppression
from app.web.display import link, tag
from app.web.formats import moment_text
from app.web.panels import register_note


def register() -> None:
    """Put the notes below the addresses in place."""
    for resource in ("customer", "contact"):
        register_note(resource, "email", notes)


def notes(session: Session, actor: Actor, record: Customer | Contact) -> list[Markup]:
    """Return a note for each suppressed address of a customer or a contact."""
    found = queries.living_among(session, actor, split_addresses(record.email or ""))
    return [_note(one) for one in found]


def _note(one: Suppression) -> Markup:
    since = say("{address}, since {when}", address=one.address, when=moment_text(one.created_at))
    page = link(since, url_for("SuppressionView.show", pk=one.id))
    return Markup("{} {}: {}").format(tag(say("Suppressed"), "danger"), page, one.reason)
