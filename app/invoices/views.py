"""The screens of invoices: lists, forms with lines, and the plan before sending."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from flask import Response, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from markupsafe import Markup

from app.core.actor import Actor
from app.core.words import say
from app.customers import queries as customers
from app.extensions import db
from app.invoices import queries, service
from app.invoices.api import pdf_answer
from app.invoices.credit_notes.views import CreditPages, credited_by, credits_link
from app.invoices.days import today
from app.invoices.labels import INVOICE_LABELS, LINE_LABELS, name_of
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


class InvoiceView(SendPages, CreditPages, AdminView):
    """Invoices: the list, the page, the form with its lines, approval, crediting, the PDF, and sending."""

    resource = INVOICE
    route_base = "/invoices"
    method_permission_name = {
        "approve": "approve",
        "credit": "approve",
        "send": "read",
        "send_again": "send",
        "why": "read",
        "pdf": "read",
    }
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
        if name == "credits_id":
            return credits_link(record)
        return super().cell(record, name)

    def facts(self, record: Invoice) -> Sequence[dict[str, Any]]:
        """Say of a credit note what it credits and why, and of an invoice what has credited it."""
        sections = list(super().facts(record))
        if record.credits_id is not None:
            names = ("credits_id", "credit_reason")
            fields = [{"label": INVOICE_LABELS[name], "value": self.cell(record, name)} for name in names]
            for section in sections:
                # Nothing is due.
                section["fields"] = [one for one in section["fields"] if one["label"] != INVOICE_LABELS["due_date"]]
            return [{"label": say("Credit note"), "fields": fields}, *sections]
        notes = credited_by(record)
        if notes:
            sections.append({"label": say("Credited"), "fields": [{"label": say("Credit notes"), "value": notes}]})
        return sections

    def record_title(self, record: Invoice) -> str:
        """Return what it is, and its number."""
        return name_of(record)

    def subtitle(self, _actor: Actor, record: Invoice) -> str:
        """Return the customer."""
        return record.customer.label

    def badges(self, record: Invoice) -> list[Any]:
        """Mark the status."""
        return [status_tag(record)]

    def editable(self, record: Invoice) -> bool:
        """Tell that a sent invoice can't be changed."""
        return may_edit(record.status)

    def changeable(self, record: Invoice) -> bool:
        """Tell that a credit note stands as it is, even where it may be deleted."""
        return may_edit(record.status) and record.credits_id is None

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
        day = today()
        return {"invoice_date": day.isoformat(), "due_date": (day + timedelta(days=PAYMENT_DAYS)).isoformat()}

    def extra_given(self, _form: RecordForm) -> dict[str, object]:
        """Read the rows of lines; a row that is left empty is none."""
        return {"lines": self.posted_lines()}

    def extra_context(self, record: Any, given: Mapping[str, object] | None) -> dict[str, Any]:
        """Give the form its rows of lines: what was typed, or what the invoice has, and a few empty ones."""
        if given is not None:
            rows = list(given["lines"])  # type: ignore[call-overload]
        else:
            rows = INVOICE.value(record, "lines") if record is not None else []
        return self.lines_context(rows)

    def lines_context(self, rows: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        """Return what a form shows of lines: these, and a few empty ones."""
        empty = dict.fromkeys(LINE_FIELDS, "")
        return {
            "extra_template": "invoices/lines_form.html",
            "line_rows": [*rows, *([empty] * EMPTY_LINES)],
            "line_fields": LINE_FIELDS,
            "line_labels": LINE_LABELS,
        }

    def posted_lines(self) -> list[dict[str, str]]:
        """Return the rows of lines that were posted."""
        return posted_lines()

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
    """Return the mark of an invoice's status, and of a credit note that it is one."""
    mark = tag(InvoiceStatus(invoice.status).words, _TONES.get(invoice.status, "neutral"))
    if invoice.credits_id is None:
        return mark
    return Markup("{} {}").format(tag(say("Credit note"), "info"), mark)


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
