"""The REST resource of letters."""

from __future__ import annotations

from apispec import APISpec
from flask import Response
from flask_appbuilder.api import expose, protect
from werkzeug.wrappers import Response as WerkzeugResponse

from app.core.errors import Conflict
from app.core.unit_of_work import unit_of_work
from app.core.words import said
from app.correspondence import attachments, dispatch, queries
from app.correspondence.resource import LETTER
from app.correspondence.rules import MAX_NOTE
from app.correspondence.sending import SENDING
from app.correspondence.source import filename_of, kept_pdf
from app.extensions import db
from app.mailer.attaching import MAX_FILE
from app.mailer.file_calls import FILE, NEW_FILE, ascii_name, file_answer
from app.mailer.sending_api import SENDING_PERMISSIONS, SendingApi
from app.web.api_body import bytes_of, only, read_body, read_version, take_version
from app.web.current import current_actor
from app.web.operations import ONLY_VERSION, RECORD, VERSION, WRITE_ERRORS, operation
from app.web.request_filters import id_or_404

_DELIVERED = {
    "type": "object",
    "properties": {"note": {"type": "string", "maxLength": MAX_NOTE, "nullable": True}, "version": VERSION},
    "additionalProperties": False,
}
_ATTACHED = {**NEW_FILE, "properties": {**NEW_FILE["properties"], "version": VERSION}}


class CorrespondenceApi(SendingApi):
    """Letters: written, attached to, planned, sent, and handed over; and their PDF."""

    resource = LETTER
    sending = SENDING
    method_permission_name = {
        **SENDING_PERMISSIONS,
        "delivered": "send",
        "attach": "update",
        "detach": "update",
        "attachment": "read",
        "pdf": "read",
    }

    def add_apispec_components(self, api_spec: APISpec) -> None:
        """Say that a subject may be left out where the type has one."""
        super().add_apispec_components(api_spec)
        api_spec.components.schemas["CorrespondenceApi.post"]["required"].remove("subject")

    @expose("/<pk>/delivered", methods=["POST"])
    @protect()
    @operation(gives=RECORD, takes=_DELIVERED, body_optional=True, errors=(*WRITE_ERRORS, 412))
    def delivered(self, pk: str) -> WerkzeugResponse:
        """Note that it was handed over by post or by hand."""
        number, actor = id_or_404(pk), current_actor()
        body = read_body(optional=True)
        version = take_version(body, required=False)
        only(body, "note")
        with unit_of_work(db.session) as session:
            dispatch.mark_delivered(session, actor, letter_id=number, note=body.get("note"), version=version)
        return self.answer(queries.letter(db.session(), actor, letter_id=number), 200)

    @expose("/<pk>/attachments", methods=["POST"])
    @protect()
    @operation(gives=RECORD, status=201, takes=_ATTACHED, errors=(*WRITE_ERRORS, 412))
    def attach(self, pk: str) -> WerkzeugResponse:
        """Have a file go along with it, until it is sent."""
        number, actor = id_or_404(pk), current_actor()
        body = read_body()
        version = take_version(body, required=False)
        only(body, "filename", "content")
        # What is out of sight answers as if it weren't there, whatever is sent to it.
        queries.letter(db.session(), actor, letter_id=number)
        data = bytes_of(body.get("content"), limit=MAX_FILE, field="content")
        with unit_of_work(db.session) as session:
            attachments.attach(
                session, actor, letter_id=number, filename=body.get("filename"), data=data, version=version
            )
        return self.answer(queries.letter(db.session(), actor, letter_id=number), 201)

    @expose("/<pk>/attachments/<attachment_pk>", methods=["GET"])
    @protect()
    @operation(gives=FILE, content_type="application/octet-stream")
    def attachment(self, pk: str, attachment_pk: str) -> Response:
        """Give a file that goes along with it, as its own media type."""
        return file_answer(
            queries.attachment(
                db.session(), current_actor(), letter_id=id_or_404(pk), attachment_id=id_or_404(attachment_pk)
            )
        )

    @expose("/<pk>/attachments/<attachment_pk>", methods=["DELETE"])
    @protect()
    @operation(gives=RECORD, takes=ONLY_VERSION, body_optional=True, errors=(*WRITE_ERRORS, 412))
    def detach(self, pk: str, attachment_pk: str) -> WerkzeugResponse:
        """Take a file off it, until it is sent."""
        number, file_number, actor = id_or_404(pk), id_or_404(attachment_pk), current_actor()
        version = read_version()
        with unit_of_work(db.session) as session:
            attachments.detach(session, actor, letter_id=number, attachment_id=file_number, version=version)
        return self.answer(queries.letter(db.session(), actor, letter_id=number), 200)

    @expose("/<pk>/pdf", methods=["GET"])
    @protect()
    @operation(
        gives={"type": "string", "format": "binary"},
        errors=(400, 401, 403, 404, 409),
        content_type="application/pdf",
    )
    def pdf(self, pk: str) -> Response:
        """Give the PDF that was made when it was saved."""
        return pdf_answer(id_or_404(pk))


def pdf_answer(letter_id: int, *, as_file: bool = False) -> Response:
    """Answer with a letter's PDF, to be shown or kept as a file. Raises NotFound, Conflict (`not_ready`)."""
    session = db.session()
    letter = queries.letter(session, current_actor(), letter_id=letter_id)
    try:
        data = kept_pdf(session, letter)
    except ValueError as error:
        raise Conflict(said(error), code="not_ready") from error
    answer = Response(data, mimetype="application/pdf")
    how = "attachment" if as_file else "inline"
    answer.headers["Content-Disposition"] = f'{how}; filename="{ascii_name(filename_of(letter))}"'
    return answer
