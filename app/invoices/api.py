"""The REST resources of invoices and of the issuer."""

from __future__ import annotations

from typing import Any

from apispec import APISpec
from flask import Response, jsonify, request
from flask_appbuilder.api import expose, protect
from werkzeug.wrappers import Response as WerkzeugResponse

from app.core.bill_format import BillFormat
from app.core.errors import Invalid
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.invoices import queries, service
from app.invoices.resource import INVOICE, ISSUER, planned, sending_defaults
from app.invoices.source import InvoiceSource, invoice_pdf
from app.mailer.plan_output import as_dict
from app.mailer.service import Choices
from app.web.admin_api import AdminApi
from app.web.api_body import only, read_body, take_version
from app.web.current import current_actor
from app.web.request_filters import id_or_404

PLAN_SCHEMA = {"type": "object", "required": ["document", "fingerprint", "reaches_nobody", "messages", "skipped"]}


class InvoiceApi(AdminApi):
    """Invoices: drafts, approval, the plan, sending, and the PDF."""

    resource = INVOICE
    method_permission_name = {"approve": "approve", "plan": "read", "send": "send", "pdf": "read"}

    def add_apispec_components(self, api_spec: APISpec) -> None:
        """Put the plan's schema beside the invoice's."""
        super().add_apispec_components(api_spec)
        api_spec.components.schemas["Plan"] = PLAN_SCHEMA

    @expose("/<pk>/approve", methods=["POST"])
    @protect()
    def approve(self, pk: str) -> WerkzeugResponse:
        """Approve a draft.
        ---
        post:
          parameters:
          - {in: path, name: pk, required: true, schema: {type: integer, minimum: 1}}
          requestBody:
            content:
              application/json:
                schema: {type: object, properties: {version: {type: integer, minimum: 1}}, additionalProperties: false}
          responses:
            200:
              description: The approved invoice
              content:
                application/json:
                  schema:
                    type: object
                    properties:
                      id: {type: integer}
                      result: {$ref: '#/components/schemas/InvoiceApi.get'}
            400: {$ref: '#/components/responses/400'}
            401: {$ref: '#/components/responses/401'}
            403: {$ref: '#/components/responses/403'}
            404: {$ref: '#/components/responses/404'}
            409: {$ref: '#/components/responses/409'}
            412: {$ref: '#/components/responses/412'}
            415: {$ref: '#/components/responses/415'}
            422: {$ref: '#/components/responses/422'}
        """  # noqa: D205  the part below the dashes is the OpenAPI document's
        number, actor = id_or_404(pk), current_actor()
        body = read_body(optional=True)
        version = take_version(body, required=False)
        only(body)
        with unit_of_work(db.session) as session:
            service.approve_invoice(session, actor, invoice_id=number, version=version)
        return self.answer(queries.invoice(db.session(), actor, invoice_id=number), 200)

    @expose("/<pk>/plan", methods=["GET"])
    @protect()
    def plan(self, pk: str) -> Response:
        """Give the plan: who would get this invoice, in which format, and why; who would not, and why not.
        ---
        get:
          parameters:
          - {in: path, name: pk, required: true, schema: {type: integer, minimum: 1}}
          responses:
            200:
              description: The plan
              content:
                application/json:
                  schema: {type: object, properties: {result: {$ref: '#/components/schemas/Plan'}}}
            401: {$ref: '#/components/responses/401'}
            403: {$ref: '#/components/responses/403'}
            404: {$ref: '#/components/responses/404'}
        """  # noqa: D205  the part below the dashes is the OpenAPI document's
        session, actor = db.session(), current_actor()
        invoice = queries.invoice(session, actor, invoice_id=id_or_404(pk))
        return jsonify(result=as_dict(planned(session, actor, invoice, Choices())))

    @expose("/<pk>/send", methods=["POST"])
    @protect()
    def send(self, pk: str) -> WerkzeugResponse:
        """Execute the plan; sending approves a draft. To those who have it, it does nothing.
        ---
        post:
          parameters:
          - {in: path, name: pk, required: true, schema: {type: integer, minimum: 1}}
          requestBody:
            content:
              application/json:
                schema:
                  type: object
                  properties:
                    fingerprint: {type: string}
                    recipients: {type: array, items: {type: string}}
                    untick: {type: array, items: {type: string}}
                    version: {type: integer, minimum: 1}
                  additionalProperties: false
          responses:
            202:
              description: The plan, with the messages that it made
              content:
                application/json:
                  schema: {type: object, properties: {result: {$ref: '#/components/schemas/Plan'}}}
            400: {$ref: '#/components/responses/400'}
            401: {$ref: '#/components/responses/401'}
            403: {$ref: '#/components/responses/403'}
            404: {$ref: '#/components/responses/404'}
            409: {$ref: '#/components/responses/409'}
            412: {$ref: '#/components/responses/412'}
            415: {$ref: '#/components/responses/415'}
            422: {$ref: '#/components/responses/422'}
        """  # noqa: D205  the part below the dashes is the OpenAPI document's
        number = id_or_404(pk)
        body = read_body(optional=True)
        version = take_version(body, required=False)
        only(body, "fingerprint", "recipients", "untick")
        fingerprint = body.get("fingerprint")
        if fingerprint is not None and not isinstance(fingerprint, str):
            raise Invalid("The fingerprint is a text.", field="fingerprint")
        choices = Choices.checked(recipients=body.get("recipients"), untick=body.get("untick"))
        with unit_of_work(db.session) as session:
            done = service.send_invoice(
                session,
                current_actor(),
                invoice_id=number,
                choices=choices,
                fingerprint=fingerprint,
                defaults=sending_defaults(),
                version=version,
            )
        answer = jsonify(result=as_dict(done))
        answer.status_code = 202
        return answer

    @expose("/<pk>/pdf", methods=["GET"])
    @protect()
    def pdf(self, pk: str) -> Response:
        """Give the invoice as a PDF.
        ---
        get:
          parameters:
          - {in: path, name: pk, required: true, schema: {type: integer, minimum: 1}}
          - {in: query, name: format, schema: {type: string, enum: [short, long, full], default: short}}
          responses:
            200:
              description: The PDF
              content:
                application/pdf:
                  schema: {type: string, format: binary}
            401: {$ref: '#/components/responses/401'}
            403: {$ref: '#/components/responses/403'}
            404: {$ref: '#/components/responses/404'}
            422: {$ref: '#/components/responses/422'}
        """  # noqa: D205  the part below the dashes is the OpenAPI document's
        return pdf_answer(id_or_404(pk))


class IssuerApi(AdminApi):
    """The company that sends: one record."""

    resource = ISSUER


def pdf_answer(invoice_id: int) -> Response:
    """Answer with an invoice's PDF in the format that the address asks for. Raises Invalid, NotFound."""
    wanted: Any = request.args.get("format", BillFormat.SHORT.value)
    if wanted not in InvoiceSource().formats():
        known = [one.value for one in BillFormat if one is not BillFormat.NONE]
        text = (
            f"Choose one of: {', '.join(known)}." if wanted not in known else f"The {wanted} format is not there yet."
        )
        raise Invalid(text, field="format")
    session = db.session()
    invoice = queries.invoice(session, current_actor(), invoice_id=invoice_id)
    language = invoice.customer.language or sending_defaults().language
    data = invoice_pdf(session, invoice, language=language)
    answer = Response(data, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="{_ascii(invoice.number)}.pdf"'
    return answer


def _ascii(number: str) -> str:
    return "".join(char if char.isascii() and (char.isalnum() or char in "-_") else "-" for char in number)
