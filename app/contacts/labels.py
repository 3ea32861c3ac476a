"""What people call the fields of contacts."""

from __future__ import annotations

from app.core.words import Words, say
from app.customers.labels import PARTY_LABELS

CONTACT_LABELS: dict[str, Words] = PARTY_LABELS | {
    "customer_id": say("Customer"),
    "kind": say("Kind"),
    "contact_type": say("Contact Type"),
    "email": say("Email"),
    "account_password": say("Account Password"),
    "position": say("Position"),
    "contact_regarding": say("Contact Regarding"),
    "email_bill_type": say("Copy Email Bill"),
    "copy_correspondence": say("Copy Correspondence"),
    "copy_ticket_updates": say("Copy Ticket Updates"),
}
