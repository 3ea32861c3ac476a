"""The OpenAPI document has an example at each body and each answer, and each example fits its own schema."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

METHODS = {"get", "post", "put", "delete", "patch"}


@pytest.fixture(scope="module")
def document(house):
    return house.api()("get", "/api/v1/_openapi").json


def resolved(document, node):
    while "$ref" in node:
        found: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def as_json_schema(document, schema, depth=0):
    """Write an OpenAPI 3.0 schema as JSON Schema: `nullable` becomes a type, references become what they name."""
    if depth > 12:
        return {}
    schema = resolved(document, schema)
    plain = {name: part for name, part in schema.items() if name not in ("nullable", "example", "readOnly", "format")}
    if "properties" in plain:
        plain["properties"] = {n: as_json_schema(document, p, depth + 1) for n, p in plain["properties"].items()}
    if "allOf" in plain:
        plain["allOf"] = [as_json_schema(document, part, depth + 1) for part in plain["allOf"]]
    for name in ("items", "additionalProperties"):
        if isinstance(plain.get(name), dict):
            plain[name] = as_json_schema(document, plain[name], depth + 1)
    return {"anyOf": [plain, {"type": "null"}]} if schema.get("nullable") else plain


def contents(document):
    """Yield each body and answer of JSON, and where it stands."""
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            call = item[method]
            if "requestBody" in call:
                yield f"{method} {path} takes", call["requestBody"]["content"]["application/json"]
            for status, answer in call["responses"].items():
                content = resolved(document, answer).get("content", {})
                if "application/json" in content:
                    yield f"{method} {path} {status}", content["application/json"]


def test_each_body_and_answer_has_an_example_that_fits(document):
    told = list(contents(document))
    assert len(told) > 500
    for where, content in told:
        assert "example" in content, where
        jsonschema.validate(content["example"], as_json_schema(document, content.get("schema", {})))


def test_every_error_has_the_one_shape(document):
    for where, content in contents(document):
        status = where.rsplit(" ", 1)[-1]
        if status.isdigit() and int(status) >= 400:
            assert set(content["example"]) == {"message", "code", "errors"}, where
            assert content["example"]["code"] != "", where


def test_the_examples_of_what_is_made_can_be_sent_as_they_are(house, document):
    """A reader copies the example of a POST: it is read, and refused by nothing but the records that it names."""
    sent = 0
    for path, item in document["paths"].items():
        if "post" not in item or "{" in path or "/security/" in path or "requestBody" not in item["post"]:
            continue
        example = item["post"]["requestBody"]["content"]["application/json"]["example"]
        answer = house.api()("post", path, json=example)
        assert answer.status_code in (201, 200, 409, 422), (path, answer.text)
        if answer.status_code == 422:
            allowed = {"customer_id", "contact_id", "dealer_code", "code", "title", "status"}
            assert {name.split(".")[0] for name in answer.json["errors"]} <= allowed, (path, answer.text)
        sent += 1
    assert sent > 10
