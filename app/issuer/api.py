"""The REST resource of the issuer."""

from __future__ import annotations

from flask import Response
from flask_appbuilder.api import expose, protect
from werkzeug.wrappers import Response as WerkzeugResponse

from app.core.errors import NotFound
from app.core.unit_of_work import unit_of_work
from app.core.words import say
from app.extensions import db
from app.issuer import logo, queries
from app.issuer.resource import ISSUER
from app.web.admin_api import AdminApi
from app.web.api_body import bytes_of, only, read_body, read_version, take_version
from app.web.current import current_actor
from app.web.operations import ONLY_VERSION, RECORD, VERSION, WRITE_ERRORS, operation
from app.web.request_filters import id_or_404

_LOGO = {
    "type": "object",
    "required": ["content"],
    "properties": {
        "content": {"type": "string", "format": "byte", "description": "A PNG or JPEG in base64 (RFC 4648)"},
        "version": VERSION,
    },
    "additionalProperties": False,
}


class IssuerApi(AdminApi):
    """The company that sends: one record, and its logo."""

    resource = ISSUER
    method_permission_name = {"get_logo": "read", "set_logo": "update", "remove_logo": "update"}

    @expose("/<pk>/logo", methods=["GET"])
    @protect()
    @operation(gives={"type": "string", "format": "binary"}, content_type="image/*")
    def get_logo(self, pk: str) -> Response:
        """Give the logo, a PNG or JPEG; 404 where there is none."""
        return logo_answer(id_or_404(pk))

    @expose("/<pk>/logo", methods=["POST"])
    @protect()
    @operation(gives=RECORD, takes=_LOGO, errors=(*WRITE_ERRORS, 412))
    def set_logo(self, pk: str) -> WerkzeugResponse:
        """Set the logo; it heads what is made from now on."""
        number, actor = id_or_404(pk), current_actor()
        body = read_body()
        version = take_version(body, required=False)
        only(body, "content")
        queries.issuer_by_id(db.session(), actor, issuer_id=number)
        picture = bytes_of(body.get("content"), limit=logo.MAX_FILE, field="content")
        with unit_of_work(db.session) as session:
            logo.set_logo(session, actor, issuer_id=number, picture=picture, version=version)
        return self.answer(queries.issuer_by_id(db.session(), actor, issuer_id=number), 200)

    @expose("/<pk>/logo", methods=["DELETE"])
    @protect()
    @operation(gives=RECORD, takes=ONLY_VERSION, body_optional=True, errors=(*WRITE_ERRORS, 412))
    def remove_logo(self, pk: str) -> WerkzeugResponse:
        """Take the logo away: the name stands in its place."""
        number, actor = id_or_404(pk), current_actor()
        version = read_version()
        with unit_of_work(db.session) as session:
            logo.remove_logo(session, actor, issuer_id=number, version=version)
        return self.answer(queries.issuer_by_id(db.session(), actor, issuer_id=number), 200)


def logo_answer(issuer_id: int) -> Response:
    """Answer with the picture. Raises Forbidden, NotFound."""
    issuer = queries.issuer_by_id(db.session(), current_actor(), issuer_id=issuer_id)
    if issuer.logo is None:
        raise NotFound(say("The issuer has no logo."))
    return Response(issuer.logo, mimetype=logo.media_type_of(issuer.logo))
