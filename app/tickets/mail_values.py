"""What a ticket update puts into the placeholders of its mail, in the mail's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.mailer.wording.shipped import LANGUAGES
from app.tickets.models import TicketUpdate
from app.tickets.rules import UpdateKind

# The first words of an update that says more than its text does.
_HAPPENED: Mapping[UpdateKind, Mapping[str, str]] = {
    UpdateKind.CLOSED: {"en": "This ticket was closed.", "de": "Dieses Ticket wurde geschlossen."},
    UpdateKind.REOPENED: {"en": "This ticket was reopened.", "de": "Dieses Ticket wurde wieder geöffnet."},
}


def mail_values(update: TicketUpdate, issuer: Any, *, language: str) -> Mapping[str, str]:  # noqa: ANN401  the issuer
    """Return the values by placeholder; what an update does not have is empty. No other update is quoted."""
    ticket, customer = update.ticket, update.ticket.customer
    lines = (getattr(issuer, f"address_line_{number}") for number in range(1, 6))
    return {
        "customer": customer.name,
        "account_number": customer.account_number,
        "number": ticket.number,
        "subject": ticket.subject,
        "body": mail_body(update, language=language),
        "type": ticket.ticket_type.name,
        "status": ticket.ticket_status.name,
        "author": update.author_name,
        "issuer": issuer.name,
        "issuer_address": "\n".join(line for line in (*lines, issuer.postcode) if line),
        "issuer_email": issuer.email or "",
        "issuer_website": issuer.website or "",
        "issuer_vat_number": issuer.vat_number or "",
        "issuer_footer": issuer.footer or "",
    }


def mail_body(update: TicketUpdate, *, language: str) -> str:
    """Return the update's text, after the words that say that it closed or reopened the ticket."""
    happened = _HAPPENED.get(UpdateKind(update.kind), {})
    words = happened.get(language if language in LANGUAGES else LANGUAGES[0], "")
    return "\n\n".join(part for part in (words, update.body) if part)
