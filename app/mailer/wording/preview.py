"""Mails as they would be, by a template as it stands in a form and a real document: nothing is sent or kept."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import Invalid
from app.core.words import say
from app.mailer.documents import kinds, source_of
from app.mailer.planning.reasons import Reason
from app.mailer.wording import queries
from app.mailer.wording.checks import template_errors
from app.mailer.wording.compiled import TooLong, Wording, compiled
from app.mailer.wording.letters import values_of
from app.mailer.wording.samples import Sample, sample
from app.mailer.wording.shipped import Template
from app.mailer.wording.template_kinds import TemplateKind

RECENT = 20
DOCUMENT, MADE_UP = "document", "sample"
# A document that nobody has had yet is shown as its customer would get it.
_TO_THE_CUSTOMER = {"reason": Reason.CUSTOMER_EMAIL.value, "format": "short"}


def choices(session: Session, actor: Actor, *, kind: TemplateKind) -> list[tuple[str, str]]:
    """Return what a template can be tried on: the latest documents in sight, then made-up ones; value and words."""
    documents = [(f"{DOCUMENT}:{number}", label) for number, label in _documents(session, actor, kind)]
    return [*documents, *((f"{MADE_UP}:{one.value}", one.words) for one in Sample)]


def previewed(
    session: Session, actor: Actor, *, kind: TemplateKind, language: str, template: Template, choice: str
) -> Wording:
    """Return the mail that a template makes of what was chosen.

    Raises:
        Invalid: with its errors by field where the template can't be saved as it is, or nothing of that name is there.

    """
    errors = template_errors(kind, template)
    if errors:
        raise Invalid(say("This can't be saved as it is."), errors=errors)
    values = _values(session, actor, kind=kind, language=language, choice=choice)
    try:
        return compiled(template).filled(values)
    except TooLong as error:
        raise Invalid(say("This document makes too long a mail."), field="preview_of") from error


def _documents(session: Session, actor: Actor, kind: TemplateKind) -> list[tuple[int, str]]:
    if kind.document_kind.value not in kinds():
        return []
    return list(source_of(kind.document_kind.value).latest(session, actor, template=kind, limit=RECENT))


def _values(session: Session, actor: Actor, *, kind: TemplateKind, language: str, choice: str) -> Mapping[str, str]:
    """Return what stands in the placeholders' places; of what isn't named, the first that can be chosen."""
    offered = [value for value, _ in choices(session, actor, kind=kind)]
    chosen = choice or offered[0]
    if chosen not in offered:
        raise Invalid(say("Choose one of the documents that are offered."), field="preview_of")
    way, _, name = chosen.partition(":")
    if way == MADE_UP:
        return sample(kind, Sample(name))
    number = int(name)
    message = queries.last_message(session, kind=kind.document_kind, document_id=number)
    return values_of(
        source_of(kind.document_kind.value).facts(session, document_id=number, language=language),
        kind=kind,
        language=language,
        recipient=message.recipient_name if message else "",
        reasons=message.reasons if message and message.reasons else [_TO_THE_CUSTOMER],
    )
