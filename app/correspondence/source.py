"""Letters as the mailer sends them: the PDF that was made when they were saved, their files, and their words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from flask import current_app, url_for
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
from app.correspondence.unsubscribing.links import link_of, link_of_nobody, list_fields
from app.issuer import queries as issuers
from app.issuer.details import details_of
from app.lookups.rules import CorrespondenceClass
from app.mailer.documents import Attached, Letter, LetterFacts, Rendered
from app.mailer.kept_files import as_attached
from app.mailer.models import Content, Message
from app.mailer.planning.plan_model import Document, DocumentKind
from app.mailer.sending_defaults import NO_SENDER
from app.mailer.wording.letters import letter_of
from app.mailer.wording.placeholders import UNSUBSCRIBE_URL
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
        """Write the mail of a letter, with why it came; a marketing one has a way to unsubscribe of its own."""

        def facts_in(language: str) -> LetterFacts:
            return self.facts(session, document_id=message.document_id, language=language)

        if message.document_class != CorrespondenceClass.MARKETING:
            return letter_of(session, message=message, facts_in=facts_in)
        link = link_of(message.id, public_url=_public_url(), secret=str(current_app.config["SECRET_KEY"]))
        made = letter_of(session, message=message, facts_in=facts_in, own={UNSUBSCRIBE_URL: link})
        return replace(made, headers=(*made.headers, *list_fields(link)))

    def facts(self, session: Session, *, document_id: int, language: str) -> LetterFacts:  # noqa: ARG002  the protocol's parameters
        """Return what a letter gives its mail; its texts are those of the day that it was saved."""
        return self.facts_of(session, session.get_one(Correspondence, document_id))

    def facts_of(self, session: Session, letter: Correspondence) -> LetterFacts:
        """Return that of a letter, which may not be saved yet."""
        issuer = details_of(issuers.issuer(session))
        return LetterFacts(
            sender_name=issuer.name,
            sender_address=issuer.email or NO_SENDER,
            template=TemplateKind.of_letters(letter.correspondence_class),
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
                # Each message has its own; this one opens nothing, and is for those who only look.
                UNSUBSCRIBE_URL: link_of_nobody(public_url=_public_url()),
            },
        )

    def latest(
        self, session: Session, actor: Actor, *, template: TemplateKind, limit: int
    ) -> Iterable[tuple[int, str]]:
        """Return the ids and numbers of the latest letters in sight, of the template's class."""
        if not template.document_class or not may(actor, Operation.READ, "correspondence"):
            return []
        of_class = queries.letters(actor).where(Correspondence.correspondence_class == template.document_class)
        seen = of_class.order_by(Correspondence.id.desc()).limit(limit)
        return [(letter.id, say("Letter {number}", number=letter.number)) for letter in session.scalars(seen)]


def _public_url() -> str | None:
    url: str | None = current_app.config["SETTINGS"].public_url
    return url


def attached_files(session: Session, letter_id: int) -> list[Attached]:
    """Return the files that go along with a letter."""
    return as_attached(queries.attachments_of(session, letter_id=letter_id))


def kept_pdf(session: Session, letter: Correspondence) -> bytes:
    """Return the PDF that was made when a letter was saved. Raises ValueError for a draft, which has none."""
    if letter.pdf_digest is None:
        raise ValueError(say("This letter is a draft: there is no PDF of it yet."))
    return session.get_one(Content, letter.pdf_digest).data


def filename_of(letter: Correspondence) -> str:
    """Return the name of a letter's file."""
    return f"{letter.number.replace('/', '-')}.pdf"
