"""Letters as the mailer sends them: the PDF that was made when they were saved, their files, and their words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.ask import may
from app.access.table import Operation
from app.core.actor import Actor
from app.core.words import say
from app.correspondence import queries
from app.correspondence.models import Correspondence
from app.correspondence.rules import may_edit
from app.correspondence.service import document_of
from app.issuer import queries as issuers
from app.issuer.details import details_of
from app.mailer.documents import Attached, Letter, LetterFacts, Rendered
from app.mailer.models import Content, Message
from app.mailer.planning.plan_model import Document, DocumentKind
from app.mailer.sending_defaults import NO_SENDER
from app.mailer.wording.letters import letter_of
from app.mailer.wording.template_kinds import TemplateKind


class LetterSource:
    """What the mailer asks of letters."""

    kind = DocumentKind.CORRESPONDENCE
    noun = say("letter")

    def documents(self, session: Session, ids: Collection[int]) -> Mapping[int, Document]:
        """Return letters by their ids, as a plan asks for them."""
        rows = session.scalars(select(Correspondence).where(Correspondence.id.in_(ids)))
        return {row.id: document_of(row) for row in rows}

    def pages(self, session: Session, actor: Actor, ids: Collection[int]) -> Mapping[int, str]:
        """Return the addresses of the pages of those letters that the actor may see, by id."""
        if not may(actor, Operation.READ, "correspondence"):
            return {}
        seen = queries.letters(actor).where(Correspondence.id.in_(ids)).with_only_columns(Correspondence.id)
        return {number: url_for("CorrespondenceView.show", pk=number) for number in session.scalars(seen)}

    def formats(self) -> frozenset[str]:
        """Return the formats that can be made: a letter has none."""
        return frozenset()

    def usage_reports(self) -> frozenset[int]:
        """Return the usage report profiles that go along with letters: none."""
        return frozenset()

    def is_final(self, session: Session, document_id: int) -> bool:
        """Tell whether a letter can't be changed any more: once it has left the house."""
        return not may_edit(session.get_one(Correspondence, document_id).status)

    def render(self, session: Session, *, document_id: int, format_: str, language: str) -> Rendered:  # noqa: ARG002  the protocol's parameters
        """Give the PDF of a letter: the very one that was made when it was saved, whoever gets it."""
        letter = session.get_one(Correspondence, document_id)
        return Rendered(filename=filename_of(letter), content_type="application/pdf", data=kept_pdf(session, letter))

    def render_usage_report(self, session: Session, *, document_id: int, profile_id: int, language: str) -> Rendered:  # noqa: ARG002  the protocol's parameters
        """Refuse: no usage report goes along with a letter."""
        raise ValueError(f"there is no usage report of profile {profile_id} for letter {document_id}")

    def letter(self, session: Session, *, message: Message) -> Letter:
        """Write the mail of a letter, with the reasons why it came."""

        def facts_in(language: str) -> LetterFacts:
            return self.facts(session, document_id=message.document_id, language=language)

        return letter_of(session, message=message, facts_in=facts_in)

    def facts(self, session: Session, *, document_id: int, language: str) -> LetterFacts:  # noqa: ARG002  the protocol's parameters
        """Return what a letter gives its mail; its texts are those of the day that it was saved."""
        return self.facts_of(session, session.get_one(Correspondence, document_id))

    def facts_of(self, session: Session, letter: Correspondence) -> LetterFacts:
        """Return that of a letter, which may not be saved yet."""
        issuer = details_of(issuers.issuer(session))
        return LetterFacts(
            sender_name=issuer.name,
            sender_address=issuer.email or NO_SENDER,
            values={
                "customer": letter.customer.name,
                "account_number": letter.customer.account_number,
                "number": letter.number,
                "subject": letter.filled_subject,
                "body": letter.filled_body,
                "type": letter.correspondence_type.name,
                "issuer": issuer.name,
                "issuer_address": "\n".join(issuer.address),
                "issuer_email": issuer.email,
                "issuer_website": issuer.website,
                "issuer_vat_number": issuer.vat_number,
                "issuer_footer": issuer.footer,
            },
        )

    def latest(
        self, session: Session, actor: Actor, *, template: TemplateKind, limit: int
    ) -> Iterable[tuple[int, str]]:
        """Return the ids and numbers of the latest letters in sight."""
        if template is not TemplateKind.CORRESPONDENCE or not may(actor, Operation.READ, "correspondence"):
            return []
        seen = queries.letters(actor).order_by(Correspondence.id.desc()).limit(limit)
        return [(letter.id, say("Letter {number}", number=letter.number)) for letter in session.scalars(seen)]


def attached_files(session: Session, letter_id: int) -> list[Attached]:
    """Return the files that go along with a letter."""
    return [
        Attached(filename=one.filename, content_type=one.content.content_type, digest=one.digest)
        for one in queries.attachments_of(session, letter_id=letter_id)
    ]


def kept_pdf(session: Session, letter: Correspondence) -> bytes:
    """Return the PDF that was made when a letter was saved. Raises ValueError for a draft, which has none."""
    if letter.pdf_digest is None:
        raise ValueError(say("This letter is a draft: there is no PDF of it yet."))
    return session.get_one(Content, letter.pdf_digest).data


def filename_of(letter: Correspondence) -> str:
    """Return the name of a letter's file."""
    return f"{letter.number.replace('/', '-')}.pdf"
