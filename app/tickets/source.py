"""Ticket updates as the mailer sends them: words and files, below the mails of the same ticket to the same address."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from flask import current_app, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.access.ask import may
from app.access.table import Operation
from app.core.actor import Actor
from app.core.words import say
from app.issuer.queries import issuer
from app.mailer.documents import Attached, Letter, LetterFacts, Rendered
from app.mailer.kept_files import as_attached
from app.mailer.models import Message
from app.mailer.planning.plan_model import Document, DocumentKind
from app.mailer.sending_defaults import NO_SENDER
from app.mailer.smtp.connection import answer_paths
from app.mailer.wording.letters import letter_of
from app.mailer.wording.template_kinds import TemplateKind
from app.tickets import queries
from app.tickets.documents import document_of
from app.tickets.mail_values import mail_values
from app.tickets.models import Ticket, TicketUpdate
from app.tickets.rules import thread_headers, thread_subject
from app.web.current import this_app


class InternalNoteError(ValueError):
    """An internal note was about to leave; whatever asked for it, it doesn't."""


class TicketUpdateSource:
    """What the mailer asks of ticket updates."""

    kind = DocumentKind.TICKET_UPDATE
    noun = say("ticket update")

    def documents(self, session: Session, ids: Collection[int]) -> Mapping[int, Document]:
        """Return updates by their ids, as a plan asks for them."""
        statement = select(TicketUpdate).where(TicketUpdate.id.in_(ids)).options(joinedload(TicketUpdate.ticket))
        return {update.id: document_of(update) for update in session.scalars(statement)}

    def pages(self, session: Session, actor: Actor, ids: Collection[int]) -> Mapping[int, str]:
        """Return the addresses of the conversations that hold those updates that the actor may see, by id."""
        if not may(actor, Operation.READ, "ticket"):
            return {}
        in_sight = queries.tickets(actor).with_only_columns(Ticket.id)
        found = select(TicketUpdate.id, TicketUpdate.ticket_id)
        found = found.where(TicketUpdate.id.in_(ids), TicketUpdate.ticket_id.in_(in_sight))
        return {row.id: page_of(row.ticket_id, row.id) for row in session.execute(found)}

    def formats(self) -> frozenset[str]:
        """Return no format: an update is no bill."""
        return frozenset()

    def usage_reports(self) -> frozenset[int]:
        """Return no usage report: none goes along with an update."""
        return frozenset()

    def is_final(self, session: Session, document_id: int) -> bool:  # noqa: ARG002  the protocol's parameters
        """Tell that an update never changes."""
        return True

    def render(self, session: Session, *, document_id: int, format_: str, language: str) -> Rendered | None:  # noqa: ARG002  the protocol's parameters
        """Return nothing: the words of the mail are all that there is."""
        return None

    def render_usage_report(self, session: Session, *, document_id: int, profile_id: int, language: str) -> Rendered:  # noqa: ARG002  the protocol's parameters
        """Refuse: no usage report goes along with an update."""
        raise ValueError(f"there is no usage report of profile {profile_id} for ticket update {document_id}")

    def letter(self, session: Session, *, message: Message) -> Letter:
        """Write the mail of an update: its place in the thread, and an address for answers that is the message's own.

        Raises InternalNoteError.
        """

        def facts_in(language: str) -> LetterFacts:
            return self.facts(session, document_id=message.document_id, language=language)

        letter = letter_of(session, message=message, facts_in=facts_in)
        before = queries.mails_before(session, message)
        headers = (*letter.headers, *_reply_to(letter, message), *thread_headers(before))
        return replace(letter, subject=thread_subject(letter.subject, before), headers=headers)

    def facts(self, session: Session, *, document_id: int, language: str) -> LetterFacts:
        """Return what an update gives its mail. Raises InternalNoteError."""
        update = session.get_one(TicketUpdate, document_id)
        if update.internal:
            raise InternalNoteError(f"ticket update {document_id} is an internal note: it never leaves")
        company = issuer(session)
        return LetterFacts(
            sender_name=company.name,
            sender_address=company.email or NO_SENDER,
            values=mail_values(update, company, language=language),
        )

    def latest(
        self, session: Session, actor: Actor, *, template: TemplateKind, limit: int
    ) -> Iterable[tuple[int, str]]:
        """Return the ids and numbers of the latest public updates in sight."""
        if template is not TemplateKind.TICKET_UPDATE or not may(actor, Operation.READ, "ticket"):
            return []
        in_sight = queries.tickets(actor).with_only_columns(Ticket.id)
        statement = select(TicketUpdate).where(TicketUpdate.internal.is_(False), TicketUpdate.ticket_id.in_(in_sight))
        statement = statement.options(joinedload(TicketUpdate.ticket)).order_by(TicketUpdate.id.desc()).limit(limit)
        return [(one.id, say("Ticket update {number}", number=one.number)) for one in session.scalars(statement)]


def attached_files(session: Session, update_id: int) -> list[Attached]:
    """Return the files that go along with an update. Raises InternalNoteError."""
    update = session.get(TicketUpdate, update_id)
    if update is not None and update.internal:
        raise InternalNoteError(f"ticket update {update_id} is an internal note: its files never leave")
    return as_attached(queries.attachments_of(session, update_id=update_id))


def page_of(ticket_id: int, update_id: int) -> str:
    """Return the address of an update's place on its ticket's page."""
    return url_for("TicketView.show", pk=ticket_id, _anchor=f"update-{update_id}")


def _reply_to(letter: Letter, message: Message) -> list[tuple[str, str]]:
    """Return the field that brings an answer back with a token of the ticket and the address (RFC 5322 3.6.2)."""
    settings: Any = current_app.config["SETTINGS"]
    sender = settings.mail_default_sender or letter.sender_address
    address = answer_paths(this_app()).answers_to(sender.rpartition("<")[2].rstrip(">"), message.id)
    return [("Reply-To", address)] if address and address.isascii() else []
