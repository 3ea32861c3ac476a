"""How mails that came in are shown: marks, reasons in words, links, and the mail itself as a file."""

from __future__ import annotations

from flask import Response, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session

from app.access.ask import may
from app.access.table import Operation
from app.core.actor import Actor
from app.inbound import queries
from app.inbound.models import InboundMail
from app.inbound.rules import REASON_LABELS, STATE_LABELS, MailState
from app.web.display import link, tag

_TONES = {MailState.WAITING: "warning", MailState.ADDED: "success"}


def state_tag(mail: InboundMail) -> Markup:
    """Return the mark of a mail's state."""
    return tag(STATE_LABELS[mail.state], _TONES.get(MailState(mail.state), "neutral"))


def reason_words(mail: InboundMail) -> str | None:
    """Return the sentence that says why a mail matched no ticket."""
    return REASON_LABELS.get(mail.reason) if mail.reason else None


def ticket_link(mail: InboundMail, actor: Actor) -> Markup | str | None:
    """Return the ticket that a mail belongs to, as a link while it has a page."""
    ticket = mail.ticket
    if ticket is None or not may(actor, Operation.READ, "ticket"):
        return None
    if ticket.deleted_at is not None:
        return ticket.number
    return link(ticket.label, url_for("TicketView.show", pk=ticket.id))


def raw_answer(session: Session, mail: InboundMail) -> Response:
    """Answer with a mail as it came, as a file: what a stranger wrote is never shown in a page of ours."""
    answer = Response(queries.raw_of(session, mail), mimetype="message/rfc822")
    answer.headers["Content-Disposition"] = f'attachment; filename="incoming-mail-{mail.id}.eml"'
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
