"""The REST resource of the mails that came in, and the mail that an update of a ticket came by."""

from __future__ import annotations

from typing import Any

from apispec import APISpec
from flask import Response, jsonify
from flask_appbuilder.api import expose, protect

from app.core.errors import Invalid, NotFound
from app.core.unit_of_work import unit_of_work
from app.core.words import say
from app.extensions import db
from app.inbound import queries, service
from app.inbound.resource import INBOUND_MAIL
from app.inbound.rules import MAX_NOTE
from app.inbound.shown import raw_answer
from app.mailer.planning.plan_output import as_dict
from app.mailer.planning.plan_schema import PLAN_SCHEMA
from app.tickets import api as tickets_api
from app.tickets import queries as tickets
from app.tickets.resource import copies_from
from app.web.admin_api import AdminApi, body_id
from app.web.api_body import only, read_body, take_version
from app.web.current import current_actor
from app.web.operations import READ_ERRORS, RECORD, VERSION, WRITE_ERRORS, operation
from app.web.request_filters import id_or_404

_RAW = {"type": "string", "format": "binary"}
_DONE: dict[str, Any] = {
    "type": "object",
    "required": ["note"],
    "properties": {"note": {"type": "string", "minLength": 1, "maxLength": MAX_NOTE}, "version": VERSION},
    "additionalProperties": False,
}
_ADDING: dict[str, Any] = {
    "type": "object",
    "required": ["ticket_id"],
    "properties": {
        "ticket_id": {"type": "integer", "minimum": 1},
        "internal": {"type": "boolean"},
        "fingerprint": {"type": "string"},
        "untick": {"type": "array", "items": {"type": "string"}},
        "version": VERSION,
    },
    "additionalProperties": False,
}
_ADDED = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "result": {"$ref": "#/components/schemas/InboundMailApi.get"},
        "plan": {"$ref": "#/components/schemas/Plan"},
    },
}


class InboundMailApi(AdminApi):
    """Mails that came in: what they say, what became of them, and what staff make of them."""

    resource = INBOUND_MAIL
    method_permission_name = {"source": "read", "add_to_ticket": "update", "done": "update"}

    def add_apispec_components(self, api_spec: APISpec) -> None:
        """Put the plan's schema beside the mail's."""
        super().add_apispec_components(api_spec)
        api_spec.components.schemas["Plan"] = PLAN_SCHEMA

    @expose("/<pk>/source", methods=["GET"])
    @protect()
    @operation(gives=_RAW, content_type="message/rfc822", errors=READ_ERRORS)
    def source(self, pk: str) -> Response:
        """Give a mail as it came (RFC 5322)."""
        mail = queries.inbound_mail(db.session(), current_actor(), mail_id=id_or_404(pk))
        return raw_answer(db.session(), mail)

    @expose("/<pk>/add_to_ticket", methods=["POST"])
    @protect()
    @operation(gives=_ADDED, takes=_ADDING, errors=(*WRITE_ERRORS, 412))
    def add_to_ticket(self, pk: str) -> Response:
        """Add a mail to a ticket, as a public update whose copies go, or as an internal note."""
        actor, number, body = current_actor(), id_or_404(pk), read_body()
        version = take_version(body, required=False)
        only(body, "ticket_id", "internal", "fingerprint", "untick")
        internal = body.get("internal", False)
        if not isinstance(internal, bool):
            raise Invalid(say("Say yes or no (true or false)."), field="internal")
        with unit_of_work(db.session) as session:
            row, plan = service.add_to_ticket(
                session,
                actor,
                mail_id=number,
                ticket_id=body_id(body, "ticket_id"),
                internal=internal,
                copies=copies_from(body),
                version=version,
            )
            done = as_dict(plan)
        row = queries.inbound_mail(db.session(), actor, mail_id=number)
        answer = jsonify(id=row.id, result=self.serialise(row), plan=done)
        answer.set_etag(str(row.version))
        return answer

    @expose("/<pk>/done", methods=["POST"])
    @protect()
    @operation(gives=RECORD, takes=_DONE, errors=(*WRITE_ERRORS, 412))
    def done(self, pk: str) -> Response:
        """Be done with a mail that belongs to no ticket; the note says what was done about it."""
        actor, number, body = current_actor(), id_or_404(pk), read_body()
        version = take_version(body, required=False)
        note = only(body, "note").get("note")
        with unit_of_work(db.session) as session:
            service.finish(session, actor, mail_id=number, note=note, version=version)
        return self.answer(queries.inbound_mail(db.session(), actor, mail_id=number), 200)


class TicketApi(tickets_api.TicketApi):
    """Tickets, with the mails that their updates came by."""

    method_permission_name = {**(tickets_api.TicketApi.method_permission_name or {}), "mail": "read"}

    @expose("/<pk>/updates/<update_id>/mail", methods=["GET"])
    @protect()
    @operation(gives=_RAW, content_type="message/rfc822", errors=READ_ERRORS)
    def mail(self, pk: str, update_id: str) -> Response:
        """Give the mail that an update came by, as it came (RFC 5322)."""
        session = db.session()
        update = tickets.update(session, current_actor(), update_id=id_or_404(update_id), ticket_id=id_or_404(pk))
        mail = next(iter(queries.mails_of_updates(session, [update.id])), None)
        if mail is None:
            raise NotFound(say("This update came by no mail."))
        return raw_answer(session, mail)
