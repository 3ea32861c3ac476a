"""The address of the OpenAPI document: Flask-AppBuilder's, with an example at each body and each answer."""

from __future__ import annotations

from typing import Any

from flask_appbuilder.api import expose, protect
from flask_appbuilder.api.manager import OpenApi as ItsOpenApi

from app.web.api_examples import add_examples


class OpenApi(ItsOpenApi):
    """The OpenAPI document of one version of the API."""

    @expose("/<version>/_openapi", methods=["GET"])
    @protect()
    def get(self, version: str) -> Any:
        """Give the OpenAPI document.

        ---
        get:
          summary: Give the OpenAPI document
          parameters:
          - in: path
            name: version
            required: true
            schema: {type: string, enum: [v1]}
          responses:
            200:
              description: The OpenAPI document
              content:
                application/json:
                  schema: {type: object}
                  example: {openapi: 3.0.2, info: {title: Counterpart, version: v1}, paths: {}, components: {}}
            401: {$ref: '#/components/responses/401'}
            404: {$ref: '#/components/responses/404'}
        """
        answer = super().get(version)
        document = answer.get_json(silent=True)
        if answer.status_code == 200 and isinstance(document, dict):  # noqa: PLR2004  the document, and no refusal
            _tell_separators(document)
            answer.set_data(self.appbuilder.app.json.dumps(add_examples(document)) + "\n")
        return answer


def _tell_separators(document: dict[str, Any]) -> None:
    """Tell of a line between two entries of a menu, which is a text; Flask-AppBuilder's schema has entries alone."""
    answer = document["paths"]["/api/v1/menu/"]["get"]["responses"]["200"]
    entry = answer["content"]["application/json"]["schema"]["properties"]["result"]["items"]["properties"]
    entry["childs"]["items"] = {"oneOf": [{"type": "object"}, {"type": "string", "enum": ["-"]}]}
