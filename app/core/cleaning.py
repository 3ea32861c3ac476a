"""Check what is given for a record, field by field: what to keep, and the errors of all fields at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.core.errors import FieldErrors
from app.core.fields import Fields, SeveralErrors
from app.core.words import said, say


class PartErrors(ValueError):
    """A value of several parts has errors in some of them: by place, for instance `lines.0.quantity`."""

    def __init__(self, errors: FieldErrors) -> None:
        super().__init__("Some parts have errors.")
        self.errors = errors


def clean_values(fields: Fields, raw: Mapping[str, object]) -> tuple[dict[str, Any], FieldErrors]:
    """Check each given value by its field; return what to keep, and the errors by field.

    A name that isn't a field is an error: nothing given is silently dropped.
    """
    values: dict[str, Any] = {}
    errors: FieldErrors = {}
    for name, value in raw.items():
        field = fields.get(name)
        if field is None:
            errors[name] = [say("There is no such field.")]
            continue
        try:
            values[name] = field.clean(value)
        except PartErrors as error:
            errors |= error.errors
            continue
        except SeveralErrors as error:
            errors[name] = error.texts
            continue
        except ValueError as error:
            errors[name] = [said(error)]
            continue
        if field.required and values[name] in (None, "", []):
            errors[name] = [say("This is needed.")]
    return values, errors


def missing_values(fields: Fields, given: Iterable[str]) -> FieldErrors:
    """Return an error for each required field that wasn't given at all."""
    given = set(given)
    return {name: [say("This is needed.")] for name, field in fields.items() if field.required and name not in given}
