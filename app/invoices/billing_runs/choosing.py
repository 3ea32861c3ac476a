"""Customers chosen by their invoices, as billing runs choose these; for features beside this one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select

from app.core.actor import Actor
from app.core.words import say
from app.invoices import queries as invoices
from app.invoices.billing_runs.fields import FILTERS, FILTERS_SCHEMA, turned_around
from app.invoices.billing_runs.forms import filter_fields, typed_filters
from app.invoices.billing_runs.labels import line_by_line
from app.invoices.billing_runs.queries import conditions
from app.invoices.models import Invoice
from app.runs.choosing import Choosing
from app.runs.fields import as_json, clean_object

# Whose customers they are is no matter of their invoices.
_NAMES = tuple(name for name in FILTERS if name != "dealer_code")
_FIELDS = {name: FILTERS[name] for name in _NAMES}


def _clean(raw: object, at: str) -> dict[str, Any]:
    return clean_object(raw, _FIELDS, at=at, also=turned_around)


def _rows(actor: Actor, filters: Mapping[str, Any]) -> Select[Any]:
    """Select the invoices in sight that meet all filters, each with its customer; the latest of a customer first."""
    columns: tuple[Any, ...] = (Invoice.customer_id, Invoice.id)
    seen: Select[Any] = invoices.invoices(actor).options().with_only_columns(*columns)
    return seen.where(*conditions(filters)).order_by(Invoice.customer_id, Invoice.series.desc())


CHOOSING = Choosing(
    resource="invoice",
    schema={
        "type": "object",
        "nullable": True,
        "description": "Customers with at least one invoice that meets all of these",
        "properties": {name: FILTERS_SCHEMA["properties"][name] for name in _NAMES},
        "additionalProperties": False,
    },
    clean=_clean,
    kept=as_json,
    rows=_rows,
    fields=lambda: filter_fields(_NAMES),
    typed=typed_filters,
    lines=line_by_line,
    label=say("By their invoices"),
    hint=say("Customers with at least one invoice that meets all that is filled in here."),
)
