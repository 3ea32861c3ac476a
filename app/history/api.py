"""The REST resource of the audit trail: to read, and nothing else."""

from __future__ import annotations

from typing import Any

from apispec import APISpec
from flask import Response, jsonify, request
from flask_appbuilder.api import expose, protect

from app.core.errors import Unreadable
from app.core.whole_numbers import MAX_ID, is_whole
from app.core.words import say
from app.extensions import db
from app.history import queries
from app.history.queries import Wanted
from app.history.resource import AUDIT, INDEXED, ON_RECORDS
from app.web.admin_api import LIST, AdminApi, Q
from app.web.api_query import ApiQuery, read_columns_of_one, read_query, read_rison
from app.web.current import current_actor
from app.web.listing import COUNT_CAP
from app.web.openapi import ERROR_RESPONSES
from app.web.operations import RECORD, operation
from app.web.request_filters import id_or_404

_TEXT = {"type": "string"}
_NUMBER = {"type": "integer"}
_CHANGES = {
    "type": "object",
    "description": "For each changed field, what it was and what it became.",
    "additionalProperties": {"type": "array", "items": {"nullable": True}, "minItems": 2, "maxItems": 2},
}
_RECORD_TOUCHED = {
    "type": "object",
    "properties": {"resource": _TEXT, "id": _NUMBER, "label": _TEXT, "changes": _CHANGES},
}
_ENTRY = {
    "type": "object",
    "properties": {
        "id": _NUMBER,
        "created_at": {"type": "string", "format": "date-time"},
        "user": _TEXT,
        "door": _TEXT,
        "verb": _TEXT,
        "reason": {"type": "string", "nullable": True},
        "records": {"type": "array", "items": _RECORD_TOUCHED},
        "records_in_sight": _NUMBER,
        "records_out_of_sight": _NUMBER,
    },
}


class AuditApi(AdminApi):
    """`/api/v1/audit/`."""

    resource = AUDIT

    @expose("/", methods=["GET"])
    @protect()
    @operation(gives=LIST, query=[Q], errors=(400, 401, 403))
    def get_list(self, **_kwargs: Any) -> Response:
        """Give a page of the entries in sight, newest first, each with the first ten of its records."""
        actor, session = current_actor(), db.session()
        text = request.args.get("q")
        query = read_query(text, AUDIT)
        wanted = _wanted(read_rison(text), query)
        page = queries.trail(
            session,
            actor,
            wanted,
            after=_place(query.after),
            skip=query.page * query.page_size,
            size=query.page_size,
        )
        count, capped = queries.count(session, actor, wanted, cap=COUNT_CAP)
        body: dict[str, Any] = {
            "count": count,
            "ids": [seen.entry.id for seen in page.entries],
            "result": [self.serialise(seen, query.columns) for seen in page.entries],
            "next": str(page.next) if page.next else None,
        }
        return jsonify(body | {"count_capped": True} if capped else body)

    @expose("/<pk>", methods=["GET"])
    @protect()
    @operation(gives=RECORD, query=[Q])
    def get(self, pk: str, **_kwargs: Any) -> Response:
        """Give one entry with its records, 200 of them at most."""
        columns = read_columns_of_one(request.args.get("q"), AUDIT)
        seen = queries.entry(db.session(), current_actor(), entry_id=id_or_404(pk))
        return jsonify(id=seen.entry.id, result=self.serialise(seen, columns))

    def add_apispec_components(self, api_spec: APISpec) -> None:
        """Put the schema of an entry into the OpenAPI document."""
        api_spec.components.responses.update(ERROR_RESPONSES)
        api_spec.components.schemas["AuditApi.get"] = _ENTRY


def _wanted(given: Any, query: ApiQuery) -> Wanted:
    """Sort the conditions by what they are about; one record alone is looked up by its index."""
    filters = given.get("filters", ())
    asked = [(one["col"], one["opr"], condition) for one, condition in zip(filters, query.conditions, strict=True)]
    values = {one["col"]: one["value"] for one in filters if one["opr"] == "eq" and one.get("value")}
    record = None
    if "resource" in values and "record_id" in values:
        record = (str(values["resource"]), int(values["record_id"]))
    return Wanted(
        record=record,
        indexed=[condition for col, opr, condition in asked if (col, opr) in INDEXED],
        on_entry=[condition for col, opr, condition in asked if (col, opr) not in INDEXED and col not in ON_RECORDS],
        on_record=[condition for col, _, condition in asked if col in ON_RECORDS],
        newest_first=query.order is None or query.descending,
    )


def _place(after: str) -> int | None:
    if not after:
        return None
    if not is_whole(after, digits=10) or not 0 < int(after) <= MAX_ID:
        raise Unreadable(say("Give after as the text that a page gave as next."), field="q")
    return int(after)
