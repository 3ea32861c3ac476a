"""Sample mails that came in: an answer to a ticket, somebody who is away, and two that wait for staff."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

from sqlalchemy import select

from app.extensions import db
from app.inbound.jobs import taking
from app.mailer.bounces.verp import Purpose, token_of
from app.mailer.models import Message
from app.mailer.planning.plan_model import DocumentKind
from app.web.current import this_app

_DESK = "desk@pennine.example"


def receive() -> None:
    """Take in the sample mails as `flask inbound` does, each in a unit of work of its own."""
    app = this_app()
    statement = select(Message.id, Message.address).where(Message.document_kind == DocumentKind.TICKET_UPDATE.value)
    copies = db.session.execute(statement.order_by(Message.id.desc()).limit(2)).all()
    (last, address), (other, absent) = copies
    secret, take = app.config["SECRET_KEY"], taking(app)
    proven = [f"desk+{token_of(one, secret=secret, purpose=Purpose.ANSWER)}@pennine.example" for one in (last, other)]
    for mail in (
        _mail(address, proven[0], "Re: your ticket", "It is fast tonight. Thank you.\n\n> Let us know.\n"),
        _mail(absent, proven[1], "Out of office", "I am away until Monday.", automatic=True),
        _mail("Jo Field <jo.field@mail.example>", _DESK, "Router", "The new router has not come. Where is it?"),
        _mail("Offers <offers@shop.example>", _DESK, "Toner", "Toner at half its price, this week alone."),
    ):
        take(mail.as_bytes())


def _mail(sender: str, recipient: str, subject: str, text: str, *, automatic: bool = False) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = sender, recipient, subject
    mail["Message-ID"] = f"<{subject.replace(' ', '-').replace(':', '').lower()}@sample.example>"
    if automatic:
        mail["Auto-Submitted"] = "auto-replied"
    mail.set_content(text)
    return mail
