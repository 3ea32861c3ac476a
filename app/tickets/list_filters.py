"""The named filters of the tickets' list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import Unreadable
from app.core.words import say
from app.lookups.queries import filter_rows
from app.tickets import queries
from app.tickets.fields import TICKET_LABELS
from app.tickets.models import Ticket
from app.web.list_filters import CasesFilter, Chip, ListFilter, LookupFilter, PickerFilter, Reading
from app.web.pickers import Option


@dataclass(frozen=True, slots=True, kw_only=True)
class MineFilter(ListFilter):
    """The tickets that the reader has opened, or has written on."""

    def read(self, _session: Session, actor: Actor, given: Mapping[str, str]) -> Reading:
        """Read whether it is on."""
        words = say("Mine")
        options = [Option("yes", words)]
        value = given.get(self.name)
        if value is None:
            return Reading(options=options)
        if value != "yes":
            raise Unreadable(say("The filter {name} can be: {values}.", name=self.name, values="yes"), field=self.name)
        return Reading(queries.is_mine(actor), [Chip(self.name, self.label, words)], options)


TICKET_FILTERS: tuple[ListFilter, ...] = (
    CasesFilter(
        name="state",
        label=say("State"),
        cases={
            "open": (say("Open"), lambda: queries.is_closed(closed=False)),
            "closed": (say("Closed"), lambda: queries.is_closed(closed=True)),
        },
    ),
    MineFilter(name="mine", label=say("Whose")),
    LookupFilter(
        name="ticket_status",
        label=TICKET_LABELS["ticket_status"],
        column=Ticket.ticket_status_id,
        rows=filter_rows("ticket_status"),
    ),
    LookupFilter(
        name="ticket_type",
        label=TICKET_LABELS["ticket_type"],
        column=Ticket.ticket_type_id,
        rows=filter_rows("ticket_type"),
    ),
    PickerFilter(
        name="customer_id",
        label=TICKET_LABELS["customer_id"],
        source="customer",
        meets=lambda number: Ticket.customer_id == number,
    ),
)
