"""What the screens and REST of invoices have in common."""

from __future__ import annotations

from typing import Any

from flask import current_app
from sqlalchemy.orm import raiseload, selectinload

from app.core.money import as_text, minor_unit
from app.core.words import say
from app.invoices import queries, service
from app.invoices.fields import INVOICE_FIELDS
from app.invoices.labels import INVOICE_LABELS
from app.invoices.list_filters import INVOICE_FILTERS
from app.invoices.models import Invoice, as_line
from app.invoices.rules import invoice_totals, tax_by_rate_as_dicts
from app.invoices.usage.field import Usage
from app.mailer.planning.choices import Choices
from app.mailer.planning.rules import Plan
from app.mailer.sending_defaults import sending_defaults
from app.web.resource import Resource


def _amount(name: str) -> Any:  # a function of the invoice
    return lambda invoice: as_text(getattr(invoice, name), places=minor_unit(invoice.currency))


def _tax_by_rate(invoice: Invoice) -> list[dict[str, str]]:
    places = minor_unit(invoice.currency)
    return tax_by_rate_as_dicts(invoice_totals([as_line(row) for row in invoice.lines], places=places), places=places)


def _fields_of_modules_off() -> frozenset[str]:
    """Return the fields of invoices that belong to a module that is off."""
    return frozenset() if current_app.config["SETTINGS"].invoice_usage else frozenset({"usage"})


INVOICE = Resource(
    name="invoice",
    label=say("Invoice"),
    plural=say("Invoices"),
    add_label=say("Add invoice"),
    none_yet=say("No invoices yet"),
    labels=INVOICE_LABELS,
    model=Invoice,
    fields={**INVOICE_FIELDS, "usage": Usage()},
    of_one=("usage",),
    hidden=_fields_of_modules_off,
    rows=queries.invoices,
    get=lambda session, actor, number: queries.invoice(session, actor, invoice_id=number),
    orders={
        "id": Invoice.id,
        "number": Invoice.number,
        "invoice_date": Invoice.invoice_date,
        "due_date": Invoice.due_date,
        "status": Invoice.status,
        "total": Invoice.total,
    },
    default_order="-invoice_date",
    list_filters=INVOICE_FILTERS,
    filters={
        "id": Invoice.id,
        "number": Invoice.number,
        "customer_id": Invoice.customer_id,
        "invoice_date": Invoice.invoice_date,
        "due_date": Invoice.due_date,
        "status": Invoice.status,
        "total": Invoice.total,
        "purchase_order_number": Invoice.purchase_order_number,
        "currency": Invoice.currency,
        "credits_id": Invoice.credits_id,
    },
    matching=queries.matching,
    load=(selectinload(Invoice.lines), raiseload("*")),
    read_only={
        "number": lambda invoice: invoice.number,
        "status": lambda invoice: invoice.status,
        "net": _amount("net"),
        "tax": _amount("tax"),
        "total": _amount("total"),
        "tax_by_rate": _tax_by_rate,
        "credits_id": lambda invoice: invoice.credits_id,
        "credit_reason": lambda invoice: invoice.credit_reason,
    },
    of_owner=("customer.account_number",),
    create=lambda session, actor, values: service.create_invoice(
        session, actor, values=values, default_currency=current_app.config["SETTINGS"].currency
    ),
    update=lambda session, actor, number, values, version: service.update_invoice(
        session, actor, invoice_id=number, values=values, version=version
    ),
    delete=lambda session, actor, number, version: service.delete_invoice(
        session, actor, invoice_id=number, version=version
    ),
    trash=queries.trash,
    restore=lambda session, actor, number, version, act: service.restore_invoice(
        session, actor, invoice_id=number, version=version, act=act
    ),
    purge=lambda session, actor, number, reason, version: service.purge_invoice(
        session, actor, invoice_id=number, reason=reason, version=version
    ),
)


def planned(session: Any, actor: Any, invoice: Invoice, choices: Choices) -> Plan:
    """Return an invoice's plan by the settings of this instance."""
    return service.plan_invoice(session, actor, invoice=invoice, choices=choices, defaults=sending_defaults())
