"""What people call the kinds of records and what can be done to them, as words for sentences."""

from __future__ import annotations

from collections.abc import Mapping

from app.access.table import Operation
from app.core.words import Words, say

RESOURCES: Mapping[str, Words] = {
    "customer": say("customer"),
    "contact": say("contact"),
    "invoice": say("invoice"),
    "billing_run": say("billing run"),
    "ticket": say("ticket"),
    "correspondence": say("letter"),
    "bulk_letter": say("bulk letters"),
    "correspondence.billing": say("letter of the class Billing"),
    "correspondence.credit_control": say("letter of the class Credit control"),
    "correspondence.customer_services": say("letter of the class Customer services"),
    "correspondence.marketing": say("letter of the class Marketing"),
    "message": say("message"),
    "suppression": say("suppressed address"),
    "inbound_mail": say("incoming mail"),
    "outbox": say("outbox"),
    "metrics": say("metrics"),
    "issuer": say("issuer"),
    "mail_template": say("mail template"),
    "audit": say("audit trail"),
    "inbox": say("inbox"),
    "user": say("user"),
    "role": say("role"),
    "api_key": say("API key"),
    "home": say("start page"),
    "trash": say("trash"),
    "contact_type": say("contact type"),
    "title": say("title"),
    "number_type": say("number type"),
    "topic": say("topic"),
    "ticket_type": say("ticket type"),
    "ticket_status": say("ticket status"),
    "correspondence_type": say("correspondence type"),
    "usage_report_profile": say("usage report profile"),
    "customer_status": say("customer status"),
    "dealer": say("dealer"),
}

OPERATIONS: Mapping[Operation, Words] = {
    Operation.READ: say("read"),
    Operation.CREATE: say("create"),
    Operation.UPDATE: say("update"),
    Operation.DELETE: say("delete"),
    Operation.RESTORE: say("restore"),
    Operation.TRASH: say("look into the trash of"),
    Operation.PURGE: say("purge"),
    Operation.LINK: say("link"),
    Operation.CONVERT: say("convert"),
    Operation.VERIFY_PASSWORD: say("verify password"),
    Operation.APPROVE: say("approve"),
    Operation.SEND: say("send"),
    Operation.RETRY: say("retry"),
    Operation.CANCEL: say("cancel"),
    Operation.LIFT: say("lift"),
    Operation.PAUSE: say("pause"),
    Operation.RESUME: say("resume"),
}


def name_of(resource: str) -> str:
    """Return what people call a kind of record; one that has no name here is called by the table's."""
    return RESOURCES.get(resource) or resource.replace("_", " ")


def name_of_operation(operation: Operation) -> str:
    """Return what people call an operation."""
    return OPERATIONS.get(operation) or operation.value.replace("_", " ")
