"""The REST resource of billing runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apispec import APISpec
from flask import Response, jsonify, request
from flask_appbuilder.api import expose, protect

from app.core.errors import Invalid, Unreadable
from app.core.unit_of_work import unit_of_work
from app.core.whole_numbers import MAX_ID, is_whole
from app.core.words import say
from app.extensions import db
from app.invoices.billing_runs import outcomes, queries, service
from app.invoices.billing_runs.fields import MAX_ACCOUNT_NUMBER, MAX_ACCOUNTS
from app.invoices.billing_runs.output import PLAN_SCHEMA, ROWS_SCHEMA, plan_as_dict, row_as_dict
from app.invoices.billing_runs.resource import BILLING_RUN
from app.invoices.billing_runs.rules import MAX_INVOICES
from app.mailer.sending_defaults import sending_defaults
from app.web.admin_api import AdminApi
from app.web.api_body import only, read_body, read_version, take_version
from app.web.current import current_actor
from app.web.operations import ONLY_VERSION, RECORD, VERSION, WRITE_ERRORS, operation
from app.web.request_filters import id_or_404

_IDS = {"type": "array", "nullable": True, "items": {"type": "integer", "minimum": 1}, "maxItems": MAX_INVOICES}
_CHOICE = {
    "type": "object",
    "properties": {
        "tick": {**_IDS, "description": "Invoices to take in again, by id", "example": [7]},
        "untick": {**_IDS, "description": "Invoices to leave out, by id", "example": [8, 9]},
        "untick_account_numbers": {
            "type": "array",
            "nullable": True,
            "items": {"type": "string", "maxLength": MAX_ACCOUNT_NUMBER},
            "maxItems": MAX_ACCOUNTS,
            "description": "Customers to leave out, with all of their invoices",
            "example": ["AC100"],
        },
        "version": VERSION,
    },
    "additionalProperties": False,
}
_PLAN = {"type": "object", "properties": {"result": {"$ref": "#/components/schemas/BillingRunPlan"}}}
_PARTS = [
    {
        "name": "outcome",
        "description": "Only those with this in their plan: a reason for getting nothing, or reaches_nobody",
        "schema": {"type": "string", "enum": sorted(outcomes.OUTCOMES)},
    },
    {"name": "state", "schema": {"type": "string", "enum": list(outcomes.STATES)}},
    {"name": "after", "description": "The `next` of the page before", "schema": {"type": "integer", "minimum": 0}},
]
_RUN_ERRORS = (*WRITE_ERRORS, 412)


class BillingRunApi(AdminApi):
    """Billing runs: invoices chosen, planned and sent together."""

    resource = BILLING_RUN
    method_permission_name = {
        "plan": "read",
        "invoices": "read",
        "choose": "update",
        "plan_again": "update",
        "start": "send",
        "pause": "pause",
        "resume": "resume",
    }

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
        after = request.args.get("after", "0")
        if not is_whole(after, digits=10) or int(after) > MAX_ID:
            raise Unreadable(say("The page that follows is asked for by a whole number."), field="after")
        page = outcomes.page(
            session,
            actor,
            run,
            outcome=request.args.get("outcome"),
            state=request.args.get("state"),
            after=int(after),
            defaults=sending_defaults(),
        )
        return jsonify(result=[row_as_dict(one) for one in page.rows], next=page.next)

    @expose("/<pk>/choose", methods=["POST"])
    @protect()
    @operation(gives=RECORD, takes=_CHOICE, errors=_RUN_ERRORS)
    def choose(self, pk: str) -> Response:
        """Leave invoices, or whole customers, out of a run that waits for its start; or take invoices in again."""
        number, body = id_or_404(pk), read_body()
        version = take_version(body, required=False)
        only(body, "tick", "untick", "untick_account_numbers")
        tick, untick = (_ids(body, name) for name in ("tick", "untick"))
        accounts = body.get("untick_account_numbers")
        return self._done(
            200,
            lambda session, actor: service.choose_invoices(
                session, actor, run_id=number, tick=tick, untick=untick, untick_accounts=accounts, version=version
            ),
        )

    @expose("/<pk>/plan_again", methods=["POST"])
    @protect()
    @operation(gives=RECORD, takes=ONLY_VERSION, body_optional=True, errors=_RUN_ERRORS)
    def plan_again(self, pk: str) -> Response:
        """Plan anew what has not left: of a finished run, what has changed or failed. It then waits for its start."""
        number, version = id_or_404(pk), read_version()
        return self._done(
            200,
            lambda session, actor: service.plan_run_again(
                session, actor, run_id=number, defaults=sending_defaults(), version=version
            ),
        )

    @expose("/<pk>/start", methods=["POST"])
    @protect()
    @operation(gives=RECORD, status=202, takes=ONLY_VERSION, body_optional=True, errors=_RUN_ERRORS)
    def start(self, pk: str) -> Response:
        """Have the worker send the run, each invoice by the plan that was looked at; sending approves drafts."""
        return self._set(pk, 202, service.start_run)

    @expose("/<pk>/pause", methods=["POST"])
    @protect()
    @operation(gives=RECORD, takes=ONLY_VERSION, body_optional=True, errors=_RUN_ERRORS)
    def pause(self, pk: str) -> Response:
        """Have no more of the run's invoices put into the outbox; what is in it leaves all the same."""
        return self._set(pk, 200, service.pause_run)

    @expose("/<pk>/resume", methods=["POST"])
    @protect()
    @operation(gives=RECORD, status=202, takes=ONLY_VERSION, body_optional=True, errors=_RUN_ERRORS)
    def resume(self, pk: str) -> Response:
        """Have a paused run go on, in the caller's name."""
        return self._set(pk, 202, service.resume_run)

    def _set(self, pk: str, status: int, verb: Callable[..., Any]) -> Response:
        number, version = id_or_404(pk), read_version()
        return self._done(status, lambda session, actor: verb(session, actor, run_id=number, version=version))

    def _done(self, status: int, act: Callable[[Any, Any], Any]) -> Response:
        """Run a verb, and answer with the run as it is after it."""
        actor = current_actor()
        with unit_of_work(db.session) as session:
            number = act(session, actor).id
        return self.answer(queries.run(db.session(), actor, run_id=number), status)


def _ids(body: dict[str, Any], name: str) -> list[int]:
    """Return a list of ids out of a body. Raises Invalid."""
    given = body.get(name)
    given = [] if given is None else given
    whole = isinstance(given, list) and all(
        isinstance(one, int) and not isinstance(one, bool) and 0 < one <= MAX_ID for one in given
    )
    if not whole or len(given) > MAX_INVOICES:
        raise Invalid(say("Give a list of at most {most} ids.", most=f"{MAX_INVOICES:,}"), field=name)
    return list(given)
