"""Mail addresses as they travel: in the SMTP envelope and in header fields."""

from __future__ import annotations

import functools
import re

import idna

# RFC 5322 section 3.2.3 (dot-atom) and 3.2.4 (quoted-string); RFC 6531 section 3.3 adds all of UTF-8 to both.
_ATOM = r"[^\x00-\x20\x7f-\xa0()<>\[\]:;@\\,.\"\s]+"
_LOCAL_PART = re.compile(rf"(?:{_ATOM}(?:\.{_ATOM})*|\"(?:[^\x00-\x1f\x7f\"\\]|\\[\x20-\x7e])*\")")
_DOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*")
_MAX_LOCAL_PART_OCTETS = 64


@functools.lru_cache(maxsize=4_096)
def wire_domain(domain: str) -> str:
    """Return a domain as A-labels (RFC 5890).

    Raises:
        ValueError: when it is no domain.

    """
    name = domain.strip(" ").rstrip(".").lower()
    if not name.isascii():
        # idna.IDNAError is a ValueError, by way of UnicodeError.
        name = idna.encode(name, uts46=True).decode("ascii")
    if not _DOMAIN.fullmatch(name):
        raise ValueError("This is no domain of a mail address.")
    return name


@functools.lru_cache(maxsize=4_096)
def wire_address(address: str) -> str:
    """Return an address as the envelope carries it: the local part as it is, the domain as A-labels.

    A local part beyond ASCII needs a server with SMTPUTF8 (RFC 6531).

    Raises:
        ValueError: when it is no address, or could break out of the command or header that it stands in.

    """
    local, at, domain = address.strip(" ").rpartition("@")
    if not at or not _LOCAL_PART.fullmatch(local):
        raise ValueError("This is no mail address.")
    if len(local.encode("utf-8")) > _MAX_LOCAL_PART_OCTETS:
        raise ValueError("The part of the mail address before the @ is too long.")
    return f"{local}@{wire_domain(domain)}"
