"""Signing: mails carry a DKIM signature (RFC 6376) of the domain that they come from, where there is a key for it."""

from __future__ import annotations

from email.parser import BytesHeaderParser

import dkim

from app.mailer.smtp.compose import Skeleton, assembled
from app.mailer.smtp.wire import wire_domain

# What a reader sees or a program acts on; RFC 8058 asks for the last two before a mailbox offers to unsubscribe.
_SIGNED = (
    *("from", "to", "subject", "date", "message-id", "reply-to", "in-reply-to", "references"),
    *("mime-version", "content-type", "auto-submitted", "list-unsubscribe", "list-unsubscribe-post"),
)
# Named once more than they occur, so that nobody adds a second one; those of lists only where there is one, since a
# mailing list that a mail goes through has its own.
_ONCE = ("from", "to", "subject", "date", "reply-to")
_ONCE_IF_PRESENT = ("list-unsubscribe", "list-unsubscribe-post")


class Signer:
    """Signs whole mails with an RSA key (PEM); `selector` names its public half in the domain's DNS."""

    def __init__(self, key: bytes, *, selector: str) -> None:
        self._key = key
        self._selector = selector

    def signed(self, skeleton: Skeleton, parts: tuple[bytes, ...], *, sender: str) -> Skeleton:
        """Return a mail with the signature of its sender's domain above its header, its attachments left out as before.

        Canonicalised relaxed, header and body: a server on the way may fold lines anew.
        """
        mail = assembled(skeleton, parts)
        present = BytesHeaderParser().parsebytes(mail.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
        names = [name for name in _SIGNED if name in present]
        once = (*_ONCE, *(name for name in _ONCE_IF_PRESENT if name in present))
        header: bytes = dkim.sign(
            mail,
            self._selector.encode("ascii"),
            wire_domain(sender.rpartition("@")[2]).encode("ascii"),
            self._key,
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=[name.encode("ascii") for name in (*names, *once)],
        )
        return Skeleton(header + skeleton.data, tuple(len(header) + place for place in skeleton.places))


def signer_of(key: bytes | None, *, selector: str) -> Signer | None:
    """Return the signer that settings ask for; without a key, mails are signed by the mail server or by nobody."""
    return Signer(key, selector=selector) if key else None
