"""The REST resource of invoices."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request
from flask_appbuilder.api import expose, protect
from werkzeug.wrappers import Response as WerkzeugResponse

from app.core.bill_format import BillFormat
from app.core.errors import Invalid
from app.core.unit_of_work import unit_of_work
from app.core.words import say
from app.extensions import db
from app.invoices import queries, service
from app.invoices.credit_notes import service as credit_notes
from app.invoices.credit_notes.rules import MAX_REASON as MAX_CREDIT_REASON
from app.invoices.days import today
from app.invoices.fields import LINES_SCHEMA
from app.invoices.pdf.formats import FORMATS
from app.invoices.resource import INVOICE
from app.invoices.sending import SENDING
from app.invoices.source import shown_pdf
from app.invoices.usage.pages import USAGE_PAGE, USAGE_QUERY, usage_page
from app.mailer.sending_api import SENDING_PERMISSIONS, SendingApi
from app.web.api_body import only, read_body, read_version, take_version
from app.web.current import current_actor
from app.web.operations import ONLY_VERSION, RECORD, VERSION, WRITE_ERRORS, operation
from app.web.request_filters import id_or_404

_CREDITING = {
    "type": "object",
    "required": ["lines", "reason"],
    "properties": {
        "lines": {**LINES_SCHEMA, "nullable": False, "minItems": 1},
        "reason": {"type": "string", "minLength": 1, "maxLength": MAX_CREDIT_REASON},
        "version": VERSION,
    },
    "additionalProperties": False,
}
_FORMAT = {"name": "format", "schema": {"type": "string", "enum": ["short", "long", "full"], "default": "short"}}


class InvoiceApi(SendingApi):
    """Invoices: drafts, approval, the plan, sending, and the PDF."""

    resource = INVOICE
    sending = SENDING
    method_permission_name = {
        "approve": "approve",
        "credit": "approve",
        **SENDING_PERMISSIONS,
        "pdf": "read",
        "usage": "read",
    }

    @expose("/<pk>/approve", methods=["POST"])
    @protect()
    @operation(gives=RECORD, takes=ONLY_VERSION, body_optional=True, errors=(*WRITE_ERRORS, 412))
    def approve(self, pk: str) -> WerkzeugResponse:
        """Approve a draft."""
        number, actor = id_or_404(pk), current_actor()
        version = read_version()
        with unit_of_work(db.session) as session:
            service.approve_invoice(session, actor, invoice_id=number, version=version)
        return self.answer(queries.invoice(db.session(), actor, invoice_id=number), 200)

    @expose("/<pk>/credit", methods=["POST"])
    @protect()
    @operation(gives=RECORD, status=201, takes=_CREDITING, errors=(*WRITE_ERRORS, 412))
    def credit(self, pk: str) -> WerkzeugResponse:
        """Credit lines of a sent invoice; the answer is the credit note, which is approved and can be sent."""
        number, actor = id_or_404(pk), current_actor()
        body = read_body()
        version = take_version(body, required=False)
        only(body, "lines", "reason")
        with unit_of_work(db.session) as session:
            note = credit_notes.credit_invoice(
                session,
                actor,
                invoice_id=number,
                lines=body.get("lines"),
                reason=body.get("reason"),
                today=today(),
                version=version,
            )
            made = note.id
        return self.answer(queries.invoice(db.session(), actor, invoice_id=made), 201)

    @expose("/<pk>/pdf", methods=["GET"])
    @protect()
    @operation(
        gives={"type": "string", "format": "binary"},
        query=[_FORMAT],
        errors=(400, 401, 403, 404, 422),
        content_type="application/pdf",
    )
    def pdf(self, pk: str) -> Response:
        """Give the invoice as a PDF."""
        return pdf_answer(id_or_404(pk))

    @expose("/<pk>/usage", methods=["GET"])
    @protect()
    @operation(gives=USAGE_PAGE, query=USAGE_QUERY, errors=(400, 401, 403, 404))
    def usage(self, pk: str) -> Response:
        """Give the usage records page by page, in the order in which they were given: `next` is the `after` of more."""
        actor, session = current_actor(), db.session()
        invoice = queries.invoice(session, actor, invoice_id=id_or_404(pk))
        return jsonify(usage_page(session, invoice, request.args))


def pdf_answer(invoice_id: int, *, as_file: bool = False) -> Response:
    """Answer with an invoice's PDF in the format that the address asks for, to be shown or kept as a file.

    Raises Invalid, NotFound.
    """
    wanted: Any = request.args.get("format", BillFormat.SHORT.value)
    if wanted not in FORMATS:
        known = [one.value for one in BillFormat if one.value in FORMATS]
        raise Invalid(say("Choose one of: {known}.", known=", ".join(known)), field="format")
    session = db.session()
    invoice = queries.invoice(session, current_actor(), invoice_id=invoice_id)
    data = shown_pdf(session, invoice, format_=wanted)
    answer = Response(data, mimetype="application/pdf")
    how = "attachment" if as_file else "inline"
    answer.headers["Content-Disposition"] = f'{how}; filename="{_ascii(invoice.number)}.pdf"'
    return answer


def _ascii(number: str) -> str:
    return "".join(char if char.isascii() and (char.isalnum() or char in "-_") else "-" for char in number)
