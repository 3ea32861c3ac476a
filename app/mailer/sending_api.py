"""The calls of REST that plan, send, send again and explain, the same for each kind of record that is a document."""

from __future__ import annotations

from typing import ClassVar

from apispec import APISpec
from flask import Response, jsonify, request
from flask_appbuilder.api import expose, protect
from werkzeug.wrappers import Response as WerkzeugResponse

from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.mailer.planning.choices import Choices
from app.mailer.planning.plan_output import as_dict
from app.mailer.planning.plan_schema import PLAN_SCHEMA
from app.mailer.sending_bodies import (
    PLAN_ANSWER,
    SENDING_AGAIN_BODY,
    SENDING_AGAIN_WITH_FILES_BODY,
    SENDING_BODY,
    SENDING_WITH_FILES_BODY,
    accepted,
    asked_to_send,
    asked_to_send_again,
)
from app.mailer.sending_kinds import Sending, answer_about
from app.mailer.why.answers import ADDRESS, WHY_SCHEMA, answer_as_dict
from app.web.admin_api import AdminApi
from app.web.current import current_actor
from app.web.operations import WRITE_ERRORS, operation
from app.web.request_filters import id_or_404

SENDING_PERMISSIONS = {"plan": "read", "why": "read", "send": "send", "send_again": "send"}


class SendingApi(AdminApi):
    """A resource whose records are sent: a subclass names what the screens' pages and the command line ask, too."""

    sending: ClassVar[Sending]

    def add_apispec_components(self, api_spec: APISpec) -> None:
        """Put the plan's schema beside the record's, and what the calls that send take of this kind."""
        super().add_apispec_components(api_spec)
        schemas, name, files = api_spec.components.schemas, type(self).__name__, self.sending.takes_files
        schemas["Plan"] = PLAN_SCHEMA
        schemas[f"{name}.send"] = SENDING_WITH_FILES_BODY if files else SENDING_BODY
        schemas[f"{name}.send_again"] = SENDING_AGAIN_WITH_FILES_BODY if files else SENDING_AGAIN_BODY

    @expose("/<pk>/plan", methods=["GET"])
    @protect()
    @operation(gives=PLAN_ANSWER)
    def plan(self, pk: str) -> Response:
        """Give the plan: who would get this, in which format, and why; who would not, and why not."""
        actor = current_actor()
        record = self.sending.load(db.session(), actor, id_or_404(pk))
        return jsonify(result=as_dict(self.sending.plan(db.session(), actor, record, Choices())))

    @expose("/<pk>/why", methods=["GET"])
    @protect()
    @operation(gives=WHY_SCHEMA, query=[ADDRESS], errors=(400, 401, 403, 404, 422))
    def why(self, pk: str) -> Response:
        """Say what an address has of this, and why: it got it, was skipped, or no road leads there."""
        actor = current_actor()
        record = self.sending.load(db.session(), actor, id_or_404(pk))
        answered = answer_about(self.sending, actor, record, request.args.get("address"))
        return jsonify(result=answer_as_dict(self.sending.document(record), answered))

    @expose("/<pk>/send", methods=["POST"])
    @protect()
    @operation(
        gives=PLAN_ANSWER,
        status=202,
        takes={"$ref": "#/components/schemas/{api}.send"},
        body_optional=True,
        errors=(*WRITE_ERRORS, 412),
    )
    def send(self, pk: str) -> WerkzeugResponse:
        """Execute the plan; sending approves a draft invoice. To those who have it, it does nothing."""
        number = id_or_404(pk)
        asked = asked_to_send(with_files=self.sending.takes_files)
        with unit_of_work(db.session) as session:
            done = self.sending.send(session, current_actor(), number, asked.choices, asked.fingerprint, asked.version)
        return accepted(done)

    @expose("/<pk>/send_again", methods=["POST"])
    @protect()
    @operation(
        gives=PLAN_ANSWER,
        status=202,
        takes={"$ref": "#/components/schemas/{api}.send_again"},
        errors=(*WRITE_ERRORS, 412),
    )
    def send_again(self, pk: str) -> WerkzeugResponse:
        """Send it once more to addresses that have had it, for a reason; each gets a message of its own."""
        number = id_or_404(pk)
        again, version = asked_to_send_again(with_files=self.sending.takes_files)
        with unit_of_work(db.session) as session:
            done = self.sending.send_again(session, current_actor(), number, again, version)
        return accepted(done)
