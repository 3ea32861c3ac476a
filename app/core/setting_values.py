"""Read the values of settings from text; an error is the end of a sentence that begins with the name of the setting."""

from __future__ import annotations

import re
from collections.abc import Callable
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})


# The libraries are loaded by the values that need them: a start on the defaults needs none, and is the faster for it.


class WrongValueError(ValueError):
    """A value that a setting can't have."""


def folder(text: str) -> Path:
    """Read a folder, made absolute; it need not exist yet."""
    path = _path(text).absolute()
    if path.exists() and not path.is_dir():
        raise WrongValueError("must be a folder, and names a file.")
    return path


def _path(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise WrongValueError("begins with the home of a user who has none here.") from error


def database_url(text: str, instance: Path) -> str:
    """Read an SQLAlchemy URL of SQLite (a relative path begins in the instance folder) or of PostgreSQL."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(text)
    except ArgumentError:
        # SQLAlchemy's own words would repeat the URL, and with it the password.
        raise WrongValueError("must be an SQLAlchemy URL, such as postgresql://user:password@host/name.") from None
    if url.drivername in {"postgres", "postgresql"}:
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername == "sqlite" and url.database and url.database != ":memory:":
        url = url.set(database=str(instance / url.database))
    if url.drivername not in {"sqlite", "postgresql+psycopg"}:
        raise WrongValueError("must begin with sqlite:/// or postgresql://.")
    return url.render_as_string(hide_password=False)


def public_url(text: str) -> str:
    """Read the address that people reach the application by, without a slash at its end."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise WrongValueError("must be the address that people type in, such as https://counterpart.example.com.")
    return text.rstrip("/")


def url_of(*schemes: str) -> Callable[[str], str]:
    """Return a reader of URLs with one of these schemes."""

    def parse(text: str) -> str:
        if urlsplit(text).scheme not in schemes or not urlsplit(text).netloc:
            raise WrongValueError(
                f"must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}, and name a host."
            )
        return text

    return parse


def broker_url(text: str, database: str) -> str:
    """Read where Celery workers get their work from; they need a database that several machines can share."""
    url = url_of("amqp", "amqps", "redis", "rediss")(text)
    if database.startswith("sqlite"):
        raise WrongValueError(
            "needs PostgreSQL (COUNTERPART_DATABASE_URL): SQLite serves one machine, and its embedded worker does."
        )
    return url


def host(text: str) -> str:
    """Read the name or address of a server, without a port."""
    if any(character in text for character in "/@ ") or text.count(":") == 1:
        raise WrongValueError(
            "must be the name of a server alone, such as mail.example.com; its port has a setting of its own."
        )
    return text


def timezone(text: str) -> str:
    """Read the name of a time zone (IANA)."""
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise WrongValueError("must be a time zone, such as Europe/London.") from None
    return text


def country(text: str) -> str:
    """Read a country's code (ISO 3166-1 alpha-2)."""
    from babel import Locale

    code = text.upper()
    if len(code) != 2 or not code.isalpha() or code not in Locale("en").territories:  # noqa: PLR2004  # ISO 3166-1 alpha-2
        raise WrongValueError("must be a country code of two letters (ISO 3166), such as GB.")
    return code


def language(text: str) -> str:
    """Read a language's code (BCP 47)."""
    from babel import Locale, UnknownLocaleError

    try:
        Locale.parse(text.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        raise WrongValueError("must be a language code, such as en.") from None
    return text


def currency(text: str) -> str:
    """Read a currency's code (ISO 4217)."""
    from babel.numbers import list_currencies

    if text.upper() not in list_currencies():
        raise WrongValueError("must be a currency code of three letters (ISO 4217), such as GBP.")
    return text.upper()


def rates(text: str) -> str:
    """Read how many of something there may be in a time: `600/minute`, or several of these with semicolons between."""
    from limits import parse_many

    try:
        found = parse_many(text)
    except ValueError:
        found = []
    if not found or any(rate.amount < 1 for rate in found):
        raise WrongValueError("must be a rate, such as 600/minute or 10/second; several are separated by semicolons.")
    return text


def one_of(*words: str) -> Callable[[str], str]:
    """Return a reader of one of these words, in any case."""

    def parse(text: str) -> str:
        if text.lower() not in words:
            raise WrongValueError(f"must be {' or '.join(words)}.")
        return text.lower()

    return parse


def sender(text: str) -> str:
    """Read the sender of mails: an address, alone or behind a name, as in Example Ltd <billing@example.com>."""
    name, plain = parseaddr(text)
    address(plain)
    if any(ord(character) < 32 for character in name):  # noqa: PLR2004  # control characters end where space begins
        raise WrongValueError("must not contain control characters.")
    return text


def address(text: str) -> str:
    """Read one mail address."""
    from email_validator import validate_email

    try:
        return validate_email(text, check_deliverability=False, test_environment=True).normalized
    except ValueError as error:
        raise WrongValueError(f"must be a mail address. {error}") from error


def yes_or_no(text: str) -> bool:
    """Read a switch: yes, on, true, 1, or no, off, false, 0."""
    if text.lower() not in _YES | _NO:
        raise WrongValueError("must be yes or no.")
    return text.lower() in _YES


def taggable_address(text: str) -> str:
    """Read where bounces or answers come to: short enough for a token of 36 characters after it (RFC 5321)."""
    found = address(text)
    if len(found.rpartition("@")[0].encode()) > 64 - 37:  # RFC 5321 section 4.5.3.1.1
        raise WrongValueError("is too long before the @: at most 27 characters, since a token is added there.")
    return found


def dkim_key(text: str) -> bytes:
    """Read the private key in a file: RSA, as PEM. RFC 8301 asks for 2048 bits or more."""
    from dkim.crypto import UnparsableKeyError, parse_pem_private_key

    path = _path(text)
    try:
        # Lines may end as on Windows.
        key = path.read_bytes().replace(b"\r\n", b"\n")
        bits = parse_pem_private_key(key)["modulus"].bit_length()
    except OSError as error:
        raise WrongValueError(f"must name a file that can be read: {error.strerror}.") from error
    except (UnparsableKeyError, AssertionError, ValueError, KeyError, IndexError, TypeError) as error:
        raise WrongValueError("must name a file with an RSA private key in PEM.") from error
    if bits < 2048:  # noqa: PLR2004  # RFC 8301 section 3.2
        raise WrongValueError(f"names a key of {bits} bits: make one of 2048.")
    return key


def dkim_selector(text: str) -> str:
    """Read a DKIM selector: labels of a domain name (RFC 6376 section 3.1)."""
    if not re.fullmatch(
        r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*", text
    ):
        raise WrongValueError("must be letters, digits and hyphens, such as counterpart or mail2026.")
    return text


def number(low: int, high: int) -> Callable[[str], int]:
    """Return a reader of whole numbers within bounds, both included."""

    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise WrongValueError(f"must be a whole number from {low} to {high}.")
        return int(text)

    return parse


def at_least(length: int) -> Callable[[str], str]:
    """Return a reader of secrets that have this many characters or more."""

    def parse(text: str) -> str:
        if len(text) < length:
            raise WrongValueError(f"is too short: it needs {length} characters or more.")
        return text

    return parse
