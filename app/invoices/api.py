"""The REST resource of invoices."""

from __future__ import annotations

from typing import Any

from apispec import APISpec
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
from app.invoices.resource import INVOICE, planned
from app.invoices.sending import SENDING
from app.invoices.source import shown_pdf
from app.invoices.usage.pages import USAGE_PAGE, USAGE_QUERY, usage_page
from app.mailer.planning.choices import Choices
from app.mailer.planning.plan_output import as_dict
from app.mailer.planning.plan_schema import PLAN_SCHEMA
from app.mailer.sending_bodies import (
    PLAN_ANSWER,
    SENDING_AGAIN_BODY,
    SENDING_BODY,
    accepted,
    asked_to_send,
    asked_to_send_again,
)
from app.mailer.sending_defaults import sending_defaults
from app.mailer.sending_kinds import answer_about
from app.mailer.why.answers import ADDRESS, WHY_SCHEMA, answer_as_dict
from app.web.admin_api import AdminApi
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


class InvoiceApi(AdminApi):
    """Invoices: drafts, approval, the plan, sending, and the PDF."""

    resource = INVOICE
    method_permission_name = {
        "approve": "approve",
        "credit": "approve",
        "plan": "read",
        "why": "read",
        "send": "send",
        "send_again": "send",
        "pdf": "read",
        "usage": "read",
    }

    def add_apispec_components(self, api_spec: APISpec) -> None:
        """Put the plan's schema beside the invoice's."""
        super().add_apispec_components(api_spec)
        api_spec.components.schemas["Plan"] = PLAN_SCHEMA

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

    @expose("/<pk>/plan", methods=["GET"])
    @protect()
    @operation(gives=PLAN_ANSWER)
    def plan(self, pk: str) -> Response:
        """Give the plan: who would get this invoice, in which format, and why; who would not, and why not."""
        session, actor = db.session(), current_actor()
        invoice = queries.invoice(session, actor, invoice_id=id_or_404(pk))
        return jsonify(result=as_dict(planned(session, actor, invoice, Choices())))

    @expose("/<pk>/why", methods=["GET"])
    @protect()
    @operation(gives=WHY_SCHEMA, query=[ADDRESS], errors=(400, 401, 403, 404, 422))
    def why(self, pk: str) -> Response:
        """Say what an address has of this invoice, and why: it got it, was skipped, or no road leads there."""
        actor = current_actor()
        invoice = queries.invoice(db.session(), actor, invoice_id=id_or_404(pk))
        answered = answer_about(SENDING, actor, invoice, request.args.get("address"))
        return jsonify(result=answer_as_dict(SENDING.document(invoice), answered))

    @expose("/<pk>/send", methods=["POST"])
    @protect()
    @operation(gives=PLAN_ANSWER, status=202, takes=SENDING_BODY, body_optional=True, errors=(*WRITE_ERRORS, 412))
    def send(self, pk: str) -> WerkzeugResponse:
        """Execute the plan; sending approves a draft. To those who have it, it does nothing."""
        number = id_or_404(pk)
        asked = asked_to_send()
        with unit_of_work(db.session) as session:
            done = service.send_invoice(
                session,
                current_actor(),
                invoice_id=number,
                choices=asked.choices,
                fingerprint=asked.fingerprint,
                defaults=sending_defaults(),
                version=asked.version,
            )
        return accepted(done)

    @expose("/<pk>/send_again", methods=["POST"])
    @protect()
    @operation(gives=PLAN_ANSWER, status=202, takes=SENDING_AGAIN_BODY, errors=(*WRITE_ERRORS, 412))
    def send_again(self, pk: str) -> WerkzeugResponse:
        """Send it once more to addresses that have had it, for a reason; each gets a message of its own."""
        number = id_or_404(pk)
        again, version = asked_to_send_again()
        with unit_of_work(db.session) as session:
            done = service.send_invoice_again(
                session,
                current_actor(),
                invoice_id=number,
                again=again,
                defaults=sending_defaults(),
                version=version,
            )
        return accepted(done)

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
