"""The picker of tickets: by number, subject, requester or customer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy.orm import Session

from app.access.ask import may
from app.access.table import Operation
from app.core.actor import Actor
from app.tickets import queries
from app.tickets.models import Ticket
from app.web.pickers import PICKER_ROWS, Option, Picker
from app.web.request_filters import ids_of


def ticket_picker() -> Picker:
    """Return the picker of the tickets in sight, the latest first; of none for who may see none."""

    def search(session: Session, actor: Actor, text: str, _args: Mapping[str, str]) -> Iterable[Option]:
        if not may(actor, Operation.READ, "ticket"):
            return []
        statement = queries.tickets(actor)
        if text:
            statement = statement.where(queries.matching(text))
        return map(_option, session.scalars(statement.order_by(Ticket.id.desc()).limit(PICKER_ROWS)))

    def chosen(session: Session, actor: Actor, values: list[str]) -> Iterable[Option]:
        if not may(actor, Operation.READ, "ticket"):
            return []
        return map(_option, session.scalars(queries.tickets(actor).where(Ticket.id.in_(ids_of(values)))))

    return Picker(search, chosen)


def _option(ticket: Ticket) -> Option:
    return Option(str(ticket.id), ticket.label, ticket.customer.name)
