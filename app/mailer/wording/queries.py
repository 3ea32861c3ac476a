"""Reads of mail templates."""

from __future__ import annotations

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from app.access.ask import ensure
from app.access.table import Operation
from app.core.actor import Actor
from app.core.errors import NotFound
from app.core.words import say
from app.mailer.models import Message
from app.mailer.planning.plan_model import DocumentKind
from app.mailer.wording.models import MailTemplate
from app.mailer.wording.shipped import Template, shipped
from app.mailer.wording.template_kinds import TemplateKind

# Asked for at each mail that is made: what is edited meanwhile holds from the next one on.
_CHANGED = select(MailTemplate.subject, MailTemplate.text, MailTemplate.html).where(
    MailTemplate.kind == bindparam("kind"), MailTemplate.language == bindparam("language")
)


def templates(actor: Actor) -> Select[MailTemplate]:
    """Select the mail templates. Raises Forbidden."""
    ensure(actor, Operation.READ, "mail_template")
    return select(MailTemplate).where(MailTemplate.deleted_at.is_(None))


def template(session: Session, actor: Actor, *, template_id: int, lock: bool = False) -> MailTemplate:
    """Return one mail template. Raises NotFound, Forbidden."""
    statement = templates(actor).where(MailTemplate.id == template_id)
    found: MailTemplate | None = session.scalar(statement.with_for_update() if lock else statement)
    if found is None:
        raise NotFound(say("There is no mail template with this id."))
    return found


def wording_in_use(session: Session, *, kind: TemplateKind, language: str) -> Template:
    """Return the template that mails of a kind are made by in one of the languages that there are."""
    changed = session.execute(_CHANGED, {"kind": kind.value, "language": language}).one_or_none()
    own = shipped(kind, language)
    return own if changed is None else own.changed(*changed)


def last_message(session: Session, *, kind: DocumentKind, document_id: int) -> Message | None:
    """Return the latest message about a document that still says who got it and why."""
    statement = select(Message).where(
        Message.document_kind == kind.value, Message.document_id == document_id, Message.purged_at.is_(None)
    )
    return session.scalar(statement.order_by(Message.id.desc()).limit(1))
