"""Who may do what: the one table, by resource, role and operation (product page, section 5)."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """The four roles. They are fixed here; the role page shows them read-only."""

    ADMIN = "Admin"
    FINANCE = "Finance"
    SUPPORT = "Support"
    AUDITOR = "Auditor"


class Operation(StrEnum):
    """What can be done to a resource; a permission in Flask-AppBuilder is `can_<operation>` on the resource."""

    READ = "read"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    TRASH = "trash"
    RESTORE = "restore"
    PURGE = "purge"
    LINK = "link"
    CONVERT = "convert"
    VERIFY_PASSWORD = "verify_password"  # noqa: S105  the name of an operation, no password
    APPROVE = "approve"
    SEND = "send"
    RETRY = "retry"
    CANCEL = "cancel"
    LIFT = "lift"
    PAUSE = "pause"
    RESUME = "resume"


LOOKUPS = (
    "contact_type",
    "title",
    "number_type",
    "topic",
    "ticket_type",
    "ticket_status",
    "correspondence_type",
    "usage_report_profile",
    "customer_status",
    "dealer",
)

# What letters are about; each letter keeps the class of its type, and takes the rights of its class.
LETTER_CLASSES = ("billing", "credit_control", "customer_services", "marketing")

_READ = frozenset({Operation.READ})
_READ_TRASH = _READ | {Operation.TRASH}
# Who may delete a record sees it in the trash, and may restore it.
_WRITE = _READ_TRASH | {Operation.CREATE, Operation.UPDATE, Operation.DELETE, Operation.RESTORE}
_ALL = frozenset(Operation)
_NONE: frozenset[Operation] = frozenset()

Row = dict[Role, frozenset[Operation]]


def _row(
    *,
    finance: frozenset[Operation] = _NONE,
    support: frozenset[Operation] = _NONE,
    auditor: frozenset[Operation] = _NONE,
    admin: frozenset[Operation] = _ALL,
) -> Row:
    return {Role.ADMIN: admin, Role.FINANCE: finance, Role.SUPPORT: support, Role.AUDITOR: auditor}


_LOOKUP_ROW = _row(finance=_READ, support=_READ, auditor=_READ_TRASH)
_LETTERS = _WRITE | {Operation.SEND}
_BULK = _LETTERS | {Operation.PAUSE, Operation.RESUME}
_OF_FINANCE = _row(finance=_LETTERS, auditor=_READ_TRASH)
_OF_SUPPORT = _row(finance=_READ, support=_LETTERS, auditor=_READ_TRASH)
_HANDLE = _READ_TRASH | {Operation.UPDATE, Operation.DELETE, Operation.RESTORE}
_ON_MESSAGES = frozenset({Operation.READ, Operation.RETRY, Operation.CANCEL})

TABLE: dict[str, Row] = {
    "customer": _row(
        finance=_WRITE | {Operation.LINK}, support=_READ | {Operation.UPDATE, Operation.LINK}, auditor=_READ_TRASH
    ),
    "contact": _row(
        finance=_WRITE | {Operation.CONVERT},
        support=_WRITE | {Operation.CONVERT, Operation.VERIFY_PASSWORD},
        auditor=_READ_TRASH,
    ),
    "invoice": _row(finance=_WRITE | {Operation.APPROVE, Operation.SEND}, auditor=_READ_TRASH),
    # What is to be left out of a run, and its plan, are its content: whoever may update it chooses and plans again.
    "billing_run": _row(finance=_WRITE | {Operation.SEND, Operation.PAUSE, Operation.RESUME}, auditor=_READ_TRASH),
    "ticket": _row(finance=_READ, support=_WRITE | {Operation.SEND}, auditor=_READ_TRASH),
    # The pages of letters; what may be done with each, the row of its class says.
    "correspondence": _row(finance=_LETTERS, support=_LETTERS, auditor=_READ_TRASH),
    "correspondence.billing": _OF_FINANCE,
    "correspondence.credit_control": _OF_FINANCE,
    "correspondence.customer_services": _OF_SUPPORT,
    "correspondence.marketing": _OF_SUPPORT,
    # The pages of letters to many; which of them, and what may be done with each, the row of its class says.
    "bulk_letter": _row(finance=_BULK, support=_BULK, auditor=_READ_TRASH),
    "message": _row(
        finance=_ON_MESSAGES,
        support=_ON_MESSAGES,
        auditor=_READ,
        admin=_ON_MESSAGES | {Operation.PURGE},
    ),
    # Lifting is how one is deleted, and asks for a reason; what was lifted lies in the trash.
    "suppression": _row(
        finance=_READ | {Operation.LIFT},
        support=_READ | {Operation.LIFT},
        auditor=_READ_TRASH,
        admin=_READ_TRASH | {Operation.CREATE, Operation.LIFT, Operation.RESTORE, Operation.PURGE},
    ),
    # It may be about anything, bills and debts among it: those alone see it who answer what comes in.
    "inbound_mail": _row(
        admin=_HANDLE | {Operation.PURGE},
        support=_HANDLE,
    ),
    "outbox": _row(
        admin=frozenset({Operation.READ, Operation.PAUSE, Operation.RESUME}),
        finance=_READ,
        support=_READ,
        auditor=_READ,
    ),
    "metrics": _row(admin=_READ),
    "issuer": _row(admin=frozenset({Operation.READ, Operation.UPDATE}), finance=_READ, support=_READ, auditor=_READ),
    # There is one of each kind and language: they are edited, never added or deleted.
    "mail_template": _row(
        admin=frozenset({Operation.READ, Operation.UPDATE}), finance=_READ, support=_READ, auditor=_READ
    ),
    "audit": _row(admin=_READ, finance=_READ, support=_READ, auditor=_READ),
    "inbox": _row(admin=_READ),
    "user": _row(admin=_WRITE),
    "role": _row(admin=_READ),
    "api_key": _row(admin=frozenset({Operation.READ, Operation.CREATE, Operation.DELETE})),
    # The page; what is on it, and may be restored from it, the row of each record says.
    "trash": _row(
        admin=_READ | {Operation.RESTORE, Operation.PURGE},
        finance=_READ | {Operation.RESTORE},
        support=_READ | {Operation.RESTORE},
        auditor=_READ,
    ),
    "home": _row(admin=_READ, finance=_READ, support=_READ, auditor=_READ),
    **dict.fromkeys(LOOKUPS, _LOOKUP_ROW),
}

_NAMES_ADDRESSES_NUMBERS = frozenset(
    {
        "title",
        "first_name",
        "last_name",
        "company_name",
        "postcode",
        "country",
        *(f"address_line_{line}" for line in range(1, 6)),
        *(f"number_{number}" for number in range(1, 5)),
        *(f"number_{number}_type" for number in range(1, 5)),
    }
)

# Fields that a role may not set, where the role may write the record at all.
NOT_SETTABLE: dict[tuple[str, Role], frozenset[str]] = {
    ("contact", Role.FINANCE): frozenset({"copy_ticket_updates", "account_password"}),
    ("contact", Role.SUPPORT): frozenset({"email_bill_type", "invoice_usage_report"}),
}

# Where a role may set only a few fields, those few.
ONLY_SETTABLE: dict[tuple[str, Role], frozenset[str]] = {("customer", Role.SUPPORT): _NAMES_ADDRESSES_NUMBERS}

# The kinds of document that a message can be about, by the resource whose permissions they share.
DOCUMENT_RESOURCES = {"invoice": "invoice", "correspondence": "correspondence", "ticket_update": "ticket"}
# Those of which not everybody sees all: their classes, each with a row of its own.
DOCUMENT_CLASSES = {"correspondence": LETTER_CLASSES}


def document_resource(kind: str, document_class: str = "") -> str:
    """Return the resource whose permissions a kind of document takes, or those of a class of it."""
    resource = DOCUMENT_RESOURCES[kind]
    return f"{resource}.{document_class}" if document_class else resource
