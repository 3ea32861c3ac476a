"""The REST resource of billing runs."""

from __future__ import annotations

from typing import Any, ClassVar

from apispec import APISpec
from flask import Response, jsonify
from flask_appbuilder.api import expose, protect

from app.extensions import db
from app.invoices.billing_runs import outcomes, queries, service
from app.invoices.billing_runs.output import PLAN_SCHEMA, ROWS_SCHEMA, plan_as_dict, row_as_dict
from app.invoices.billing_runs.resource import BILLING_RUN
from app.invoices.billing_runs.rules import MAX_INVOICES
from app.mailer.sending_defaults import sending_defaults
from app.runs.api import RUN_ERRORS, RunApi, choice_body, page_asked_for, page_parts
from app.web.current import current_actor
from app.web.operations import ONLY_VERSION, RECORD, operation
from app.web.request_filters import id_or_404

_CHOICE = choice_body("Invoices", most=MAX_INVOICES)
_PLAN = {"type": "object", "properties": {"result": {"$ref": "#/components/schemas/BillingRunPlan"}}}
_PARTS = page_parts(outcomes.OUTCOMES, outcomes.STATES)


class BillingRunApi(RunApi):
    """Billing runs: invoices chosen, planned and sent together."""

    resource = BILLING_RUN
    verbs: ClassVar[Any] = service
    chooser: ClassVar[Any] = staticmethod(service.choose_invoices)
    most = MAX_INVOICES
    method_permission_name = RunApi.method_permission_name | {"invoices": "read"}

    def add_apispec_components(self, api_spec: APISpec) -> None:
        """Put the schema of a summed plan beside the run's."""
        super().add_apispec_components(api_spec)
        api_spec.components.schemas["BillingRunPlan"] = PLAN_SCHEMA

    @expose("/<pk>/plan", methods=["GET"])
    @protect()
    @operation(gives=_PLAN)
    def plan(self, pk: str) -> Response:
        """Give the summed plan: how many copies, in which formats; who gets none and why; how far it has come."""
        actor, session = current_actor(), db.session()
        run = queries.run(session, actor, run_id=id_or_404(pk))
        return jsonify(result=plan_as_dict(session, actor, run))

    @expose("/<pk>/invoices", methods=["GET"])
    @protect()
    @operation(gives=ROWS_SCHEMA, query=_PARTS, errors=(400, 401, 403, 404, 422))
    def invoices(self, pk: str) -> Response:
        """Give a page of the run's invoices, each with its state, and with who gets no copy as things are now."""
        actor, session = current_actor(), db.session()
        run = queries.run(session, actor, run_id=id_or_404(pk))
        page = outcomes.page(session, actor, run, **page_asked_for(), defaults=sending_defaults())
        return jsonify(result=[row_as_dict(one) for one in page.rows], next=page.next)

    @expose("/<pk>/choose", methods=["POST"])
    @protect()
    @operation(gives=RECORD, takes=_CHOICE, errors=RUN_ERRORS)
    def choose(self, pk: str) -> Response:
        """Leave invoices, or whole customers, out of a run that waits for its start; or take invoices in again."""
        return self.chosen(pk)

    @expose("/<pk>/start", methods=["POST"])
    @protect()
    @operation(gives=RECORD, status=202, takes=ONLY_VERSION, body_optional=True, errors=RUN_ERRORS)
    def start(self, pk: str) -> Response:
        """Have the worker send the run, each invoice by the plan that was looked at; sending approves drafts."""
        return self._set(pk, 202, service.start_run)
