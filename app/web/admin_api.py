"""AdminApi: a FAB ModelRestApi that exposes what its resource declares, and writes by the service's verbs alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from apispec import APISpec
from flask import Response, jsonify, request
from flask_appbuilder import ModelRestApi
from flask_appbuilder.api import expose, protect
from flask_appbuilder.hooks import before_request
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_login import current_user
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.wrappers import Response as WerkzeugResponse

from app.access.ask import may, settable
from app.access.table import Operation
from app.core.errors import Invalid
from app.core.unit_of_work import unit_of_work
from app.core.whole_numbers import MAX_ID
from app.core.words import say
from app.extensions import csrf, db
from app.web.api_body import no_such_fields, read_body, read_version, take_version
from app.web.api_query import operators, read_columns_of_one, read_parts, read_query
from app.web.current import current_actor
from app.web.errors import error_answer
from app.web.listing import Wanted, list_page, sort_of
from app.web.openapi import ERROR_RESPONSES, field_schema, input_schema, record_schema
from app.web.operations import MESSAGE, ONLY_VERSION, RECORD, WRITE_ERRORS, described_operation, operation
from app.web.request_filters import RequestFiltersMixin, id_or_404
from app.web.resource import Resource
from app.web.trash_api import TRASH_PERMISSIONS, TrashCalls
from app.web.words import translated

METHOD_PERMISSIONS = {
    "info": "read",
    "get_list": "read",
    "get": "read",
    "post": "create",
    "put": "update",
    "delete": "delete",
}

Q = {
    "name": "q",
    "description": "Rison, such as (filters:!((col:last_name,opr:sw,value:Sm)),order_column:id,page:0)",
    "schema": {"type": "string"},
}
KEYS = {"name": "q", "description": "Rison: the parts to give, as (keys:!(permissions))", "schema": {"type": "string"}}
LIST = {
    "type": "object",
    "properties": {
        "count": {"type": "integer"},
        "count_capped": {"type": "boolean"},
        "next": {
            "type": "string",
            "nullable": True,
            "description": "The key of the page that follows, for `after` in `q`; null on the last one.",
        },
        "ids": {"type": "array", "items": {"type": "integer"}},
        "result": {"type": "array", "items": {"$ref": "#/components/schemas/{api}.get"}},
    },
}


class AdminApi(TrashCalls, RequestFiltersMixin, ModelRestApi):
    """The REST resource of one kind of record: a subclass names the resource and adds its own calls."""

    resource: ClassVar[Resource]
    allow_browser_login = True
    responses = ERROR_RESPONSES
    method_permission_name: dict[str, str] | None = None
    exclude_route_methods: set[str] = set()

    def __init__(self) -> None:
        self.datamodel = SQLAInterface(self.resource.model, session=db.session)
        self.resource_name = self.resource.name
        self.class_permission_name = self.resource.name
        self.method_permission_name = METHOD_PERMISSIONS | TRASH_PERMISSIONS | (self.method_permission_name or {})
        self.openapi_spec_tag = self.resource.plural
        # Nothing is exposed by Flask-AppBuilder itself: the resource says what is read and written.
        self.list_columns = self.show_columns = self.add_columns = self.edit_columns = ["id"]
        self.search_columns = self.order_columns = ["id"]
        offered = {"post": self.resource.create, "put": self.resource.update, "delete": self.resource.delete}
        offered |= {name: getattr(self.resource, name) for name in TRASH_PERMISSIONS}
        self.exclude_route_methods = self.exclude_route_methods | {
            name for name, verb in offered.items() if verb is None
        }
        super().__init__()

    @before_request
    def check_csrf(self) -> None:
        """Ask a browser's cookie for its CSRF token on every write; a token in Authorization needs none."""
        reads = request.method in ("GET", "HEAD", "OPTIONS")
        # Somebody who isn't logged in needs no token to be refused: that answer is a 401.
        if not reads and not request.headers.get("Authorization") and current_user.is_authenticated:
            csrf.protect()

    # Reads.

    @expose("/_info", methods=["GET"])
    @protect()
    @operation(gives={"type": "object"}, query=[KEYS], errors=(400, 401, 403))
    def info(self, **_kwargs: Any) -> Response:
        """Tell what may be done, which fields there are, and by what lists are filtered and sorted."""
        actor = current_actor()
        parts = read_parts(request.args.get("q"))
        allowed = settable(actor, self.resource.name, self.resource.fields)
        columns = [
            {
                "name": name,
                "label": translated(self.resource.labels.get(name) or self._prettify_column(name)),
                "required": kind.required,
                "settable": name in allowed,
                **field_schema(kind),
            }
            for name, kind in self.resource.offered().items()
        ]
        told = {
            "permissions": [f"can_{one.value}" for one in Operation if may(actor, one, self.resource.name)],
            "add_columns": columns if self.resource.create else [],
            "edit_columns": [one for one in columns if not self.resource.fields[one["name"]].once]
            if self.resource.update
            else [],
            "filters": {
                name: [{"operator": opr, "name": opr} for opr in operators(column)]
                for name, column in self.resource.filters.items()
            },
            "order_columns": list(self.resource.orders),
        }
        return jsonify({name: part for name, part in told.items() if parts is None or name in parts})

    @expose("/", methods=["GET"])
    @protect()
    @operation(gives=LIST, query=[Q], errors=(400, 401, 403))
    def get_list(self, **_kwargs: Any) -> Response:
        """Give a page of the records in sight."""
        return jsonify(self.page_of(self.resource, self.resource.rows(current_actor()))[0])

    @expose("/<pk>", methods=["GET"])
    @protect()
    @operation(gives=RECORD, query=[Q])
    def get(self, pk: str, **_kwargs: Any) -> Response:
        """Give one record."""
        columns = read_columns_of_one(request.args.get("q"), self.resource)
        record = self.resource.get(db.session(), current_actor(), id_or_404(pk))
        return self.answer(record, 200, columns=columns)

    # Writes.

    @expose("/", methods=["POST"])
    @protect()
    @operation(gives=RECORD, status=201, takes={"$ref": "#/components/schemas/{api}.post"}, errors=WRITE_ERRORS)
    def post(self) -> WerkzeugResponse:
        """Make a record."""
        if self.resource.create is None:
            raise MethodNotAllowed
        body = no_such_fields(read_body(), self.resource.hidden())
        with unit_of_work(db.session) as session:
            record = self.resource.create(session, current_actor(), body)
            session.flush()
            number = record.id
        return self.answer(self.resource.get(db.session(), current_actor(), number), 201)

    @expose("/<pk>", methods=["PUT"])
    @protect()
    @operation(
        gives=RECORD,
        takes={"$ref": "#/components/schemas/{api}.put"},
        headers=["If-Match"],
        errors=(*WRITE_ERRORS, 412, 428),
    )
    def put(self, pk: str) -> WerkzeugResponse:
        """Change a record; what is left out stays. What GET gives is taken back."""
        if self.resource.update is None:
            raise MethodNotAllowed
        actor = current_actor()
        number = id_or_404(pk)
        body = no_such_fields(read_body(), self.resource.hidden())
        version = take_version(body, required=True)
        with unit_of_work(db.session) as session:
            record = self.resource.get(session, actor, number)
            given = self.without_read_only(record, body)
            self.resource.update(session, actor, number, given, version)
        return self.answer(self.resource.get(db.session(), actor, number), 200)

    @expose("/<pk>", methods=["DELETE"])
    @protect()
    @operation(gives=MESSAGE, takes=ONLY_VERSION, body_optional=True, errors=(*WRITE_ERRORS, 412))
    def delete(self, pk: str) -> WerkzeugResponse:
        """Delete a record; it can be restored."""
        if self.resource.delete is None:
            raise MethodNotAllowed
        number = id_or_404(pk)
        version = read_version()
        with unit_of_work(db.session) as session:
            self.resource.delete(session, current_actor(), number, version)
        return jsonify(message="OK")

    # What subclasses use.

    def page_of(self, resource: Resource, statement: Any) -> tuple[dict[str, Any], Sequence[Any]]:
        """Return the page of a statement that `q` asks for, as lists give it, and its rows."""
        query = read_query(request.args.get("q"), resource)
        page = list_page(
            db.session(),
            statement.where(*query.conditions).options(*resource.load_dotted(query.columns)),
            resource=resource,
            sort=sort_of(resource, query.order, descending=query.descending),
            wanted=Wanted(after=query.after, page=query.page),
            page_size=query.page_size,
        )
        body: dict[str, Any] = {
            "count": page.count,
            "ids": [row.id for row in page.rows],
            "result": [self.serialise(row, query.columns or resource.readable(in_list=True)) for row in page.rows],
            "next": page.next,
        }
        if page.count_capped:
            body["count_capped"] = True
        return body, page.rows

    def serialise(self, record: Any, columns: list[str] | None = None) -> dict[str, Any]:
        """Return a record as REST gives it."""
        return {name: self.resource.value(record, name) for name in columns or self.resource.readable()}

    def answer(
        self,
        record: Any,
        status: int,
        *,
        columns: list[str] | None = None,
    ) -> Response:
        """Answer with a record, its version as its ETag."""
        answer = jsonify(id=record.id, result=self.serialise(record, columns))
        answer.status_code = status
        answer.set_etag(str(record.version))
        return answer

    def without_read_only(self, record: Any, body: dict[str, Any]) -> dict[str, Any]:
        """Take off what is read-only and given as it is. Raises Invalid for what is given otherwise."""
        given = dict(body)
        errors = {}
        for name in [name for name in given if name not in self.resource.fields]:
            known = name in self.resource.readable() or name in self.resource.dotted()
            if known and given.pop(name) != self.resource.value(record, name):
                errors[name] = [say("This can't be changed here.")]
        if errors:
            raise Invalid(say("Some of this can't be changed here."), errors=errors)
        return given

    def operation_helper(
        self, path: str | None = None, operations: Any = None, methods: Any = None, func: Any = None, **_kwargs: Any
    ) -> None:
        """Put a call into the OpenAPI document, as its decorator describes it."""
        for method in methods:
            operations[method.lower()] = described_operation(func, type(self).__name__, path or "")

    def add_apispec_components(self, api_spec: APISpec) -> None:
        """Put the schemas of what is given and taken into the OpenAPI document."""
        schemas = api_spec.components.schemas
        api_spec.components.responses.update(ERROR_RESPONSES)
        name = self.__class__.__name__
        schemas[f"{name}.get"] = record_schema(self.resource)
        schemas[f"{name}.post"] = input_schema(self.resource, change=False)
        schemas[f"{name}.put"] = input_schema(self.resource, change=True)

    def _init_model_schemas(self) -> None:
        """Make no Flask-AppBuilder schema: they expose related rows, and write to the database by themselves."""

    # Flask-AppBuilder's own refusals, in the error shape.

    def response_401(self) -> WerkzeugResponse:
        """Answer 401 in the error shape."""
        return error_answer(401)

    def response_403(self) -> WerkzeugResponse:
        """Answer 403 in the error shape."""
        return error_answer(403)


def body_id(body: dict[str, Any], name: str) -> int:
    """Return an id out of a body. Raises Invalid."""
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= MAX_ID:
        raise Invalid(say("Give {name}, the id of a record.", name=name), field=name)
    return value
