"""How pages show contacts: the mark of their kind, and the customers that they touch."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from app.contacts import queries
from app.contacts.models import Contact
from app.core.actor import Actor
from app.core.words import say, say_count
from app.extensions import db
from app.web.display import tag

# A notice names so many customers, and counts the others: their tab has them all.
MAX_NAMED = 3


def kind_tag(contact: Contact) -> Markup:
    """Return the mark that says direct or shared."""
    return tag(say("Shared"), "info") if contact.customer_id is None else tag(say("Direct"))


def touched(actor: Actor, contact: Contact) -> list[str]:
    """Name some customers of a contact that the reader may see, and count the others."""
    seen, others = queries.touched_customers(db.session(), actor, contact, named=MAX_NAMED)
    names: list[str] = [customer.label for customer in seen]
    if others and names:
        names.append(say_count("and {count} other", "and {count} others", others))
    elif others:
        names.append(say_count("{count} customer out of your sight", "{count} customers out of your sight", others))
    return names


def in_a_list(names: Sequence[str]) -> str:
    """Return names one after the other, as a text whose parts can be translated."""
    whole: str = names[0]
    for name in names[1:]:
        whole = say("{names}, {name}", names=whole, name=name)
    return whole
