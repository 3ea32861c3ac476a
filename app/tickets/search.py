"""What a ticket is found by, beside its customer; no word of an update is among it, since some are internal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.core.addresses import normalise
from app.core.search_index import Searchable
from app.core.search_words import address_words, number_terms, words_of
from app.tickets.models import Ticket


def _terms(ticket: Any) -> Iterator[str]:  # noqa: ANN401  a record, or a row with its columns
    yield from number_terms(ticket.number)
    yield from words_of(ticket.subject)
    if ticket.requester_email:
        yield from address_words(ticket.requester_email)
        yield from address_words(normalise(ticket.requester_email))


TICKETS = Searchable("ticket", Ticket, ("number", "subject", "requester_email"), _terms)
