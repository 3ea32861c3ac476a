"""Examples for the OpenAPI document: of what each call takes and gives, made from the schemas that it declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]

# What stands at a name where its type fits; everything else is made from the type.
_NAMES: dict[str, Any] = {
    "account_number": "AC100",
    "crm_reference": "CRM-7",
    "first_name": "Rosa",
    "last_name": "Klein",
    "company_name": "Klein Ltd",
    "address_line_1": "1 High Street",
    "address_line_4": "Halifax",
    "postcode": "HX1 1AA",
    "country": "GB",
    "number_1": "01422 960 001",
    "email": "rosa@klein.example",
    "address": "rosa@klein.example",
    "website": "https://www.klein.example",
    "position": "Partner",
    "currency": "GBP",
    "language": "en",
    "email_bill_type": "short",
    "invoice_date": "2026-06-01",
    "due_date": "2026-07-01",
    "purchase_order_number": "PO-7",
    "number": "AC100/1",
    "description": "Broadband",
    "category": "Access",
    "quantity": "1",
    "unit_price": "34.50",
    "tax_rate": "20.00",
    "reference": "01422 960 001",
    "net": "34.50",
    "tax": "6.90",
    "total": "41.40",
    "name": "Accounts",
    "code": "NORTH",
    "kind": "shared",
    "link": "shared",
    "road": "contact",
    "format": "short",
    "state": "sent",
    "document_kind": "invoice",
    "reason": "Asked for by telephone",
    "password": "the pass phrase that they gave",
    "account_password": "a pass phrase",
    "username": "finance",
    "provider": "db",
    "access_token": "eyJhbGciOi…",
    "refresh_token": "eyJhbGciOi…",
    "fingerprint": "57dad0d805b6",
    "message": "OK",
    "recipients": ["auditor@firm.example"],
    "untick": ["rosa@klein.example"],
    "addresses": ["rosa@klein.example"],
    "deleted_at": None,
    "last_deleted_at": None,
    "marketing_consent_at": None,
    "linked_at": "2026-06-01T09:00:00Z",
}
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}
_FORMATS = {
    "date": "2026-06-01",
    "date-time": "2026-06-01T09:00:00Z",
    "email": "rosa@klein.example",
    "uri": "https://www.klein.example",
}
_REQUEST_NAMES = frozenset(
    {"subject", *_NAMES, "version", "customer_id", "contact_id", "lines", "email_billing", "filters"}
)
MAX_DEPTH = 6


def add_examples(document: dict[str, Any]) -> dict[str, Any]:
    """Put an example at each body and each answer of JSON that has none; returns the document."""
    for item in document["paths"].values():
        for call in item.values():
            if not isinstance(call, dict):
                continue
            for content in call.get("requestBody", {}).get("content", {}).values():
                _add(content, document, is_request=True)
            for answer in call.get("responses", {}).values():
                _add_to_answer(answer, document)
    for answer in document["components"].get("responses", {}).values():
        _add_to_answer(answer, document)
    return document


def _add_to_answer(answer: dict[str, Any], document: Schema) -> None:
    for kind, content in answer.get("content", {}).items():
        if kind == "application/json":
            _add(content, document, is_request=False)


def _add(content: dict[str, Any], document: Schema, *, is_request: bool) -> None:
    if "example" not in content and "examples" not in content:
        content["example"] = example_of(content.get("schema", {}), document, is_request=is_request)


def example_of(schema: Schema, document: Schema, *, is_request: bool, name: str = "", depth: int = 0) -> Any:
    """Return a value that fits a schema."""
    schema = _resolved(schema, document)
    if "example" in schema:
        return schema["example"]
    if "allOf" in schema:
        return _merged(schema["allOf"], document, is_request=is_request, depth=depth)
    if "enum" in schema:
        options = schema["enum"]
        return _NAMES[name] if _NAMES.get(name) in options else options[0]
    kind = schema.get("type") or ("object" if "properties" in schema else "")
    if name in _NAMES and _fits(_NAMES[name], schema, kind):
        return _NAMES[name]
    if kind == "object":
        return _object(schema, document, is_request=is_request, depth=depth)
    if kind == "array":
        if depth >= MAX_DEPTH:
            return []
        one = name.removesuffix("s")
        return [example_of(schema.get("items", {}), document, is_request=is_request, name=one, depth=depth + 1)]
    return _plain(schema, kind)


def _object(schema: Schema, document: Schema, *, is_request: bool, depth: int) -> dict[str, Any]:
    hidden = "readOnly" if is_request else "writeOnly"
    needed = schema.get("required", ())
    told = {}
    for name, part in schema.get("properties", {}).items():
        whole = _resolved(part, document)
        if whole.get(hidden) or (is_request and depth == 0 and name not in needed and name not in _REQUEST_NAMES):
            continue
        told[name] = example_of(part, document, is_request=is_request, name=name, depth=depth + 1)
    return told


def _merged(parts: Sequence[Schema], document: Schema, *, is_request: bool, depth: int) -> dict[str, Any]:
    """Return what fits all of some objects' schemas."""
    told: dict[str, Any] = {}
    for part in parts:
        told |= example_of(part, document, is_request=is_request, depth=depth)
    return told


def _plain(schema: Schema, kind: str) -> Any:
    if kind == "string":
        return schema.get("default") or _FORMATS.get(schema.get("format", ""), "Text")
    if kind in ("integer", "number"):
        return max(1, schema.get("minimum", 1))
    if kind == "boolean":
        return True
    return None


def _fits(value: Any, schema: Schema, kind: str) -> bool:
    if value is None:
        return bool(schema.get("nullable"))
    if kind and not isinstance(value, _TYPES[kind]):
        return False
    if isinstance(value, list) and schema.get("items", {}).get("type") != "string":
        return False
    return not (isinstance(value, str) and len(value) > schema.get("maxLength", len(value)))


def _resolved(schema: Schema, document: Schema) -> Schema:
    """Follow references; of several schemas that a value may fit, the first."""
    while "$ref" in schema or "oneOf" in schema:
        if "oneOf" in schema:
            schema = schema["oneOf"][0]
            continue
        node: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            node = node[part]
        schema = node
    return schema
