"""The REST calls about deleted records: the trash of a resource, restoring from it, and purging for good."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import Response, jsonify
from flask_appbuilder.api import expose, protect
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.wrappers import Response as WerkzeugResponse

from app.core.purging import MAX_REASON
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.web.api_body import only, read_body, read_version, take_version
from app.web.current import current_actor
from app.web.operations import MESSAGE, ONLY_VERSION, RECORD, VERSION, WRITE_ERRORS, operation
from app.web.request_filters import id_or_404
from app.web.resource import Resource
from app.web.trash import as_trash, deletions, in_trash

TRASH_PERMISSIONS = {"trash": "trash", "restore": "restore", "purge": "purge"}
_DELETION = {
    "type": "object",
    "properties": {
        "deleted_by": {"type": "string"},
        "went_with": {
            "type": "object",
            "nullable": True,
            "properties": {
                "resource": {"type": "string"},
                "id": {"type": "integer"},
                "label": {"type": "string"},
            },
        },
        "took_along": {"type": "integer"},
    },
}
_TRASH = {
    "type": "object",
    "properties": {
        "count": {"type": "integer"},
        "count_capped": {"type": "boolean"},
        "ids": {"type": "array", "items": {"type": "integer"}},
        "result": {
            "type": "array",
            "items": {
                "allOf": [
                    {"$ref": "#/components/schemas/{api}.get"},
                    {"type": "object", "properties": {"deletion": _DELETION}},
                ]
            },
        },
    },
}
_REASON = {
    "type": "object",
    "required": ["reason"],
    "properties": {"reason": {"type": "string", "minLength": 1, "maxLength": MAX_REASON}, "version": VERSION},
    "additionalProperties": False,
}
_Q = {
    "name": "q",
    "description": "Rison, as of the list: (filters:!((col:last_name,opr:sw,value:Sm)),order_column:id,page:0)",
    "schema": {"type": "string"},
}


class TrashCalls:
    """The part of AdminApi that is about deleted records; a resource without a verb has no call for it."""

    resource: ClassVar[Resource]
    answer: Any
    page_of: Any

    @expose("/trash", methods=["GET"])
    @protect()
    @operation(gives=_TRASH, query=[_Q], errors=(400, 401, 403))
    def trash(self) -> Response:
        """Give a page of the deleted records, each with who deleted it and what it went with."""
        body, rows = self.page_of(as_trash(self.resource), in_trash(current_actor(), self.resource))
        told = deletions(db.session(), rows)
        for row, shown in zip(rows, body["result"], strict=True):
            shown["deletion"] = told[row.id].as_dict()
        return jsonify(body)

    @expose("/<pk>/restore", methods=["POST"])
    @protect()
    @operation(gives=RECORD, takes=ONLY_VERSION, body_optional=True, headers=["If-Match"], errors=(*WRITE_ERRORS, 412))
    def restore(self, pk: str) -> WerkzeugResponse:
        """Bring back a deleted record, with exactly what went along with it."""
        if self.resource.restore is None:
            raise MethodNotAllowed
        number, actor = id_or_404(pk), current_actor()
        version = read_version()
        with unit_of_work(db.session) as session:
            self.resource.restore(session, actor, number, version, None)
        return self.answer(self.resource.get(db.session(), actor, number), 200)

    @expose("/<pk>/purge", methods=["POST"])
    @protect()
    @operation(gives=MESSAGE, takes=_REASON, headers=["If-Match"], errors=(*WRITE_ERRORS, 412))
    def purge(self, pk: str) -> WerkzeugResponse:
        """Wipe a deleted record for good; nothing brings it back."""
        if self.resource.purge is None:
            raise MethodNotAllowed
        number = id_or_404(pk)
        body = read_body()
        version = take_version(body, required=False)
        only(body, "reason")
        with unit_of_work(db.session) as session:
            self.resource.purge(session, current_actor(), number, body.get("reason"), version)
        return jsonify(message="OK")
