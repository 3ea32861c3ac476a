"""The REST calls of runs that are alike for each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from flask import Response, request
from flask_appbuilder.api import expose, protect

from app.core.errors import Invalid, Unreadable
from app.core.unit_of_work import unit_of_work
from app.core.whole_numbers import MAX_ID, is_whole
from app.core.words import say
from app.extensions import db
from app.mailer.sending_defaults import sending_defaults
from app.runs.fields import MAX_ACCOUNT_NUMBER, MAX_ACCOUNTS
from app.web.admin_api import AdminApi
from app.web.api_body import only, read_body, read_version, take_version
from app.web.current import current_actor
from app.web.operations import ONLY_VERSION, RECORD, VERSION, WRITE_ERRORS, operation
from app.web.request_filters import id_or_404

RUN_ERRORS = (*WRITE_ERRORS, 412)


def choice_body(plural: str, *, most: int) -> dict[str, Any]:
    """Return the schema of what leaves rows out of a run; `plural` is what they are about."""
    ids = {"type": "array", "nullable": True, "items": {"type": "integer", "minimum": 1}, "maxItems": most}
    return {
        "type": "object",
        "properties": {
            "tick": {**ids, "description": f"{plural} to take in again, by id", "example": [7]},
            "untick": {**ids, "description": f"{plural} to leave out, by id", "example": [8, 9]},
            "untick_account_numbers": {
                "type": "array",
                "nullable": True,
                "items": {"type": "string", "maxLength": MAX_ACCOUNT_NUMBER},
                "maxItems": MAX_ACCOUNTS,
                "description": "Customers to leave out, whatever of theirs it takes",
                "example": ["AC100"],
            },
            "version": VERSION,
        },
        "additionalProperties": False,
    }


def page_parts(outcomes: Iterable[str], states: Iterable[str]) -> list[dict[str, Any]]:
    """Return what a page of a run's rows is asked for by."""
    return [
        {
            "name": "outcome",
            "description": "Only those with this in their plan: a reason for getting nothing, or reaches_nobody",
            "schema": {"type": "string", "enum": sorted(outcomes)},
        },
        {"name": "state", "schema": {"type": "string", "enum": list(states)}},
        {"name": "after", "description": "The `next` of the page before", "schema": {"type": "integer", "minimum": 0}},
    ]


def page_asked_for() -> dict[str, Any]:
    """Return by what the request asks for a page of rows. Raises Unreadable."""
    after = request.args.get("after", "0")
    if not is_whole(after, digits=10) or int(after) > MAX_ID:
        raise Unreadable(say("The page that follows is asked for by a whole number."), field="after")
    return {"outcome": request.args.get("outcome"), "state": request.args.get("state"), "after": int(after)}


class RunApi(AdminApi):
    """Runs of a kind: planned, and sent together. `verbs` is its service."""

    method_permission_name = {
        "plan": "read",
        "choose": "update",
        "plan_again": "update",
        "start": "send",
        "pause": "pause",
        "resume": "resume",
    }
    verbs: ClassVar[Any]
    chooser: ClassVar[Any]
    most: ClassVar[int]

    @expose("/<pk>/plan_again", methods=["POST"])
    @protect()
    @operation(gives=RECORD, takes=ONLY_VERSION, body_optional=True, errors=RUN_ERRORS)
    def plan_again(self, pk: str) -> Response:
        """Plan anew what has not left: of a finished run, what has changed or failed. It then waits for its start."""
        number, version = id_or_404(pk), read_version()
        return self._done(
            200,
            lambda session, actor: self.verbs.plan_run_again(
                session, actor, run_id=number, defaults=sending_defaults(), version=version
            ),
        )

    @expose("/<pk>/pause", methods=["POST"])
    @protect()
    @operation(gives=RECORD, takes=ONLY_VERSION, body_optional=True, errors=RUN_ERRORS)
    def pause(self, pk: str) -> Response:
        """Have no more of the run put into the outbox; what is in it leaves all the same."""
        return self._set(pk, 200, self.verbs.pause_run)

    @expose("/<pk>/resume", methods=["POST"])
    @protect()
    @operation(gives=RECORD, status=202, takes=ONLY_VERSION, body_optional=True, errors=RUN_ERRORS)
    def resume(self, pk: str) -> Response:
        """Have a paused run go on, in the caller's name."""
        return self._set(pk, 202, self.verbs.resume_run)

    def chosen(self, pk: str) -> Response:
        """Leave rows, or whole customers, out as the body says; or take rows in again."""
        number, body = id_or_404(pk), read_body()
        version = take_version(body, required=False)
        only(body, "tick", "untick", "untick_account_numbers")
        tick, untick = (self._ids(body, name) for name in ("tick", "untick"))
        accounts = body.get("untick_account_numbers")
        return self._done(
            200,
            lambda session, actor: self.chooser(
                session, actor, run_id=number, tick=tick, untick=untick, untick_accounts=accounts, version=version
            ),
        )

    def _set(self, pk: str, status: int, verb: Callable[..., Any]) -> Response:
        number, version = id_or_404(pk), read_version()
        return self._done(status, lambda session, actor: verb(session, actor, run_id=number, version=version))

    def _done(self, status: int, act: Callable[[Any, Any], Any]) -> Response:
        """Run a verb, and answer with the run as it is after it."""
        actor = current_actor()
        with unit_of_work(db.session) as session:
            number = act(session, actor).id
        return self.answer(self.resource.get(db.session(), actor, number), status)

    def _ids(self, body: dict[str, Any], name: str) -> list[int]:
        """Return a list of ids out of a body. Raises Invalid."""
        given = body.get(name)
        given = [] if given is None else given
        whole = isinstance(given, list) and all(
            isinstance(one, int) and not isinstance(one, bool) and 0 < one <= MAX_ID for one in given
        )
        if not whole or len(given) > self.most:
            raise Invalid(say("Give a list of at most {most} ids.", most=f"{self.most:,}"), field=name)
        return list(given)
