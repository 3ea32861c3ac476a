"""What can be wrong with a request, in the words of the business: one exception a kind, each with its HTTP status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

FieldErrors = dict[str, list[str]]


class DomainError(Exception):
    """A refusal with a message for people, a code for programs and, where it belongs to fields, their errors.

    `status` is the HTTP status (RFC 9110, RFC 6585). `errors` maps a field's name to its messages. `detail` holds what
    a program needs beside that, for instance the plan as it is.
    """

    status: ClassVar[int] = 400
    default_code: ClassVar[str] = "unreadable"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        field: str | None = None,
        errors: Mapping[str, Sequence[str]] | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.errors: FieldErrors = {name: list(texts) for name, texts in (errors or {}).items()}
        if field is not None:
            self.errors.setdefault(field, []).append(message)
        self.detail = dict(detail or {})

    def as_dict(self) -> dict[str, Any]:
        """Return the error shape of the REST contract."""
        return {"message": self.message, "code": self.code, "errors": self.errors, **self.detail}


class Unreadable(DomainError):
    """The request can't be read (400)."""


class Unauthenticated(DomainError):
    """Nobody is logged in (401)."""

    status = 401
    default_code = "unauthenticated"


class Forbidden(DomainError):
    """The actor may not do this (403)."""

    status = 403
    default_code = "forbidden"


class NotFound(DomainError):
    """There is no such record, or none in the actor's sight (404)."""

    status = 404
    default_code = "not_found"


class Conflict(DomainError):
    """The record's state, or another record, stands in the way (409)."""

    status = 409
    default_code = "conflict"


class Stale(DomainError):
    """Somebody else has changed the record meanwhile (412)."""

    status = 412
    default_code = "stale"


class Invalid(DomainError):
    """What was given breaks a rule (422)."""

    status = 422
    default_code = "invalid"


class VersionRequired(DomainError):
    """A change without the version that it was made from (428)."""

    status = 428
    default_code = "version_required"


class TooManyRequests(DomainError):
    """A rate limit was reached (429)."""

    status = 429
    default_code = "too_many_requests"
