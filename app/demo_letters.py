"""Sample letters: one of each class and state, to customers of the sample data; and bulk letters that are planned."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.correspondence.attachments import attach
from app.correspondence.bulk.service import create_run as write_to_many
from app.correspondence.dispatch import mark_delivered, send_letter
from app.correspondence.service import create_letter
from app.mailer.planning.choices import Choices
from app.mailer.sending_defaults import sending_defaults

_PRICES = """Dear {{ first_name }} {{ last_name }},

from next month, the prices of **calls** change as follows:

| Calls to | Before | After |
|---|---|---|
| London | 1.2p | 1.1p |
| Mobiles | 6.0p | 5.5p |

Everything else about your account {{ account_number }} stays as it is.

Kind regards
{{ issuer }}"""
_REMINDER = """Dear {{ first_name }} {{ last_name }},

our records show that an invoice of yours is overdue. If you have paid it in the last few days, please ignore
this letter.

Kind regards
{{ issuer }}"""
_MAINTENANCE = """Dear {{ first_name }} {{ last_name }},

we work at your exchange, and your service is affected:

## What happens

- **Broadband** stops for up to 30 minutes
- *Telephones* go on working

Read more on [our status page](https://www.pennine.example/status).

Kind regards
{{ issuer }}"""
_OFFER = """Dear {{ first_name }},

there is a new tariff, and we think that it suits {{ customer }}. Call us, and we tell you what you would save."""

# The type by its place in the list, the subject, the text, and what becomes of the letter.
_LETTERS = (
    (0, "Our prices from next month", _PRICES, "sent"),
    (1, "A reminder about your invoice", _REMINDER, "delivered"),
    (2, "Work at your exchange", _MAINTENANCE, "sent"),
    (2, "Work at your exchange in the night", _MAINTENANCE, "ready"),
    (3, "A tariff for {{ customer }}", _OFFER, "ready"),
    (2, "About your call", "", "draft"),
)
_NOTE = b"Work at the exchange\n\nFrom 2 to 4 in the morning.\n"


def write_letters(session: Session, actor: Actor, customers: Sequence[int], types: Sequence[int]) -> None:
    """Write the letters, one for each customer; `types` are the correspondence types in the order of their list."""
    for customer_id, (place, subject, body, becomes) in zip(customers, _LETTERS, strict=False):
        values = {"customer_id": customer_id, "correspondence_type": types[place], "subject": subject, "body": body}
        letter = create_letter(session, actor, values=values)
        if place == 2 and body:  # noqa: PLR2004  the place of planned maintenance
            attach(session, actor, letter_id=letter.id, filename="work.txt", data=_NOTE)
        if becomes == "sent":
            send_letter(
                session,
                actor,
                letter_id=letter.id,
                choices=Choices(),
                fingerprint=None,
                defaults=sending_defaults(),
            )
        elif becomes == "delivered":
            mark_delivered(session, actor, letter_id=letter.id, note="Sent by recorded post.")


def plan_bulk_letters(session: Session, actor: Actor, types: Sequence[int]) -> None:
    """Write one letter to all customers of a dealer, and plan it; it waits for somebody to look at it and start it."""
    values = {
        "correspondence_type": types[2],
        "subject": "Work at your exchange, account {{ account_number }}",
        "body": _MAINTENANCE,
        "send": True,
        "filters": {"dealer_code": "SEVERN"},
    }
    write_to_many(session, actor, values=values, defaults=sending_defaults())
