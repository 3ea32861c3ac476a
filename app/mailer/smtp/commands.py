"""The commands of one mail transaction (RFC 5321 section 3.3), and a mail as DATA takes it."""

from __future__ import annotations

import smtplib

from app.mailer.smtp.answers import Refused

START_DATA = 354


def commands_of(host: smtplib.SMTP, sender: str, receiver: str, *, data: bytes) -> tuple[tuple[str, bytes], ...]:
    """Return the commands before a mail, each with the name of its step; addresses are as they travel.

    Raises:
        Refused: for what the server has said that it can't take.

    """
    options = _options(host, sender, receiver, data=data)
    # Without SMTPUTF8 among the options all of it is ASCII.
    return (
        ("mail", " ".join([f"MAIL FROM:<{sender}>", *options]).encode() + b"\r\n"),
        ("rcpt", f"RCPT TO:<{receiver}>\r\n".encode()),
        ("data", b"DATA\r\n"),
    )


def size_limit(host: smtplib.SMTP) -> int | None:
    """Return the largest mail in octets that the server takes (RFC 1870); None if it told none."""
    declared = host.esmtp_features.get("size", "")
    return int(declared) or None if declared.isdigit() else None


def dot_stuffed(data: bytes) -> bytes:
    """Return a mail as DATA sends it: a dot before each that opens a line, and the lone dot that ends it all."""
    stuffed = data.replace(b"\r\n.", b"\r\n..") if b"\r\n." in data else data
    if stuffed.startswith(b"."):
        stuffed = b"." + stuffed
    return stuffed + (b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n")


def _options(host: smtplib.SMTP, sender: str, receiver: str, *, data: bytes) -> list[str]:
    """Return what MAIL FROM declares."""
    limit = size_limit(host)
    if limit is not None and len(data) > limit:
        raise Refused(f"The mail has {len(data)} bytes; the mail server takes {limit}.", step="size")
    options = [f"SIZE={len(data)}"] if host.has_extn("size") else []
    header = data.partition(b"\r\n\r\n")[0]
    if not (sender.isascii() and receiver.isascii() and header.isascii()):
        if not host.has_extn("smtputf8"):
            raise Refused(
                "The mail server can't carry an address with letters beyond ASCII before the @ (no SMTPUTF8).",
                step="rcpt",
            )
        options += ["SMTPUTF8", "BODY=8BITMIME"]
    elif not data.isascii() and host.has_extn("8bitmime"):
        options.append("BODY=8BITMIME")
    return options
