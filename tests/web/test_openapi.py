"""The OpenAPI document: valid as far as it can be checked by hand, whole, and true to the address map."""

from __future__ import annotations

import re

import pytest

METHODS = {"get", "post", "put", "delete", "patch"}


@pytest.fixture(scope="module")
def document(house):
    answer = house.api()("get", "/api/v1/_openapi")
    assert answer.status_code == 200
    return answer.json


def walk(node, path=""):
    if isinstance(node, dict):
        yield path, node
        for name, part in node.items():
            yield from walk(part, f"{path}/{name}")
    elif isinstance(node, list):
        for number, part in enumerate(node):
            yield from walk(part, f"{path}/{number}")


def resolve(document, reference):
    node = document
    for part in reference.removeprefix("#/").split("/"):
        node = node[part.replace("~1", "/").replace("~0", "~")]
    return node


def operations(document):
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            yield path, method, item[method]


def test_it_says_what_it_is(document):
    assert re.fullmatch(r"3\.0\.\d", document["openapi"])
    assert {"title", "version"} <= document["info"].keys()
    assert document["components"]["securitySchemes"]["jwt"]["scheme"] == "bearer"


def test_every_reference_leads_somewhere(document):
    references = [node["$ref"] for _, node in walk(document) if isinstance(node.get("$ref"), str)]
    assert len(references) > 200
    for reference in references:
        assert reference.startswith("#/"), reference
        assert resolve(document, reference), reference


def test_every_route_is_in_it_and_nothing_else(house, document):
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in house.app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/")
    }
    told = {(path, method) for path, method, _ in operations(document)}
    assert told == routes


def test_every_operation_says_what_it_answers(document):
    for path, method, operation in operations(document):
        where = f"{method} {path}"
        assert operation["responses"], where
        assert any(status.startswith("2") for status in operation["responses"]), where
        for status, response in operation["responses"].items():
            assert re.fullmatch(r"[1-5]\d\d", status), where
            whole = resolve(document, response["$ref"]) if "$ref" in response else response
            assert whole["description"], (where, status)
        if "/security/" in path:
            continue
        assert {"401", "403"} <= operation["responses"].keys() or path.endswith(("_openapi", "menu/")), where
        if "{pk}" in path:
            assert "404" in operation["responses"], where
        if "requestBody" in operation:
            assert {"400", "415", "422"} <= operation["responses"].keys(), where


def test_every_parameter_of_an_address_is_told(document):
    for path, method, operation in operations(document):
        wanted = set(re.findall(r"{(\w+)}", path))
        given = [*document["paths"][path].get("parameters", []), *operation.get("parameters", [])]
        told = {one["name"] for one in given if one["in"] == "path"}
        assert told == wanted, (path, method)
        assert all(one["required"] is True for one in given if one["in"] == "path"), path
        assert all("schema" in one or "content" in one for one in given), path


def test_no_two_operations_share_a_name(document):
    names = [operation["operationId"] for _, _, operation in operations(document) if "operationId" in operation]
    assert len(names) == len(set(names))


def test_schemas_are_schemas(document):
    kinds = {"object", "array", "string", "integer", "number", "boolean"}
    for path, node in walk(document["components"].get("schemas", {})):
        if isinstance(node.get("type"), str):
            assert node["type"] in kinds, path
            assert node["type"] != "array" or "items" in node, path
        if isinstance(node.get("required"), list):
            assert set(node["required"]) <= node.get("properties", dict.fromkeys(node["required"])).keys(), path


def test_answers_have_the_fields_that_it_tells(house, document):
    for name, schema in (
        ("customer", "CustomerWithContactsApi.get"),
        ("contact", "ContactApi.get"),
        ("invoice", "InvoiceApi.get"),
    ):
        told = document["components"]["schemas"][schema]["properties"]
        given = house.api()("get", f"/api/v1/{name}/1").json["result"]
        assert set(given) == set(told)
        secret = document["components"]["schemas"][schema.replace(".get", ".put")]["properties"]
        assert all(one.get("writeOnly") for field, one in secret.items() if "password" in field)


def test_swagger_shows_it_with_nothing_from_outside(house):
    page = house.browser().get("/swagger/v1")
    assert page.status_code == 200
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert addresses
    assert all(address.startswith(("/", "#")) for address in addresses)
    for address in addresses:
        if address.startswith(("/assets/", "/static/")):
            assert house.browser().get(address).status_code == 200, address
