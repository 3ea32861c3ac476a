"""Mails that answer a copy of a ticket's update, in the shape of what people's programs write."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import make_msgid


def quoted(mail):
    """Return a mail's text as a program quotes it."""
    text = mail.get_body(("plain",)).get_content()
    lines = "\n".join(f"> {line}" for line in text.splitlines())
    return f"On Mon, 2 Mar 2026 at 12:00, {mail['From']} wrote:\n{lines}\n"


def answer(mail, text="It works again, thank you.", *, sender=None, to=None, quote=True, **headers):
    """Return an answer to a mail as it is sent: to its Reply-To, below it in the thread, quoting it."""
    reply = EmailMessage(policy=SMTP)
    reply["From"] = sender or str(mail["To"])
    reply["To"] = to or mail["Reply-To"]
    reply["Subject"] = f"Re: {mail['Subject'].removeprefix('Re: ')}"
    reply["Date"] = "Mon, 02 Mar 2026 13:00:00 +0000"
    reply["Message-ID"] = headers.pop("message_id", None) or make_msgid(domain="client.example")
    reply["In-Reply-To"] = mail["Message-ID"]
    reply["References"] = f"{mail.get('References', '')} {mail['Message-ID']}".strip()
    for name, value in headers.items():
        reply[name.replace("_", "-")] = value
    reply.set_content(f"{text}\n\n{quoted(mail)}" if quote else text)
    return reply


def sent(mail):
    """Return a mail's bytes."""
    return mail.as_bytes()
