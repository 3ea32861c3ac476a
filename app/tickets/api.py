"""The REST resource of tickets."""

from __future__ import annotations

from typing import Any

from apispec import APISpec
from flask import Response, jsonify
from flask_appbuilder.api import expose, protect
from werkzeug.wrappers import Response as WerkzeugResponse

from app.core.errors import Invalid
from app.core.unit_of_work import unit_of_work
from app.core.words import say
from app.extensions import db
from app.mailer.file_calls import FILE, KEPT_FILES, NEW_FILES, file_answer, file_as_dict, given_files
from app.mailer.planning.choices import Choices
from app.mailer.planning.plan_output import as_dict
from app.mailer.planning.plan_schema import PLAN_SCHEMA
from app.mailer.sending_defaults import sending_defaults
from app.tickets import planning, queries, service
from app.tickets.models import TicketUpdate
from app.tickets.resource import TICKET, copies_from
from app.tickets.rules import MAX_BODY, UpdateKind
from app.tickets.service import Wording
from app.web.admin_api import AdminApi
from app.web.api_body import only, read_body, take_version
from app.web.current import current_actor
from app.web.operations import RECORD, VERSION, WRITE_ERRORS, operation
from app.web.request_filters import id_or_404
from app.web.resource import plain

_PLAN = {"type": "object", "properties": {"result": {"$ref": "#/components/schemas/Plan"}}}
_UPDATE = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "number": {"type": "string"},
        "ticket_id": {"type": "integer"},
        "kind": {"type": "string", "enum": [one.value for one in UpdateKind]},
        "body": {"type": "string", "nullable": True},
        "internal": {"type": "boolean"},
        "user_id": {"type": "integer", "nullable": True},
        "author_name": {"type": "string"},
        "author_address": {"type": "string", "nullable": True},
        "sent_from": {"type": "string", "nullable": True},
        "door": {"type": "string"},
        "created_at": {"type": "string", "format": "date-time"},
        "attachments": KEPT_FILES,
    },
}
_UPDATES = {"type": "object", "properties": {"result": {"type": "array", "items": _UPDATE}}}
_ADDED = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "result": _UPDATE,
        "plan": {"$ref": "#/components/schemas/Plan"},
    },
}
_COPIES = {
    "fingerprint": {"type": "string"},
    "untick": {"type": "array", "items": {"type": "string"}},
    "version": VERSION,
}
_BODY = {"type": "string", "maxLength": MAX_BODY}
_ADDING = {
    "type": "object",
    "required": ["body"],
    "properties": {
        "body": {**_BODY, "minLength": 1},
        "internal": {"type": "boolean"},
        "attachments": NEW_FILES,
        **_COPIES,
    },
    "additionalProperties": False,
}
_MOVING = {
    "type": "object",
    "properties": {
        "body": {**_BODY, "nullable": True},
        "ticket_status": {"type": "integer", "minimum": 1, "nullable": True},
        "attachments": NEW_FILES,
        **_COPIES,
    },
    "additionalProperties": False,
}


