"""The screens of invoices: lists, forms with lines, and the plan before sending."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, current_app, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access

from app.core import clock
from app.core.actor import Actor
from app.core.words import say
from app.customers import queries as customers
from app.extensions import db
from app.invoices import queries, service
from app.invoices.api import pdf_answer
from app.invoices.labels import LINE_LABELS
from app.invoices.models import Invoice
from app.invoices.resource import INVOICE
from app.invoices.rules import InvoiceStatus, may_edit
from app.invoices.sending import SENDING
from app.mailer.screens.send_pages import SendPages
from app.web.admin_view import AdminView, Answer
from app.web.current import current_actor
from app.web.display import link, tag
from app.web.formats import amount_text
from app.web.forms import RecordForm
from app.web.request_filters import id_or_404

PAYMENT_DAYS = 30
EMPTY_LINES = 3
LINE_FIELDS = ("description", "category", "quantity", "unit_price", "tax_rate", "reference")
_TONES = {"draft": "neutral", "approved": "info", "sent": "success"}


class InvoiceView(SendPages, AdminView):
    """Invoices: the list, the page, the form with its lines, approval, the PDF, and sending."""

    resource = INVOICE
    route_base = "/invoices"
    method_permission_name = {"approve": "approve", "send": "read", "send_again": "send", "why": "read", "pdf": "read"}
    sending = SENDING
    list_columns = ["number", "customer_id", "invoice_date", "due_date", "total", "status"]
    list_choices = ["purchase_order_number", "currency", "net", "tax", "created_at", "last_modified_at"]
    sections = ((say("Invoice"), ("customer_id", "invoice_date", "due_date", "currency", "purchase_order_number")),)
    show_extra = (
        (say("Totals"), ("net", "tax", "total")),
        (say("System Information"), ("created_at", "last_modified_at")),
    )
    description_columns = {"currency": say("Left empty: the customer's.")}
    search_hint = say("Number, status, order number, or the customer's name.")
    empty_text = say("Add an invoice here, or from a customer's page.")

    def cell(self, record: Invoice, name: str) -> Any:
        """Show amounts in their currency, the status as a mark, and the customer as a link."""
        if name in ("net", "tax", "total"):
            return amount_text(getattr(record, name), record.currency)
        if name == "status":
            return status_tag(record)
        if name == "customer_id":
            return link(record.customer.label, url_for("CustomerView.show", pk=record.customer_id))
        return super().cell(record, name)

    def record_title(self, record: Invoice) -> str:
        """Return the number."""
        return say("Invoice {number}", number=record.number)

    def subtitle(self, _actor: Actor, record: Invoice) -> str:
        """Return the customer."""
        return record.customer.label

    def badges(self, record: Invoice) -> list[Any]:
        """Mark the status."""
        return [status_tag(record)]

    def editable(self, record: Invoice) -> bool:
        """Tell that a sent invoice can't be changed."""
        return may_edit(record.status)

    def preset(self) -> dict[str, object]:
        """Take the customer out of the address."""
        text = request.args.get("customer_id", "")
        if not text:
            return {}
        customer = customers.customer(db.session(), current_actor(), customer_id=id_or_404(text))
        return {"customer_id": str(customer.id)}

    def preset_text(self, name: str, value: Any) -> Any:
        """Show a preset customer by name."""
        if name == "customer_id" and str(value).isdigit():
            return customers.customer(db.session(), current_actor(), customer_id=int(value)).label
        return value

    def starting_values(self) -> dict[str, object]:
        """Start a new invoice today, due in a month."""
        today = clock.now().astimezone(ZoneInfo(current_app.config["SETTINGS"].timezone)).date()
        return {"invoice_date": today.isoformat(), "due_date": (today + timedelta(days=PAYMENT_DAYS)).isoformat()}

    def extra_given(self, _form: RecordForm) -> dict[str, object]:
        """Read the rows of lines; a row that is left empty is none."""
        return {"lines": posted_lines()}

    def extra_context(self, record: Any, given: Mapping[str, object] | None) -> dict[str, Any]:
        """Give the form its rows of lines: what was typed, or what the invoice has, and a few empty ones."""
        if given is not None:
            rows = list(given["lines"])  # type: ignore[call-overload]
        else:
            rows = INVOICE.value(record, "lines") if record is not None else []
        empty = dict.fromkeys(LINE_FIELDS, "")
        return {
            "extra_template": "invoices/lines_form.html",
            "line_rows": [*rows, *([empty] * EMPTY_LINES)],
            "line_fields": LINE_FIELDS,
            "line_labels": LINE_LABELS,
        }

    @expose("/<pk>/approve", methods=["GET", "POST"])
    @has_access
    def approve(self, pk: str) -> Answer:
        """Ask, and approve a draft."""
        actor, number = current_actor(), id_or_404(pk)
        invoice = queries.invoice(db.session(), actor, invoice_id=number)
        return self.confirmed(
            title=say("Approve invoice {number}", number=invoice.number),
            text=say(
                "Approve it over {amount} for {customer}?",
                amount=amount_text(invoice.total, invoice.currency),
                customer=invoice.customer.label,
            ),
            submit_label=say("Approve"),
            record=invoice,
            run=lambda session, version: service.approve_invoice(session, actor, invoice_id=number, version=version),
            done=say("Invoice {number} is approved.", number=invoice.number),
            after=self.show_url(number),
        )

    @expose("/<pk>/pdf", methods=["GET"])
    @has_access
    def pdf(self, pk: str) -> Response:
        """Show the PDF, or hand it out as a file."""
        return pdf_answer(id_or_404(pk), as_file="download" in request.args)


def status_tag(invoice: Invoice) -> Any:
    """Return the mark of an invoice's status."""
    return tag(InvoiceStatus(invoice.status).words, _TONES.get(invoice.status, "neutral"))


def posted_lines() -> list[dict[str, str]]:
    """Return the rows of lines that were posted as `lines-<row>-<field>`, without those left empty.

    However many: the rule says when they are too many.
    """
    rows: dict[int, dict[str, str]] = {}
    for key, value in request.form.items():
        found = re.fullmatch(r"lines-(\d{1,9})-([a-z_]+)", key, re.ASCII)
        if found and found.group(2) in LINE_FIELDS:
            rows.setdefault(int(found.group(1)), {})[found.group(2)] = value
    return [row for _, row in sorted(rows.items()) if any(value.strip() for value in row.values())]
