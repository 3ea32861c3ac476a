"""The REST resource of bulk letters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from apispec import APISpec
from flask import Response, jsonify, request
from flask_appbuilder.api import expose, protect

from app.core.errors import Unreadable
from app.core.words import say
from app.correspondence.api import ascii_name
from app.correspondence.bulk import outcomes, previewing, queries, service
from app.correspondence.bulk.models import BulkLetter, BulkLetterRow
from app.correspondence.bulk.output import PLAN_SCHEMA, ROWS_SCHEMA, plan_as_dict, row_as_dict
from app.correspondence.bulk.resource import BULK_LETTER
from app.correspondence.bulk.rules import MAX_LETTERS
from app.extensions import db
from app.mailer.sending_defaults import sending_defaults
from app.runs.api import RUN_ERRORS, RunApi, choice_body, page_asked_for, page_parts
from app.web.current import current_actor
from app.web.operations import ONLY_VERSION, RECORD, operation
from app.web.request_filters import id_or_404, whole_number

_CHOICE = choice_body("Customers", most=MAX_LETTERS)
_PLAN = {"type": "object", "properties": {"result": {"$ref": "#/components/schemas/BulkLetterPlan"}}}
_PARTS = page_parts(outcomes.OUTCOMES, outcomes.STATES)
_CUSTOMER = [
    {
        "name": "customer_id",
        "description": "Whose letter; without it, the first customer's",
        "schema": {"type": "integer", "minimum": 1},
    }
]
_MAIL = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("subject", "text", "html")},
}


class BulkLetterApi(RunApi):
    """Bulk letters: one text for many customers, planned, made and sent together."""

    resource = BULK_LETTER
    verbs: ClassVar[Any] = service
    chooser: ClassVar[Any] = staticmethod(service.choose_customers)
    most = MAX_LETTERS
    method_permission_name = RunApi.method_permission_name | {
        "customers": "read",
        "preview_pdf": "read",
        "preview_mail": "read",
    }

    def add_apispec_components(self, api_spec: APISpec) -> None:
        """Put the schema of a summed plan beside the record's."""
        super().add_apispec_components(api_spec)
        api_spec.components.schemas["BulkLetterPlan"] = PLAN_SCHEMA

    @expose("/<pk>/plan", methods=["GET"])
    @protect()
    @operation(gives=_PLAN)
    def plan(self, pk: str) -> Response:
        """Give the summed plan: how many letters and mails, to whom none is made and why; how far it has come."""
        actor, session = current_actor(), db.session()
        run = queries.run(session, actor, run_id=id_or_404(pk))
        return jsonify(result=plan_as_dict(session, actor, run))

    @expose("/<pk>/customers", methods=["GET"])
    @protect()
    @operation(gives=ROWS_SCHEMA, query=_PARTS, errors=(400, 401, 403, 404, 422))
    def customers(self, pk: str) -> Response:
        """Give a page of the customers, each with its state, its letter, and who gets no copy as things are now."""
        actor, session = current_actor(), db.session()
        run = queries.run(session, actor, run_id=id_or_404(pk))
        page = outcomes.page(session, actor, run, **page_asked_for(), defaults=sending_defaults())
        return jsonify(result=[row_as_dict(one) for one in page.rows], next=page.next)

    @expose("/<pk>/preview_pdf", methods=["GET"])
    @protect()
    @operation(
        gives={"type": "string", "format": "binary"},
        query=_CUSTOMER,
        errors=(400, 401, 403, 404, 409),
        content_type="application/pdf",
    )
    def preview_pdf(self, pk: str) -> Response:
        """Give a customer's letter as it would be printed; it is not kept."""
        run, row = asked_preview(pk)
        number, data = previewing.pdf_of(db.session(), run, row.customer)
        answer = Response(data, mimetype="application/pdf")
        answer.headers["Content-Disposition"] = f'inline; filename="{ascii_name(number)}.pdf"'
        return answer

    @expose("/<pk>/preview_mail", methods=["GET"])
    @protect()
    @operation(gives=_MAIL, query=_CUSTOMER, errors=(400, 401, 403, 404, 409))
    def preview_mail(self, pk: str) -> Response:
        """Give the mail that would carry a customer's letter."""
        run, row = asked_preview(pk)
        made = previewing.mail_of(db.session(), run, row.customer)
        return jsonify(subject=made.subject, text=made.text, html=made.html)

    @expose("/<pk>/choose", methods=["POST"])
    @protect()
    @operation(gives=RECORD, takes=_CHOICE, errors=RUN_ERRORS)
    def choose(self, pk: str) -> Response:
        """Leave customers out of letters that wait for their start, by id or account number; or take some in again."""
        return self.chosen(pk)

    @expose("/<pk>/start", methods=["POST"])
    @protect()
    @operation(gives=RECORD, status=202, takes=ONLY_VERSION, body_optional=True, errors=RUN_ERRORS)
    def start(self, pk: str) -> Response:
        """Have the worker make the letters, and send each by the plan that was looked at where they are to be sent."""
        return self._set(pk, 202, with_settings(service.start_run))

    @expose("/<pk>/resume", methods=["POST"])
    @protect()
    @operation(gives=RECORD, status=202, takes=ONLY_VERSION, body_optional=True, errors=RUN_ERRORS)
    def resume(self, pk: str) -> Response:
        """Have paused letters go on, in the caller's name."""
        return self._set(pk, 202, with_settings(service.resume_run))


def with_settings(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Return a verb that is given what this instance's settings say."""
    return lambda session, actor, **given: verb(session, actor, defaults=sending_defaults(), **given)


def asked_preview(pk: str) -> tuple[BulkLetter, BulkLetterRow]:
    """Return the bulk letters of a request, and the row of the customer that it asks for. Raises NotFound."""
    actor, session = current_actor(), db.session()
    run = queries.run(session, actor, run_id=id_or_404(pk))
    text = request.args.get("customer_id")
    customer_id = None if text is None else whole_number(text)
    if text is not None and not customer_id:
        raise Unreadable(say("The customer is asked for by its id."), field="customer_id")
    return run, previewing.row_to_preview(session, actor, run, customer_id)
