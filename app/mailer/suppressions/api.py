"""The REST resource of suppressed addresses."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_appbuilder.api import expose, protect

from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.mailer.suppressions.resource import SUPPRESSION
from app.mailer.suppressions.rules import MAX_REASON
from app.mailer.suppressions.service import lift_suppression
from app.web.admin_api import AdminApi
from app.web.api_body import only, read_body, take_version
from app.web.current import current_actor
from app.web.operations import RECORD, VERSION, WRITE_ERRORS, operation
from app.web.request_filters import id_or_404

_LIFTING: dict[str, Any] = {
    "type": "object",
    "required": ["reason"],
    "properties": {"reason": {"type": "string", "minLength": 1, "maxLength": MAX_REASON}, "version": VERSION},
    "additionalProperties": False,
}


class SuppressionApi(AdminApi):
    """Suppressed addresses: which ones get nothing, since when and why."""

    resource = SUPPRESSION
    method_permission_name = {"lift": "lift"}

    @expose("/<pk>/lift", methods=["POST"])
    @protect()
    @operation(gives=RECORD, takes=_LIFTING, errors=(*WRITE_ERRORS, 412))
    def lift(self, pk: str) -> Response:
        """Let an address get copies again, for a reason; answer with it as it was lifted."""
        number, body = id_or_404(pk), read_body()
        version = take_version(body, required=False)
        given = only(body, "reason").get("reason")
        with unit_of_work(db.session) as session:
            row = lift_suppression(session, current_actor(), suppression_id=number, reason=given, version=version)
        return self.answer(row, 200)
