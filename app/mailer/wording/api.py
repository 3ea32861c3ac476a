"""The REST resource of mail templates."""

from __future__ import annotations

from flask_appbuilder.api import expose, protect
from werkzeug.wrappers import Response

from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.mailer.wording import queries, service
from app.mailer.wording.resource import MAIL_TEMPLATE
from app.web.admin_api import AdminApi
from app.web.api_body import read_version
from app.web.current import current_actor
from app.web.operations import ONLY_VERSION, RECORD, WRITE_ERRORS, operation
from app.web.request_filters import id_or_404


class MailTemplateApi(AdminApi):
    """Mail templates: their words, and the way back to the shipped ones."""

    resource = MAIL_TEMPLATE
    method_permission_name = {"use_shipped": "update"}

    @expose("/<pk>/use_shipped", methods=["POST"])
    @protect()
    @operation(gives=RECORD, takes=ONLY_VERSION, body_optional=True, errors=(*WRITE_ERRORS, 412))
    def use_shipped(self, pk: str) -> Response:
        """Go back to the template that comes with the program."""
        number, actor = id_or_404(pk), current_actor()
        version = read_version()
        with unit_of_work(db.session) as session:
            service.use_shipped(session, actor, template_id=number, version=version)
        return self.answer(queries.template(db.session(), actor, template_id=number), 200)
