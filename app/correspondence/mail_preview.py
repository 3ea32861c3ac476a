"""The mail that carries a letter, as its customer would get it: nothing is sent or kept."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.correspondence.models import Correspondence
from app.correspondence.source import LetterSource
from app.mailer.planning.reasons import Reason
from app.mailer.wording import queries as wording
from app.mailer.wording.compiled import Wording, compiled
from app.mailer.wording.letters import mail_language, values_of
from app.mailer.wording.template_kinds import TemplateKind

_TO_THE_CUSTOMER = {"reason": Reason.CUSTOMER_EMAIL.value, "format": ""}


def mail_as_it_would_be(session: Session, letter: Correspondence) -> Wording:
    """Return the words of the mail to the customer's main address, in the customer's language."""
    kind = TemplateKind.of_letters(letter.correspondence_class)
    language = mail_language(letter.language[:2])
    facts = LetterSource().facts_of(session, letter)
    values = values_of(facts, kind=kind, language=language, recipient="", reasons=[_TO_THE_CUSTOMER])
    return compiled(wording.wording_in_use(session, kind=kind, language=language)).filled(values)
