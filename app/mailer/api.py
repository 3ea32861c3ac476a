"""The REST resource of messages."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from flask_appbuilder.api import expose, protect

from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.mailer import queries, service
from app.mailer.bounces.queries import as_dict, bounces_of
from app.mailer.extra_files import FIELD, extra_file, extra_files
from app.mailer.file_calls import FILE, file_answer, file_as_dict
from app.mailer.resource import MESSAGE
from app.mailer.why.chain import as_dict as chain_as_dict
from app.mailer.why.chain import chain_of
from app.web.admin_api import AdminApi
from app.web.api_body import read_version
from app.web.current import current_actor
from app.web.operations import ONLY_VERSION, RECORD, WRITE_ERRORS, operation
from app.web.request_filters import id_or_404
from app.web.resource import plain
from app.web.words import translated


class MessageApi(AdminApi):
    """Messages: state, attempts, reasons and history."""

    resource = MESSAGE
    method_permission_name = {"retry": "retry", "cancel": "cancel", "extra_attachment": "read"}

    @expose("/<pk>/retry", methods=["POST"])
    @protect()
    @operation(gives=RECORD, takes=ONLY_VERSION, body_optional=True, errors=(*WRITE_ERRORS, 412))
    def retry(self, pk: str) -> Response:
        """Have a message tried at once."""
        return self._verb(pk, service.retry_message)

    @expose("/<pk>/cancel", methods=["POST"])
    @protect()
    @operation(gives=RECORD, takes=ONLY_VERSION, body_optional=True, errors=(*WRITE_ERRORS, 412))
    def cancel(self, pk: str) -> Response:
        """Keep a message from leaving."""
        return self._verb(pk, service.cancel_message)

    @expose("/<pk>/extra_attachments/<attachment_pk>", methods=["GET"])
    @protect()
    @operation(gives=FILE, content_type="application/octet-stream")
    def extra_attachment(self, pk: str, attachment_pk: str) -> Response:
        """Give a file that its sending added to what the document carries, as its own media type."""
        number, file_id = id_or_404(pk), id_or_404(attachment_pk)
        return file_answer(extra_file(db.session(), current_actor(), message_id=number, file_id=file_id))

    def answer(self, record: Any, status: int, *, columns: list[str] | None = None) -> Response:
        """Answer with a message; where all of it is asked for, with history, files, bounces, and why it is there."""
        result = self.serialise(record, columns)
        if columns is None:
            result["history"] = plain(queries.history(db.session(), message_id=record.id))
            files = extra_files(db.session(), [record.id]).get(record.id, [])
            result[FIELD] = [file_as_dict(one) for one in files]
            bounces = bounces_of(db.session(), message_id=record.id)
            result["bounces"] = plain([as_dict(one) for one in bounces])
            chain = chain_of(db.session(), current_actor(), record)
            result["why"] = plain(translated(chain_as_dict(chain)))
        answer = jsonify(id=record.id, result=result)
        answer.status_code = status
        answer.set_etag(str(record.version))
        return answer

    def _verb(self, pk: str, verb: Any) -> Response:
        number, actor = id_or_404(pk), current_actor()
        version = read_version()
        with unit_of_work(db.session) as session:
            verb(session, actor, message_id=number, version=version)
        return self.answer(queries.message(db.session(), actor, message_id=number), 200)
