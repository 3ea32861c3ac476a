"""One road to an address with all that is behind it: whose it is, how they hang on the customer, which setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.contacts import queries as contacts
from app.contacts.models import Contact
from app.core.actor import Actor
from app.core.words import Words
from app.customers import queries as customers
from app.customers.models import Customer
from app.mailer.planning.plan_model import Link, Road
from app.mailer.planning.reasons import explain
from app.mailer.why.acts import Act, linked_by
from app.mailer.why.settings import Setting, settings_behind


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A road as a plan told of it: a message's reason, a road kept as skipped, or one of a plan of this moment."""

    road: str
    contact_id: int | None
    link: str | None
    name: str
    reason: str
    format: str | None = None
    detail: str = ""
    address: str | None = None

    @classmethod
    def of(cls, reason: Mapping[str, Any]) -> Told:
        """Return one of a message's stored reasons."""
        return cls(
            road=reason["road"],
            contact_id=reason["contact_id"],
            link=reason["link"],
            name=reason["name"],
            reason=reason["reason"],
            format=reason.get("format"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLink:
    """How a contact hung on the customer: who linked them and when, and who took that off since."""

    kind: str
    tied_at: datetime | None
    tied_by: str | Words | None
    tied: Act | None
    untied: Act | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRoad:
    """A road with what is behind it; `contact` and `customer` are None where they are out of sight, or gone."""

    told: Told
    customer: Customer | None
    contact: Contact | None
    link: KnownLink | None
    settings: Sequence[Setting]

    @property
    def sentence(self) -> Words:
        """Return the reason in a sentence."""
        return explain(self.told.reason)


def known_roads(
    session: Session, actor: Actor, *, told: Sequence[Told], kind: str, customer_id: int, until: int | None
) -> list[KnownRoad]:
    """Return roads of a document to this customer's people with all that is behind them.

    `until` is the entry of the trail that sent it: settings and links are those of then; without, those of today.
    """
    ids = {one.contact_id for one in told if one.contact_id is not None}
    seen = {one.id: one for one in session.scalars(contacts.contacts(actor).where(Contact.id.in_(ids)))} if ids else {}
    customer = session.scalar(customers.customers(actor).where(Customer.id == customer_id))
    return [
        KnownRoad(
            told=one,
            customer=customer,
            contact=seen.get(one.contact_id) if one.contact_id else None,
            link=_link(session, actor, one, customer_id=customer_id, until=until) if one.contact_id in seen else None,
            settings=settings_behind(
                session,
                actor,
                reason=one.reason,
                kind=kind,
                road=one.road,
                records={"customer": customer, "contact": seen.get(one.contact_id) if one.contact_id else None},
                until=until,
            ),
        )
        for one in told
    ]


def _link(session: Session, actor: Actor, told: Told, *, customer_id: int, until: int | None) -> KnownLink | None:
    if told.contact_id is None or told.road != Road.CONTACT or told.link is None:
        return None
    tied, untied = linked_by(session, actor, customer_id=customer_id, contact_id=told.contact_id, until=until)
    at, by = (tied.at, tied.who) if tied else (None, None)
    row = contacts.link(session, customer_id=customer_id, contact_id=told.contact_id)
    if told.link == Link.SHARED and row is not None and tied is None:
        at, by = row.linked_at, row.linked_by
    return KnownLink(kind=told.link, tied_at=at, tied_by=by, tied=tied, untied=untied)
