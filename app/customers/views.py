"""The screens of customers, and the picker that chooses one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import soft_delete
from app.core.actor import Actor
from app.customers import queries
from app.customers.models import Customer
from app.customers.resource import CUSTOMER
from app.customers.rules import ADDRESS_FIELDS, NAME_FIELDS, NUMBER_FIELDS
from app.extensions import db
from app.web.admin_view import AdminView
from app.web.display import tag
from app.web.pickers import PICKER_ROWS, Option, Picker

SYSTEM_LABELS = {
    "created_at": "Created",
    "last_modified_at": "Last Modified",
    "last_deleted_at": "Deleted",
}
ADDRESS_HINTS = {"address_line_4": "Usually the town.", "address_line_5": "Usually the county."}


class CustomerView(AdminView):
    """Customers: the list, the page with its tabs, and the forms."""

    resource = CUSTOMER
    route_base = "/customers"
    list_columns = ["account_number", "company_name", "last_name", "postcode", "email", "status"]
    sections = (
        ("Account", ("account_number", "crm_reference", "status", "dealer_code", "currency", "language")),
        ("Name", tuple(NAME_FIELDS)),
        ("Address", tuple(ADDRESS_FIELDS)),
        ("Numbers", (*NUMBER_FIELDS, "website")),
        ("Email billing", ("email", "email_billing", "email_bill_type", "invoice_usage_report")),
    )
    show_extra = (("System Information", ("created_at", "last_modified_at", "last_deleted_at")),)
    label_columns = SYSTEM_LABELS | {
        "crm_reference": "CRM reference",
        "email": "Email addresses",
        "email_billing": "Email billing",
        "email_bill_type": "Email bill type",
        "invoice_usage_report": "Invoice Usage Report",
    }
    description_columns = ADDRESS_HINTS | {
        "account_number": "Given once; it is never used again for another account.",
        "email": "Addresses separated by commas; the first is the main one. All of them get bills in one format.",
        "email_billing": "Off: these addresses get no invoice. Contacts have settings of their own.",
        "email_bill_type": "The format for all addresses above.",
    }
    search_hint = "Account number, name, company, address or email."
    empty_text = "A customer is an account: one billing identity with an account number."

    def record_title(self, record: Customer) -> str:
        """Return the name that staff know."""
        return record.name or record.account_number

    def subtitle(self, _actor: Actor, record: Customer) -> str:
        """Return the account number."""
        return gettext("Account %(number)s", number=record.account_number)

    def badges(self, record: Customer) -> list[Any]:
        """Mark the account's status."""
        status = record.status
        return [tag(status.name, "success" if status.allows_correspondence else "warning")] if status else []

    def touches(self, _actor: Actor, record: Customer) -> list[str]:
        """Name what deleting the account takes along."""
        along = soft_delete.going_along(db.session(), record)
        return [f"{cascade.child.__name__} {child} goes along" for cascade, child in along]


def customer_picker() -> Picker:
    """Return the picker of customers in sight."""

    def search(session: Session, actor: Actor, text: str, _args: Mapping[str, str]) -> Iterable[Option]:
        statement = queries.customers(actor)
        if text:
            statement = statement.where(queries.matching(text))
        return map(_option, session.scalars(statement.order_by(Customer.account_number).limit(PICKER_ROWS)))

    def chosen(session: Session, actor: Actor, values: list[str]) -> Iterable[Option]:
        ids = [int(value) for value in values if value.isascii() and value.isdigit() and len(value) < 10]  # noqa: PLR2004
        return map(_option, session.scalars(select(Customer).where(Customer.id.in_(ids), queries.in_sight(actor))))

    return Picker(search, chosen)


def _option(customer: Customer) -> Option:
    return Option(str(customer.id), customer.name or customer.account_number, customer.account_number)
