"""What invoices put on pages: tabs of an invoice and of a customer, and entries of their menus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.access.ask import may
from app.access.table import Operation
from app.core.actor import Actor
from app.core.bill_format import BillFormat
from app.core.words import say
from app.customers.models import Customer
from app.invoices import queries, usage_panel
from app.invoices.models import Invoice
from app.invoices.pdf.formats import FORMATS
from app.invoices.resource import INVOICE
from app.invoices.rules import InvoiceStatus, may_approve
from app.invoices.views import status_tag
from app.mailer.message_states import SENT_AGAIN
from app.mailer.models import Message
from app.mailer.planning.plan_model import DocumentKind
from app.mailer.screens.panels import messages_tab
from app.web.formats import amount_text, date_text, number_text
from app.web.panels import Action, Tab, first_rows, register_action, register_add, register_tab

_NUMBERS = ("quantity", "unit_price", "tax_rate")
_LINE_COLUMNS = {
    "description": say("Description"),
    "category": say("Category"),
    "quantity": say("Quantity"),
    "unit_price": say("Unit price"),
    "tax_rate": say("Tax rate"),
    "reference": say("Reference"),
}
_COLUMNS = {"number": say("Number"), "invoice_date": say("Date"), "total": say("Total"), "status": say("Status")}


def register() -> None:
    """Put the tabs and the menu entries in place."""
    register_tab(
        "invoice",
        Tab("lines", say("Lines"), "invoice", "invoices/lines_tab.html", count=_line_count, context=_lines),
    )
    usage_panel.register()
    register_tab(
        "invoice", Tab("pdf", say("PDF"), "invoice", "invoices/pdf_tab.html", count=lambda *_: None, context=_pdf)
    )
    register_tab("invoice", messages_tab(DocumentKind.INVOICE, asked_at=_asked_at))
    register_tab(
        "customer", Tab("invoices", say("Invoices"), "invoice", "invoices/tab.html", count=_count, context=_rows)
    )
    _register_actions()
    _register_send_again()


def _register_actions() -> None:
    register_add("customer", Action(say("Invoice"), "invoice", Operation.CREATE, _add_url, icon="file-invoice"))
    register_action("invoice", Action(say("Send"), "invoice", Operation.SEND, _leads_to("send"), icon="send"))
    plan = Action(say("Plan"), "invoice", Operation.READ, _leads_to("send"), icon="list", unless=Operation.SEND)
    register_action("invoice", plan)
    for label, endpoint, icon, applies in (
        (say("Approve"), "approve", "check", lambda invoice: may_approve(invoice.status)),
        (say("Credit"), "credit", "restore", lambda invoice: _is_sent(invoice) and invoice.credits_id is None),
    ):
        register_action(
            "invoice", Action(label, "invoice", Operation.APPROVE, _leads_to(endpoint), icon=icon, applies=applies)
        )


def _leads_to(page: str) -> Callable[[Invoice], str]:
    return lambda invoice: url_for(f"InvoiceView.{page}", pk=invoice.id)


def _register_send_again() -> None:
    for resource, applies, url in (
        ("invoice", _is_sent, lambda one: url_for("InvoiceView.send_again", pk=one.id)),
        (
            "message",
            _is_sent_copy,
            lambda one: url_for("InvoiceView.send_again", pk=one.document_id, address=one.address),
        ),
    ):
        register_action(
            resource, Action(say("Send Again"), "invoice", Operation.SEND, url, icon="send", applies=applies)
        )


def _asked_at(invoice: Invoice) -> str:
    return url_for("InvoiceView.why", pk=invoice.id)


def _is_sent(invoice: Invoice) -> bool:
    return invoice.status == InvoiceStatus.SENT


def _is_sent_copy(message: Message) -> bool:
    left = message.state in SENT_AGAIN and message.purged_at is None
    return message.document_kind == DocumentKind.INVOICE and left


def _add_url(customer: Customer) -> str:
    return url_for("InvoiceView.add", customer_id=customer.id)


def _line_count(_session: Session, _actor: Actor, invoice: Invoice) -> int:
    return len(invoice.lines)


def _lines(_session: Session, _actor: Actor, invoice: Invoice) -> dict[str, Any]:
    return {
        "columns": [{"key": key, "label": label, "number": key in _NUMBERS} for key, label in _LINE_COLUMNS.items()],
        "rows": [
            {
                "pk": position,
                "url": None,
                "cells": [
                    {"key": key, "label": label, "value": _shown(key, row[key])} for key, label in _LINE_COLUMNS.items()
                ],
            }
            for position, row in enumerate(INVOICE.value(invoice, "lines"))
        ],
        "tax": [_tax_part(part, invoice.currency) for part in INVOICE.value(invoice, "tax_by_rate")],
        "empty": {
            "title": say("No lines yet"),
            "text": say("An invoice needs a line before it can be approved or sent."),
        },
    }


def _shown(key: str, text: str) -> str:
    """Write a line's numbers as the reader's language does, with the places that they have."""
    return number_text(text) if key in _NUMBERS else text


def _tax_part(part: dict[str, str], currency: str) -> dict[str, str]:
    return {
        "rate": number_text(part["rate"]),
        "net": amount_text(part["net"], currency),
        "tax": amount_text(part["tax"], currency),
    }


def _pdf(_session: Session, _actor: Actor, invoice: Invoice) -> dict[str, Any]:
    """Show one format, and lead to the others."""
    formats = [one for one in BillFormat if one.value in FORMATS]
    wanted = request.args.get("format")
    chosen = next((one for one in formats if one.value == wanted), formats[0])
    return {
        "url": url_for("InvoiceView.pdf", pk=invoice.id, format=chosen.value),
        "download": url_for("InvoiceView.pdf", pk=invoice.id, format=chosen.value, download=1),
        "formats": [
            {
                "label": one.words,
                "url": url_for("InvoiceView.show", pk=invoice.id, tab="pdf", format=one.value),
                "chosen": one is chosen,
            }
            for one in formats
        ],
    }


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
        "list_url": url_for("InvoiceView.list", customer_id=customer.id),
        "add_url": add_url,
        "empty": {
            "title": say("No invoices yet"),
            "text": say("An invoice starts as a draft; sending it approves it."),
            "action_url": add_url,
            "action_label": say("Add invoice"),
        },
    }


def _row(invoice: Invoice) -> dict[str, Any]:
    values = {
        "number": invoice.number,
        "invoice_date": date_text(invoice.invoice_date),
        "total": amount_text(invoice.total, invoice.currency),
        "status": status_tag(invoice),
    }
    return {
        "pk": invoice.id,
        "url": url_for("InvoiceView.show", pk=invoice.id),
        "cells": [{"key": key, "label": label, "value": values[key]} for key, label in _COLUMNS.items()],
    }
