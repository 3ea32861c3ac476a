"""What happened, in plain words: a sentence for each verb of the audit trail, and a name for each door."""

from __future__ import annotations

from app.core.actor import Door
from app.core.audit import Verb
from app.core.words import Words, say

WHAT_HAPPENED: dict[str, Words] = {
    Verb.CUSTOMER_CREATED: say("Customer added"),
    Verb.CUSTOMER_UPDATED: say("Customer changed"),
    Verb.CUSTOMER_DELETED: say("Customer deleted"),
    Verb.CUSTOMER_RESTORED: say("Customer restored"),
    Verb.CUSTOMER_PURGED: say("Customer purged for good"),
    Verb.CONTACT_CREATED: say("Contact added"),
    Verb.CONTACT_UPDATED: say("Contact changed"),
    Verb.CONTACT_DELETED: say("Contact deleted"),
    Verb.CONTACT_RESTORED: say("Contact restored"),
    Verb.CONTACT_PURGED: say("Contact purged for good"),
    Verb.CONTACT_CONVERTED: say("Converted to a shared contact"),
    Verb.CONTACT_PASSWORD_VERIFIED: say("Account password compared with what a caller said"),
    Verb.SHARED_CONTACT_ADDED: say("Shared contact added to a customer"),
    Verb.SHARED_CONTACT_REMOVED: say("Shared contact removed from a customer"),
    Verb.LOOKUP_CREATED: say("Entry of a list added"),
    Verb.LOOKUP_UPDATED: say("Entry of a list changed"),
    Verb.LOOKUP_DELETED: say("Entry of a list deleted"),
    Verb.LOOKUP_RESTORED: say("Entry of a list restored"),
    Verb.LOOKUP_PURGED: say("Entry of a list purged for good"),
    Verb.ISSUER_UPDATED: say("Issuer changed"),
    Verb.MAIL_TEMPLATE_UPDATED: say("Mail template changed"),
    Verb.MAIL_TEMPLATE_SHIPPED: say("Mail template set back to the shipped one"),
    Verb.INVOICE_CREATED: say("Invoice added"),
    Verb.INVOICE_UPDATED: say("Invoice changed"),
    Verb.INVOICE_DELETED: say("Invoice deleted"),
    Verb.INVOICE_RESTORED: say("Invoice restored"),
    Verb.INVOICE_PURGED: say("Invoice purged for good"),
    Verb.INVOICE_APPROVED: say("Invoice approved"),
    Verb.INVOICE_SENT: say("Invoice sent"),
    Verb.INVOICE_SENT_AGAIN: say("Invoice sent again"),
    Verb.LETTER_CREATED: say("Letter added"),
    Verb.LETTER_UPDATED: say("Letter changed"),
    Verb.LETTER_DELETED: say("Letter deleted"),
    Verb.LETTER_RESTORED: say("Letter restored"),
    Verb.LETTER_PURGED: say("Letter purged for good"),
    Verb.LETTER_ATTACHED: say("File attached to a letter"),
    Verb.LETTER_DETACHED: say("File taken off a letter"),
    Verb.LETTER_SENT: say("Letter sent"),
    Verb.LETTER_SENT_AGAIN: say("Letter sent again"),
    Verb.LETTER_DELIVERED: say("Letter marked as delivered"),
    Verb.MESSAGE_RELEASED: say("Message released to leave"),
    Verb.MESSAGE_HELD: say("Message held"),
    Verb.MESSAGE_CLAIMED: say("Message taken up by the worker"),
    Verb.MESSAGE_ATTEMPTED: say("Delivery tried"),
    Verb.MESSAGE_RECOVERED: say("Message found after a worker stopped"),
    Verb.MESSAGE_RETRIED: say("Message tried again"),
    Verb.MESSAGE_CANCELLED: say("Message cancelled"),
    Verb.MESSAGE_BOUNCED: say("Message came back"),
    Verb.MESSAGE_DELAYED: say("Message reported as late"),
    Verb.MESSAGE_PURGED: say("Message purged for good"),
    Verb.SUPPRESSION_ADDED: say("Address suppressed"),
    Verb.SUPPRESSION_LIFTED: say("Suppression lifted"),
    Verb.SUPPRESSION_RESTORED: say("Address suppressed anew"),
    Verb.SUPPRESSION_PURGED: say("Suppression purged for good"),
    Verb.OUTBOX_PAUSED: say("Outbox paused"),
    Verb.OUTBOX_RESUMED: say("Outbox resumed"),
    Verb.LIST_EXPORTED: say("List exported"),
    Verb.COLUMNS_CHOSEN: say("Columns of a list chosen"),
    Verb.VIEW_SAVED: say("View of a list saved"),
    Verb.VIEW_RENAMED: say("View of a list renamed"),
    Verb.VIEW_DELETED: say("View of a list deleted"),
    Verb.LOGGED_IN: say("Logged in"),
    Verb.LOGIN_FAILED: say("Login failed"),
    Verb.LOGGED_OUT: say("Logged out"),
    Verb.USER_CREATED: say("User added"),
    Verb.USER_UPDATED: say("User changed"),
    Verb.USER_DELETED: say("User deleted"),
    Verb.API_KEY_CREATED: say("API key added"),
    Verb.API_KEY_REVOKED: say("API key revoked"),
    Verb.PASSWORD_CHANGED: say("Password changed"),
}

DOORS: dict[str, Words] = {
    Door.SCREEN: say("Screen"),
    Door.API: say("REST API"),
    Door.IMPORT: say("Import"),
    Door.CLI: say("Command line"),
    Door.WORKER: say("Worker"),
    Door.INBOUND: say("Incoming mail"),
    Door.PUBLIC: say("Public page"),
}


def what_happened(verb: str) -> str:
    """Return what an entry's verb tells; one that an older version wrote, and that nobody knows, tells itself."""
    return WHAT_HAPPENED.get(verb) or verb.replace(":", ": ").replace("_", " ").capitalize()


def door_name(door: str) -> str:
    """Return what people call a door."""
    return DOORS.get(door) or door.capitalize()