class TicketApi(AdminApi):
    """Tickets: opened with their first text, answered, closed and reopened; copies go with each."""

    resource = TICKET
    method_permission_name = {
        "get_updates": "read",
        "plan_next": "read",
        "add_update": "update",
        "plan": "read",
        "close": "update",
        "reopen": "update",
        "attachment": "read",
    }

    def add_apispec_components(self, api_spec: APISpec) -> None:
        """Put the plan's schema beside the ticket's, and what a new ticket says of its copies."""
        super().add_apispec_components(api_spec)
        schemas = api_spec.components.schemas
        schemas["Plan"] = PLAN_SCHEMA
        copies = {name: schema for name, schema in _COPIES.items() if name != "version"}
        schemas["TicketApi.post"]["properties"] |= {**copies, "attachments": NEW_FILES}

    @expose("/<pk>/updates", methods=["GET"])
    @protect()
    @operation(gives=_UPDATES)
    def get_updates(self, pk: str) -> Response:
        """Give the conversation, oldest first, internal notes among it."""
        session, actor = db.session(), current_actor()
        ticket = queries.ticket(session, actor, ticket_id=id_or_404(pk))
        return jsonify(result=[update_as_dict(one) for one in queries.updates_of(session, ticket_id=ticket.id)])

    @expose("/<pk>/plan", methods=["GET"])
    @protect()
    @operation(gives=_PLAN)
    def plan_next(self, pk: str) -> Response:
        """Give the plan of the caller's next public update: its fingerprint holds for updates, close and reopen."""
        session, actor = db.session(), current_actor()
        ticket = queries.ticket(session, actor, ticket_id=id_or_404(pk))
        plan = planning.plan_next(session, actor, ticket=ticket, choices=Choices(), defaults=sending_defaults())
        return jsonify(result=as_dict(plan))

    @expose("/<pk>/updates", methods=["POST"])
    @protect()
    @operation(gives=_ADDED, status=201, takes=_ADDING, errors=(*WRITE_ERRORS, 412))
    def add_update(self, pk: str) -> WerkzeugResponse:
        """Add an update, and send its copies; an internal one has none."""
        body = read_body()
        version = take_version(body, required=False)
        only(body, "body", "internal", "attachments", "fingerprint", "untick")
        internal = body.get("internal", False)
        if not isinstance(internal, bool):
            raise Invalid(say("Say yes or no (true or false)."), field="internal")
        wording = Wording(body=body.get("body"), internal=internal)
        with unit_of_work(db.session) as session:
            update, done = service.add_update(
                session,
                current_actor(),
                ticket_id=id_or_404(pk),
                wording=wording,
                copies=copies_from(body),
                files=given_files(body.get("attachments")),
                version=version,
            )
            given = {"id": update.id, "result": update_as_dict(update), "plan": as_dict(done)}
        answer = jsonify(given)
        answer.status_code = 201
        return answer

    @expose("/<pk>/updates/<update_id>/plan", methods=["GET"])
    @protect()
    @operation(gives=_PLAN)
    def plan(self, pk: str, update_id: str) -> Response:
        """Give the plan of an update: who has it, who would get it, and who would not."""
        session, actor = db.session(), current_actor()
        update = queries.update(session, actor, update_id=id_or_404(update_id), ticket_id=id_or_404(pk))
        plan = planning.plan_update(session, actor, update=update, choices=Choices(), defaults=sending_defaults())
        return jsonify(result=as_dict(plan))

    @expose("/<pk>/attachments/<attachment_pk>", methods=["GET"])
    @protect()
    @operation(gives=FILE, content_type="application/octet-stream")
    def attachment(self, pk: str, attachment_pk: str) -> Response:
        """Give a file of one of its updates, as its own media type."""
        ticket_id, file_id = id_or_404(pk), id_or_404(attachment_pk)
        return file_answer(queries.attachment(db.session(), current_actor(), ticket_id=ticket_id, file_id=file_id))

    @expose("/<pk>/close", methods=["POST"])
    @protect()
    @operation(gives=RECORD, takes=_MOVING, body_optional=True, errors=(*WRITE_ERRORS, 412))
    def close(self, pk: str) -> WerkzeugResponse:
        """Close a ticket, with a text or without; the copies of that go."""
        return self._moved(pk, UpdateKind.CLOSED)

    @expose("/<pk>/reopen", methods=["POST"])
    @protect()
    @operation(gives=RECORD, takes=_MOVING, body_optional=True, errors=(*WRITE_ERRORS, 412))
    def reopen(self, pk: str) -> WerkzeugResponse:
        """Reopen a ticket, with a text or without; the copies of that go."""
        return self._moved(pk, UpdateKind.REOPENED)

    def _moved(self, pk: str, kind: UpdateKind) -> WerkzeugResponse:
        body = read_body(optional=True)
        version = take_version(body, required=False)
        only(body, "body", "ticket_status", "attachments", "fingerprint", "untick")
        wording = Wording(kind=kind, body=body.get("body"), status=body.get("ticket_status"))
        number = id_or_404(pk)
        with unit_of_work(db.session) as session:
            service.add_update(
                session,
                current_actor(),
                ticket_id=number,
                wording=wording,
                copies=copies_from(body),
                files=given_files(body.get("attachments")),
                version=version,
            )
        return self.answer(queries.ticket(db.session(), current_actor(), ticket_id=number), 200)


def update_as_dict(update: TicketUpdate) -> dict[str, Any]:
    """Return an update as REST gives it."""
    names = ("id", "number", "ticket_id", "kind", "body", "internal", "user_id", "author_name", "author_address")
    told = {name: plain(getattr(update, name)) for name in (*names, "sent_from", "door", "created_at")}
    return {**told, "attachments": [file_as_dict(one) for one in update.attachments]}
