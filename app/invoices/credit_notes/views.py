"""The page that credits an invoice, and what the pages of invoices and credit notes say of each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from markupsafe import Markup
from wtforms import TextAreaField

from app.core.errors import DomainError
from app.core.money import minor_unit
from app.core.unit_of_work import unit_of_work
from app.core.words import in_a_row, say
from app.extensions import db
from app.invoices import queries
from app.invoices.credit_notes import service
from app.invoices.credit_notes.rules import MAX_REASON, left_by_rate, lines_left
from app.invoices.days import today
from app.invoices.fields import line_as_dict
from app.invoices.models import Invoice, as_line
from app.web.current import current_actor
from app.web.display import link
from app.web.form_pages import Answer
from app.web.formats import amount_text, number_text
from app.web.forms import Needed, RecordForm
from app.web.request_filters import id_or_404
from app.web.words import tell


class CreditForm(RecordForm):
    """Why an invoice is credited; its lines are rows below."""

    reason = TextAreaField(
        say("Reason"),
        description=say("It stands on the credit note, such as: the line was out of order from 3 to 9 March."),
        validators=[Needed()],
        render_kw={"maxlength": MAX_REASON, "rows": 2},
    )


class CreditPages:
    """Credit: the lines that are left, changed or taken out, become a credit note."""

    # FAB's view and the page of a record, which this stands beside in a class.
    render_template: Callable[..., str]
    show_url: Callable[[Any], str]
    lines_context: Callable[[Sequence[Mapping[str, str]]], dict[str, Any]]
    posted_lines: Callable[[], list[dict[str, str]]]

    @expose("/<pk>/credit", methods=["GET", "POST"])
    @has_access
    def credit(self, pk: str) -> Answer:
        """Offer what is left of a sent invoice, and make a credit note of what comes back."""
        actor, number = current_actor(), id_or_404(pk)
        form = CreditForm()
        error: DomainError | None = None
        given = self.posted_lines() if request.method == "POST" else None
        if given is not None:
            try:
                with unit_of_work(db.session) as session:
                    note = service.credit_invoice(
                        session,
                        actor,
                        invoice_id=number,
                        lines=given,
                        reason=form.reason.data,
                        today=today(),
                        version=form.opened_version(),
                    )
                    done = (note.id, note.number)
            except DomainError as refusal:
                error = refusal
            else:
                tell(say("Credit note {number} was made. It can be sent.", number=done[1]))
                return redirect(self.show_url(done[0]))
        return self._credit_page(queries.invoice(db.session(), actor, invoice_id=number), form, given, error)

    def _credit_page(
        self, invoice: Invoice, form: CreditForm, given: Sequence[Mapping[str, str]] | None, error: DomainError | None
    ) -> Answer:
        service.ensure_creditable(invoice)
        if given is None:
            form.version.data = invoice.version
        rows = queries.invoiced_and_credited(db.session(), invoice_id=invoice.id)
        invoiced, credited = ([as_line(row) for row in some] for some in rows)
        left = left_by_rate(invoiced, credited, places=minor_unit(invoice.currency))
        elsewhere = form.show_errors(error) if error else {}
        message = error.message if error else None
        page = self.render_template(
            "web/form.html",
            title=say("Credit invoice {number}", number=invoice.number),
            form=form,
            sections=[{"label": None, "hint": _left_words(left, invoice.currency), "fields": ["reason"]}],
            submit_label=say("Make credit note"),
            cancel_url=self.show_url(invoice.id),
            error=message,
            line_errors={name: texts for name, texts in elsewhere.items() if name.startswith("lines")},
            **self.lines_context(
                given if given is not None else [line_as_dict(one) for one in lines_left(invoiced, credited)]
            ),
        )
        return page if error is None else (page, error.status)


def credited_by(invoice: Invoice) -> Markup | None:
    """Return links to the credit notes of an invoice, each with its amount."""
    if invoice.credits_id is not None:
        return None
    notes = db.session().scalars(queries.credit_notes(current_actor(), invoice_id=invoice.id).order_by(Invoice.series))
    parts = [
        Markup("{} ({})").format(
            link(one.number, url_for("InvoiceView.show", pk=one.id)), amount_text(one.total, one.currency)
        )
        for one in notes
    ]
    return Markup(", ").join(parts) if parts else None


def credits_link(note: Invoice) -> Markup | None:
    """Return a link to the invoice that a credit note credits; its number alone, once it is deleted."""
    credited = note.credited
    if credited is None:
        return None
    if credited.deleted_at is not None:
        return Markup("{}").format(credited.number)
    return link(credited.number, url_for("InvoiceView.show", pk=credited.id))


def _left_words(left: Mapping[Any, Any], currency: str) -> str:
    return in_a_row(
        say(
            "At {rate} % there is {amount} left to credit, net.",
            rate=number_text(f"{rate:f}"),
            amount=amount_text(net, currency),
        )
        for rate, net in left.items()
    )
