"""What staff choose before sending: addresses typed in, unticked, or to be sent to again."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.addresses import check_address
from app.core.errors import FieldErrors, Invalid
from app.core.words import said, say
from app.mailer.attaching import NewFile

# What staff type in is a handful. What they untick, or send again, is out of what a document reaches by itself.
MAX_TYPED_IN = 50
MAX_PICKED = 10_000
MAX_REASON = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What staff chose before sending: addresses typed in instead of the plan's own, and addresses unticked.

    `files` go along with the copies of this sending alone; who gets one is the same with them.
    """

    recipients: tuple[str, ...] = ()
    untick: tuple[str, ...] = ()
    files: tuple[NewFile, ...] = ()

    @classmethod
    def checked(cls, *, recipients: object, untick: object) -> Choices:
        """Return the choices of a request. Raises Invalid with the error of each list."""
        errors: FieldErrors = {}
        if recipients == []:
            # Whoever names nobody doesn't mean everybody.
            errors["recipients"] = [say("Give at least one address, or leave this out to send to those of the plan.")]
        chosen = cls(
            recipients=_addresses(recipients, "recipients", errors, most=MAX_TYPED_IN),
            untick=_addresses(untick, "untick", errors, most=MAX_PICKED),
        )
        if errors:
            raise Invalid(say("Some of these addresses can't be used."), errors=errors)
        return chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """To whom a document is sent once more, and why; `files` go along, after those that the address had."""

    addresses: tuple[str, ...]
    reason: str
    files: tuple[NewFile, ...] = ()

    @classmethod
    def checked(cls, *, addresses: object, reason: object) -> Again:
        """Return what a request asks for. Raises Invalid with the error of each field."""
        errors: FieldErrors = {}
        text = reason.strip() if isinstance(reason, str) else ""
        if not text:
            errors["reason"] = [say("Say why it is sent again.")]
        elif len(text) > MAX_REASON:
            errors["reason"] = [say("Use at most {most} characters.", most=MAX_REASON)]
        found = _addresses(addresses, "addresses", errors, most=MAX_PICKED)
        if not found and "addresses" not in errors:
            errors["addresses"] = [say("Choose at least one address that has had it.")]
        if errors:
            raise Invalid(said(ValueError(next(iter(errors.values()))[0])), errors=errors)
        return cls(addresses=found, reason=text)


def _addresses(raw: object, name: str, errors: FieldErrors, *, most: int) -> tuple[str, ...]:
    given = [] if raw is None else raw
    if not isinstance(given, list | tuple) or len(given) > most or not all(isinstance(one, str) for one in given):
        errors[name] = [say("Give a list of at most {most} addresses.", most=f"{most:,}")]
        return ()
    found: list[str] = []
    for address in given:
        try:
            found.append(check_address(address))
        except ValueError as error:
            errors.setdefault(name, []).append(say("{address}: {error}", address=address[:80], error=said(error)))
    return tuple(found)
