"""The REST resource of customers, and what it shares with that of contacts: warnings beside the result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, json, request

from app.customers.party_view import default_country
from app.customers.resource import CUSTOMER
from app.customers.rules import number_warnings
from app.web.admin_api import AdminApi
from app.web.words import translated


def with_warnings(answer: Response, record: Any, more: Mapping[str, Any] | None = None) -> Response:
    """Put what speaks against a record that was saved beside its result, where anything does.

    `more` has `warnings` of its own, and whatever else the answer tells.
    """
    added = dict(more or {})
    warnings = number_warnings(record, default_country=default_country()) | added.pop("warnings", {})
    if warnings:
        added["warnings"] = translated(warnings)
    if added:
        answer.set_data(json.dumps((answer.get_json() or {}) | added))
    return answer


class PartyApi(AdminApi):
    """Customers or contacts: what is saved is answered with what speaks against it."""

    def answer(self, record: Any, status: int, *, columns: list[str] | None = None) -> Response:
        """Answer with a record; a write also with its warnings."""
        answer = super().answer(record, status, columns=columns)
        return with_warnings(answer, record) if request.method in ("POST", "PUT") else answer


class CustomerApi(PartyApi):
    """Customers; the calls about their contacts are beside the contacts'."""

    resource = CUSTOMER
