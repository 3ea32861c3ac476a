"""The screens of customers, and the picker that chooses one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import soft_delete
from app.core.actor import Actor
from app.core.words import say, say_count
from app.customers import queries
from app.customers.cancelled_copies import remembering_cancelled
from app.customers.models import Customer
from app.customers.party_view import ADDRESS_HINTS, CONSENT_HINTS, PartyView
from app.customers.resource import CUSTOMER
from app.customers.rules import ADDRESS_FIELDS, CONSENT_FIELDS, NAME_FIELDS, NUMBER_FIELDS
from app.customers.staying import what_stays
from app.extensions import db
from app.web.display import tag
from app.web.pickers import PICKER_ROWS, Option, Picker
from app.web.request_filters import ids_of

# A confirmation names so many records of a kind, and counts the others.
MAX_NAMED = 5


class CustomerView(PartyView):
    """Customers: the list, the page with its tabs, and the forms."""

    resource = remembering_cancelled(CUSTOMER)
    route_base = "/customers"
    list_columns = ["account_number", "company_name", "last_name", "postcode", "email", "status"]
    list_choices = [
        "crm_reference",
        "title",
        "first_name",
        "address_line_1",
        "country",
        "number_1",
        "website",
        "email_billing",
        "email_bill_type",
        "dealer_code",
        "currency",
        "language",
        "created_at",
        "last_modified_at",
    ]
    all_sections = (
        (say("Account"), ("account_number", "crm_reference", "status", "dealer_code", "currency", "language")),
        (say("Name"), tuple(NAME_FIELDS)),
        (say("Address"), tuple(ADDRESS_FIELDS)),
        (say("Numbers"), (*NUMBER_FIELDS, "website")),
        (say("Email billing"), ("email", "email_billing", "email_bill_type", "invoice_usage_report")),
        (say("Marketing consent"), tuple(CONSENT_FIELDS)),
    )
    show_extra = ((say("System Information"), ("created_at", "last_modified_at", "last_deleted_at")),)
    description_columns = {
        **ADDRESS_HINTS,
        **CONSENT_HINTS,
        "account_number": say("Given once; it is never used again for another account."),
        "email": say("Addresses separated by commas; the first is the main one. All of them get bills in one format."),
        "email_billing": say("Off: these addresses get no invoice. Contacts have settings of their own."),
        "email_bill_type": say("The format for all addresses above."),
    }
    search_hint = say("Account number, name, company, address, email or the end of a phone number.")
    empty_text = say("A customer is an account: one billing identity with an account number.")

    def record_title(self, record: Customer) -> str:
        """Return the name that staff know."""
        return record.name or record.account_number

    def subtitle(self, _actor: Actor, record: Customer) -> str:
        """Return the account number."""
        return say("Account {number}", number=record.account_number)

    def badges(self, record: Customer) -> list[Any]:
        """Mark the account's status."""
        status = record.status
        return [tag(status.name, "success" if status.allows_correspondence else "warning")] if status else []

    def touches(self, actor: Actor, record: Customer) -> list[str]:
        """Name what deleting the account takes along: each kind counted, some by name; and count what stays."""
        kinds: dict[str, list[str]] = {}
        for cascade, child in soft_delete.going_along(db.session(), record):
            kinds.setdefault(cascade.child.__tablename__, []).append(str(child))
        lines: list[str] = []
        for kind, names in kinds.items():
            lines += [_goes_along(kind, name) for name in names[:MAX_NAMED]]
            if len(names) > MAX_NAMED:
                lines.append(_more_go_along(kind, len(names) - MAX_NAMED))
        return [*lines, *what_stays(db.session(), actor, record)]


def _goes_along(kind: str, name: str) -> str:
    if kind == "contact":
        return say("The direct contact {name} goes along.", name=name)
    if kind == "invoice":
        return say("Invoice {name} goes along.", name=name)
    if kind == "ticket":
        return say("Ticket {name} goes along.", name=name)
    return say("{name} goes along.", name=name)


def _more_go_along(kind: str, count: int) -> str:
    if kind == "contact":
        return say_count("{count} more direct contact goes along.", "{count} more direct contacts go along.", count)
    if kind == "invoice":
        return say_count("{count} more invoice goes along.", "{count} more invoices go along.", count)
    if kind == "ticket":
        return say_count("{count} more ticket goes along.", "{count} more tickets go along.", count)
    return say_count("{count} more document goes along.", "{count} more documents go along.", count)


def customer_picker() -> Picker:
    """Return the picker of customers in sight."""

    def search(session: Session, actor: Actor, text: str, _args: Mapping[str, str]) -> Iterable[Option]:
        statement = queries.customers(actor)
        if text:
            statement = statement.where(queries.matching(text))
        return map(_option, session.scalars(statement.order_by(Customer.account_number).limit(PICKER_ROWS)))

    def chosen(session: Session, actor: Actor, values: list[str]) -> Iterable[Option]:
        statement = select(Customer).where(Customer.id.in_(ids_of(values)), queries.in_sight(actor))
        return map(_option, session.scalars(statement))

    return Picker(search, chosen)


def _option(customer: Customer) -> Option:
    return Option(str(customer.id), customer.name or customer.account_number, customer.account_number)
