"""The REST resource of messages."""

from __future__ import annotations

from typing import Any

from flask_appbuilder.api import expose, protect
from werkzeug.wrappers import Response

from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.mailer import queries, service
from app.mailer.resource import MESSAGE
from app.web.admin_api import AdminApi
from app.web.api_body import only, read_body, take_version
from app.web.current import current_actor
from app.web.request_filters import id_or_404


class MessageApi(AdminApi):
    """Messages: state, attempts and reasons."""

    resource = MESSAGE
    method_permission_name = {"retry": "retry", "cancel": "cancel"}

    @expose("/<pk>/retry", methods=["POST"])
    @protect()
    def retry(self, pk: str) -> Response:
        """Have a message tried at once.
        ---
        post:
          parameters:
          - {in: path, name: pk, required: true, schema: {type: integer, minimum: 1}}
          requestBody:
            content:
              application/json:
                schema: {type: object, properties: {version: {type: integer, minimum: 1}}, additionalProperties: false}
          responses:
            200:
              description: The message
              content:
                application/json:
                  schema:
                    type: object
                    properties:
                      id: {type: integer}
                      result: {$ref: '#/components/schemas/MessageApi.get'}
            400: {$ref: '#/components/responses/400'}
            401: {$ref: '#/components/responses/401'}
            403: {$ref: '#/components/responses/403'}
            404: {$ref: '#/components/responses/404'}
            409: {$ref: '#/components/responses/409'}
            412: {$ref: '#/components/responses/412'}
            415: {$ref: '#/components/responses/415'}
            422: {$ref: '#/components/responses/422'}
        """  # noqa: D205  the part below the dashes is the OpenAPI document's
        return self._verb(pk, service.retry_message)

    @expose("/<pk>/cancel", methods=["POST"])
    @protect()
    def cancel(self, pk: str) -> Response:
        """Keep a message from leaving.
        ---
        post:
          parameters:
          - {in: path, name: pk, required: true, schema: {type: integer, minimum: 1}}
          requestBody:
            content:
              application/json:
                schema: {type: object, properties: {version: {type: integer, minimum: 1}}, additionalProperties: false}
          responses:
            200:
              description: The message
              content:
                application/json:
                  schema:
                    type: object
                    properties:
                      id: {type: integer}
                      result: {$ref: '#/components/schemas/MessageApi.get'}
            400: {$ref: '#/components/responses/400'}
            401: {$ref: '#/components/responses/401'}
            403: {$ref: '#/components/responses/403'}
            404: {$ref: '#/components/responses/404'}
            409: {$ref: '#/components/responses/409'}
            412: {$ref: '#/components/responses/412'}
            415: {$ref: '#/components/responses/415'}
            422: {$ref: '#/components/responses/422'}
        """  # noqa: D205  the part below the dashes is the OpenAPI document's
        return self._verb(pk, service.cancel_message)

    def _verb(self, pk: str, verb: Any) -> Response:
        number, actor = id_or_404(pk), current_actor()
        body = read_body(optional=True)
        version = take_version(body, required=False)
        only(body)
        with unit_of_work(db.session) as session:
            verb(session, actor, message_id=number, version=version)
        return self.answer(queries.message(db.session(), actor, message_id=number), 200)
