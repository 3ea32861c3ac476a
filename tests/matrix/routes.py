"""Every route as address map and OpenAPI document have it: what it needs, whose record it is about, its body."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple

from app.web.admin_view import AdminView
from tests.architecture.test_routes import PARTS, Call, needs
from tests.web.house import House

PARAMETER = re.compile(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>")
# What of a request may differ between two answers that mean the same: ids, tokens, nonces, times.
PASSING = re.compile(r'name="csrf_token"[^>]*value="[^"]*"|content="[\w.\-]{40,}"|nonce="[^"]*"|[?&]next=[^"\'&]*')


class Route(NamedTuple):
    """A method at an address."""

    method: str
    rule: str
    endpoint: str
    owner: str
    need: tuple[str, str] | str | None

    @property
    def is_rest(self) -> bool:
        """Tell whether it is a call of REST, or a screen."""
        return self.rule.startswith("/api/")

    @property
    def reads(self) -> bool:
        """Tell whether it is there to look at something."""
        return self.method == "GET"


def routes(house: House) -> list[Route]:
    """Return every method at every address of the application."""
    owners = segments(house)
    return sorted(
        Route(method, rule.rule, rule.endpoint, _owner(rule.rule, owners), _need(house, method, rule))
        for rule in house.app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    )


def segments(house: House) -> dict[str, str]:
    """Return which resource an address speaks of, by the part of it that stands before an id."""
    found = {}
    for view in house.app.appbuilder.baseviews:
        resource = getattr(getattr(view, "resource", None), "name", None)
        if resource:
            found[(view.route_base or "").strip("/").split("/")[-1]] = resource
            if not isinstance(view, AdminView):
                found[resource] = resource
    # Imports are of invoices, and stand in no list of records.
    return {**found, "imports": "import", "ticket-updates": "ticket_update"}


def _need(house: House, method: str, rule: Any) -> tuple[str, str] | str | None:
    """Return what a route needs; a page of the trash needs what its kind of record does, a customer here."""
    if rule.rule.startswith("/trash/<kind>/<pk>"):
        return "customer", "purge" if rule.rule.endswith("/purge") else "restore"
    return needs(house, Call(method, rule.rule, rule.endpoint))


def _owner(rule: str, owners: dict[str, str]) -> str:
    """Return the resource whose id is `<pk>` in a rule; empty where there is none, or it is no resource's."""
    if "pk" not in PARAMETER.findall(rule):
        return ""
    if rule.startswith("/trash/"):
        return "trash"
    parts = [part for part in PARAMETER.split(rule)[0].split("/") if part]
    return next((owners[part] for part in reversed(parts) if part in owners), "")


def path_of(house: House, route: Route, pk: int | str = "", **more: object) -> str:
    """Fill in a rule."""
    given = {**PARTS, "kind": "customer", "contact_pk": house.world.ours["linked"], **more, "pk": pk}
    return PARAMETER.sub(lambda found: str(given.get(found.group(1), pk)), route.rule)


def ask(house: House, name: str, route: Route, path: str, body: Any = None) -> Any:
    """Make a call as a user: with a token over REST, in a browser at a screen."""
    if route.is_rest:
        given = {} if body is None or route.reads else {"json": body}
        return house.api(name)(route.method, path, **given)
    given = {} if route.reads else {"data": {"version": "1", **(body or {})}}
    answer = house.browser(name).open(path, method=route.method, **given)
    if answer.status_code == 302 and name and not route.reads and "log" not in route.endpoint.lower():
        house.browser(name).get("/")  # what is told by a notice is told here, and not on the next page
    if route.endpoint == "LoginView.logout":
        house.browsers.pop(name, None)
    return answer


def status_of(answer: Any) -> int:
    """Return an answer's status; being sent to the login is a 401."""
    is_login = answer.status_code == 302 and answer.headers["Location"].startswith("/login/")
    return 401 if is_login else answer.status_code


def told(answer: Any, *numbers: int) -> str:
    """Return what an answer says, without what tells one request from another."""
    text = PASSING.sub("", answer.get_data().decode(errors="replace"))
    for number in numbers:
        text = re.sub(rf"(?<!\w){number}(?!\w)", "…", text)
    return text


@cache
def _document_of(app: Any) -> dict[str, Any]:
    client = app.test_client()
    given = {"username": "admin", "password": "Correct-horse-9", "provider": "db"}
    token = client.post("/api/v1/security/login", json=given).json["access_token"]
    document: dict[str, Any] = client.get("/api/v1/_openapi", headers={"Authorization": f"Bearer {token}"}).json
    return document


def document(house: House) -> dict[str, Any]:
    """Return the OpenAPI document."""
    return _document_of(house.app)


def body_schema(house: House, route: Route) -> dict[str, Any] | None:
    """Return the schema of what a call takes, or None when it takes nothing."""
    path = PARAMETER.sub(r"{\1}", route.rule)
    told_of = document(house)["paths"].get(path, {}).get(route.method.lower(), {})
    content = told_of.get("requestBody", {}).get("content", {}).get("application/json")
    return resolved(house, content["schema"]) if content else None


def resolved(house: House, schema: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference."""
    while "$ref" in schema:
        node: Any = document(house)
        for part in schema["$ref"].removeprefix("#/").split("/"):
            node = node[part]
        schema = node
    return schema


def smallest_body(house: House, route: Route) -> Any:
    """Return the least that a call takes by its schema, with a version where it takes one."""
    schema = body_schema(house, route)
    return None if schema is None else _smallest(house, schema)


def _smallest(house: House, schema: dict[str, Any], name: str = "") -> Any:
    schema = resolved(house, schema)
    if "enum" in schema:
        return schema["enum"][-1]
    kind = schema.get("type")
    if kind == "object" or "properties" in schema:
        parts = schema.get("properties", {})
        wanted = [*schema.get("required", ()), *(["version"] if "version" in parts else [])]
        return {one: _smallest(house, parts.get(one, {"type": "string"}), one) for one in wanted}
    if kind == "array":
        return [_smallest(house, schema["items"], name.removesuffix("s"))] if schema.get("minItems") else []
    if kind == "integer":
        return {"contact_id": house.world.ours["shared"], "customer_id": house.world.ours["customer"]}.get(name, 1)
    if kind in ("boolean", "number"):
        return {"boolean": True, "number": 1}[kind]
    if name in ("addresse", "recipient", "address", "email"):
        return "somebody@north.example"
    return {"date": "2026-01-05", "email": "somebody@north.example"}.get(schema.get("format", ""), "Some text")
