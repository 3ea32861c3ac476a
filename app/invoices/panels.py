"""What invoices put on pages: tabs of an invoice and of a customer, and entries of their menus."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import format_currency, format_date
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.access.ask import may
from app.access.table import Operation
from app.core.actor import Actor
from app.customers.models import Customer
from app.invoices import queries
from app.invoices.models import Invoice
from app.invoices.resource import INVOICE
from app.invoices.rules import may_approve
from app.invoices.views import status_tag
from app.mailer.models import Message
from app.mailer.panels import messages_tab
from app.mailer.queries import messages
from app.web.panels import Action, Tab, first_rows, register_action, register_add, register_tab

_LINE_COLUMNS = {
    "description": "Description",
    "category": "Category",
    "quantity": "Quantity",
    "unit_price": "Unit price",
    "tax_rate": "Tax rate",
    "reference": "Reference",
}
_COLUMNS = {"number": "Number", "invoice_date": "Date", "total": "Total", "status": "Status"}


def register() -> None:
    """Put the tabs and the menu entries in place."""
    register_tab(
        "invoice",
        Tab("lines", "Lines", "invoice", "invoices/lines_tab.html", count=_line_count, context=_lines),
    )
    register_tab("invoice", Tab("pdf", "PDF", "invoice", "invoices/pdf_tab.html", count=lambda *_: None, context=_pdf))
    register_tab("invoice", messages_tab(_messages))
    register_tab("customer", Tab("invoices", "Invoices", "invoice", "invoices/tab.html", count=_count, context=_rows))
    register_add("customer", Action("Invoice", "invoice", Operation.CREATE, _add_url, icon="file-invoice"))
    register_action(
        "invoice",
        Action(
            "Send", "invoice", Operation.SEND, lambda invoice: url_for("InvoiceView.send", pk=invoice.id), icon="send"
        ),
    )
    register_action(
        "invoice",
        Action(
            "Approve",
            "invoice",
            Operation.APPROVE,
            lambda invoice: url_for("InvoiceView.approve", pk=invoice.id),
            icon="check",
            applies=lambda invoice: may_approve(invoice.status),
        ),
    )


def _messages(actor: Actor, invoice: Invoice) -> Select[Any]:
    return messages(actor).where(Message.document_kind == "invoice", Message.document_id == invoice.id)


def _add_url(customer: Customer) -> str:
    return url_for("InvoiceView.add", customer_id=customer.id)


def _line_count(_session: Session, _actor: Actor, invoice: Invoice) -> int:
    return len(invoice.lines)


def _lines(_session: Session, _actor: Actor, invoice: Invoice) -> dict[str, Any]:
    numbers = ("quantity", "unit_price", "tax_rate")
    return {
        "columns": [{"key": key, "label": label, "number": key in numbers} for key, label in _LINE_COLUMNS.items()],
        "rows": [
            {
                "pk": position,
                "url": None,
                "cells": [{"key": key, "label": label, "value": row[key]} for key, label in _LINE_COLUMNS.items()],
            }
            for position, row in enumerate(INVOICE.value(invoice, "lines"))
        ],
        "tax": INVOICE.value(invoice, "tax_by_rate"),
        "empty": {"title": "No lines yet", "text": "An invoice needs a line before it can be approved or sent."},
    }


def _pdf(_session: Session, _actor: Actor, invoice: Invoice) -> dict[str, Any]:
    return {"url": url_for("InvoiceView.pdf", pk=invoice.id)}


def _count(session: Session, actor: Actor, customer: Customer) -> int:
    ids = queries.invoices_of_customer(actor, customer_id=customer.id).with_only_columns(Invoice.id)
    return session.scalar(select(func.count()).select_from(ids.subquery())) or 0


def _rows(session: Session, actor: Actor, customer: Customer) -> dict[str, Any]:
    statement = queries.invoices_of_customer(actor, customer_id=customer.id)
    rows, more = first_rows(session, statement.order_by(Invoice.series.desc()))
    add_url = _add_url(customer) if may(actor, Operation.CREATE, "invoice") else None
    return {
        "columns": [{"key": key, "label": label, "number": key == "total"} for key, label in _COLUMNS.items()],
        "rows": [_row(invoice) for invoice in rows],
        "more": more,
        "add_url": add_url,
        "empty": {
            "title": "No invoices yet",
            "text": "An invoice starts as a draft; sending it approves it.",
            "action_url": add_url,
            "action_label": "Add invoice",
        },
    }


def _row(invoice: Invoice) -> dict[str, Any]:
    values = {
        "number": invoice.number,
        "invoice_date": format_date(invoice.invoice_date, "d MMM yyyy"),
        "total": format_currency(invoice.total, invoice.currency),
        "status": status_tag(invoice),
    }
    return {
        "pk": invoice.id,
        "url": url_for("InvoiceView.show", pk=invoice.id),
        "cells": [{"key": key, "label": label, "value": values[key]} for key, label in _COLUMNS.items()],
    }
