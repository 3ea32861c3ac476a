"""The letter of a message: its template filled in with what its document says, and the line that says why it came."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from app.mailer.documents import Letter, LetterFacts
from app.mailer.models import Message
from app.mailer.wording import queries
from app.mailer.wording.compiled import compiled
from app.mailer.wording.placeholders import WHY, names_of
from app.mailer.wording.shipped import LANGUAGES
from app.mailer.wording.template_kinds import TemplateKind
from app.mailer.wording.why import About, reason_header, why_line
from app.web.languages import default_language

REASON_HEADER = "X-Counterpart-Reason"


def letter_of(
    session: Session,
    *,
    message: Message,
    facts_in: Callable[[str], LetterFacts],
    own: Mapping[str, str] | None = None,
) -> Letter:
    """Return the letter of a message; `facts_in` gives what its document says in a language.

    `own` are values that are this message's alone, in the place of its document's.

    Raises what a template raises that cannot be filled in, which no template does that was saved by a verb.
    """
    language = mail_language(message.language)
    facts = facts_in(language)
    kind = facts.template or TemplateKind(message.document_kind)
    if own:
        facts = replace(facts, values={**facts.values, **own})
    values = values_of(facts, kind=kind, language=language, recipient=message.recipient_name, reasons=message.reasons)
    wording = compiled(queries.wording_in_use(session, kind=kind, language=language)).filled(values)
    return Letter(
        sender_name=facts.sender_name,
        sender_address=facts.sender_address,
        subject=wording.subject,
        text=wording.text,
        html=wording.html,
        headers=((REASON_HEADER, reason_header(message.reasons)),),
    )


def mail_language(language: str) -> str:
    """Return the language that a mail is written in: the recipient's, or the company's where it has no words."""
    return language if language in LANGUAGES else default_language()


def values_of(
    facts: LetterFacts,
    *,
    kind: TemplateKind,
    language: str,
    recipient: str,
    reasons: Iterable[Mapping[str, Any]],
) -> dict[str, str]:
    """Return what stands in the place of each placeholder: plain texts, and nothing else."""
    given = {name: str(facts.values.get(name) or "") for name in names_of(kind)}
    about = About(
        kind=kind.document_kind,
        customer=given["customer"],
        account_number=given["account_number"],
        type=given.get("type", ""),
    )
    return {
        **given,
        "recipient": recipient or given["customer"],
        WHY: why_line(reasons, about=about, language=language),
    }
