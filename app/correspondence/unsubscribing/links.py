"""Where a recipient of marketing letters unsubscribes: the link in the words, and the fields in the header."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from app.mailer.bounces.verp import Purpose, token_of
from app.mailer.smtp.wire import wire_domain

PATH = "/unsubscribe"
# What a mailbox posts to the address (RFC 8058 section 3.1).
FIELD, ONE_CLICK = "List-Unsubscribe", "One-Click"
# What stands in the place of a token where a mail is only shown; it opens nothing.
_OF_NOBODY = "preview"


def link_of(message_id: int, *, public_url: str | None, secret: str) -> str:
    """Return where the recipient of a message unsubscribes, in ASCII; empty where nobody outside reaches us."""
    return _link(public_url, token_of(message_id, secret=secret, purpose=Purpose.UNSUBSCRIBE))


def link_of_nobody(*, public_url: str | None) -> str:
    """Return what such a link looks like, for mails that are shown and never sent."""
    return _link(public_url, _OF_NOBODY)


def list_fields(link: str) -> tuple[tuple[str, str], ...]:
    """Return the fields by which mailboxes offer to unsubscribe (RFC 2369, RFC 8058); none unless it is https."""
    if not link.startswith("https://"):
        return ()
    return ((FIELD, f"<{link}>"), (f"{FIELD}-Post", f"{FIELD}={ONE_CLICK}"))


def _link(public_url: str | None, token: str) -> str:
    if not public_url:
        return ""
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    # An IPv6 address stands in brackets (RFC 3986 section 3.2.2).
    host = f"[{host}]" if ":" in host else wire_domain(host)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}{quote(parts.path, safe='/%')}{PATH}/{token}"
