"""What an invoice's fields accept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from app.core.cleaning import PartErrors
from app.core.codes import currency
from app.core.errors import FieldErrors
from app.core.fields import Date, Field, Fields, Reference, Text
from app.invoices.rules import Line, due_date_error, validate_lines

_DECIMAL = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}
LINES_SCHEMA: Mapping[str, Any] = {
    "type": "array",
    "nullable": True,
    "items": {
        "type": "object",
        "required": ["description", "quantity", "unit_price", "tax_rate"],
        "properties": {
            "description": {"type": "string"},
            "category": {"type": "string"},
            "quantity": _DECIMAL,
            "unit_price": _DECIMAL,
            "tax_rate": {**_DECIMAL, "description": "In percent"},
            "reference": {"type": "string", "description": "The service or telephone number"},
        },
        "additionalProperties": False,
    },
}


@dataclass(frozen=True, slots=True)
class Lines(Field):
    """An invoice's lines: a list of objects of texts; decimals are written as REST writes them."""

    json_schema: ClassVar[Mapping[str, Any]] = LINES_SCHEMA

    def clean(self, raw: object) -> object:
        """Return the lines in the one way of writing them. Raises PartErrors by place (`lines.0.quantity`)."""
        lines, errors = validate_lines([] if raw is None else raw)
        if errors:
            raise PartErrors(errors)
        return [line_as_dict(line) for line in lines]

    def current(self, record: object, name: str) -> Any:  # noqa: ANN401  a list of objects
        """Return the lines that the invoice has."""
        return [line_as_dict(line) for line in getattr(record, name)]

    def assign(self, record: object, name: str, value: object) -> None:
        """Leave the rows to the service, which makes them with their nets."""


INVOICE_FIELDS: Fields = {
    "customer_id": Reference(resource="customer", once=True, required=True),
    "invoice_date": Date(required=True),
    "due_date": Date(required=True),
    "currency": currency(),
    "purchase_order_number": Text(limit=80),
    "lines": Lines(),
}


def invoice_errors(values: Mapping[str, Any]) -> FieldErrors:
    """Return what keeps an invoice from being saved, by field."""
    invoice_date, due_date = values.get("invoice_date"), values.get("due_date")
    error = due_date_error(invoice_date, due_date) if invoice_date and due_date else None
    return {"due_date": [error]} if error else {}


def line_as_dict(line: Any) -> dict[str, str]:  # noqa: ANN401  a rule's line, or a row
    """Return a line as REST gives it: decimals as texts, with no more zeros than they need."""
    return {
        "description": line.description,
        "category": line.category or "",
        "quantity": decimal_text(line.quantity, least=0),
        "unit_price": decimal_text(line.unit_price, least=2),
        "tax_rate": decimal_text(line.tax_rate, least=2),
        "reference": line.reference or "",
    }


def line_of(row: Mapping[str, str]) -> Line:
    """Return the line that a clean value of `Lines` stands for."""
    return Line(
        description=row["description"],
        category=row["category"],
        quantity=Decimal(row["quantity"]),
        unit_price=Decimal(row["unit_price"]),
        tax_rate=Decimal(row["tax_rate"]),
        reference=row["reference"],
    )


def decimal_text(value: Decimal, *, least: int) -> str:
    """Return a decimal as text, with `least` places or as many more as it needs."""
    text = format(value, "f")
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0").ljust(least, "0")
    return f"{whole}.{fraction}" if fraction else whole
