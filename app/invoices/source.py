"""Invoices as the mailer sends them: their PDF in each format, and the mail that carries it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from babel import Locale
from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.ask import may
from app.access.table import Operation
from app.core.actor import Actor
from app.core.words import Words, say
from app.extensions import db
from app.invoices import queries
from app.invoices.labels import name_of
from app.invoices.mail_values import mail_values
from app.invoices.models import Invoice
from app.invoices.particulars import particulars_of
from app.invoices.pdf.formats import FORMATS
from app.invoices.printing import print_invoice
from app.invoices.rules import may_edit
from app.invoices.usage.rendering import usage_report
from app.issuer import queries as issuers
from app.lookups.models import UsageReportProfile
from app.mailer import queries as messages
from app.mailer.documents import Letter, LetterFacts, Rendered
from app.mailer.models import Message
from app.mailer.planning.plan_model import Document, DocumentKind
from app.mailer.sending_defaults import NO_SENDER
from app.mailer.wording.letters import letter_of
from app.mailer.wording.template_kinds import TemplateKind
from app.web.languages import LOCALES


class InvoiceSource:
    """What the mailer asks of invoices."""

    kind = DocumentKind.INVOICE
    noun = say("invoice")

    def documents(self, session: Session, ids: Collection[int]) -> Mapping[int, Document]:
        """Return invoices by their ids, as a plan asks for them."""
        columns = select(Invoice.id, Invoice.number, Invoice.version)
        return {
            row.id: Document(kind=self.kind, id=row.id, number=row.number, version=row.version)
            for row in session.execute(columns.where(Invoice.id.in_(ids)))
        }

    def pages(self, session: Session, actor: Actor, ids: Collection[int]) -> Mapping[int, str]:
        """Return the addresses of the pages of those invoices that the actor may see, by id."""
        if not may(actor, Operation.READ, "invoice"):
            return {}
        seen = queries.invoices(actor).where(Invoice.id.in_(ids)).with_only_columns(Invoice.id)
        return {number: url_for("InvoiceView.show", pk=number) for number in session.scalars(seen)}

    def formats(self) -> frozenset[str]:
        """Return the formats that can be made."""
        return FORMATS

    def usage_reports(self) -> frozenset[int]:
        """Return the usage report profiles whose reports can be made: all that aren't purged.

        Also those that are deleted, which stay where they are chosen, and also while the module is off: what was
        planned before leaves as it was planned.
        """
        return frozenset(
            db.session.scalars(select(UsageReportProfile.id).where(UsageReportProfile.purged_at.is_(None)))
        )

    def is_final(self, session: Session, document_id: int) -> bool:
        """Tell whether an invoice can't be changed any more: once it is sent."""
        return not may_edit(session.get_one(Invoice, document_id).status)

    def render(self, session: Session, *, document_id: int, format_: str, language: str) -> Rendered:
        """Make the PDF of an invoice."""
        invoice = session.get_one(Invoice, document_id)
        return Rendered(
            filename=f"{invoice.number.replace('/', '-')}.pdf",
            content_type="application/pdf",
            data=print_invoice(session, invoice, language=language, format_=format_),
        )

    def render_usage_report(self, session: Session, *, document_id: int, profile_id: int, language: str) -> Rendered:
        """Make the usage report of an invoice by a profile."""
        return usage_report(
            session,
            invoice=session.get_one(Invoice, document_id),
            profile=session.get_one(UsageReportProfile, profile_id),
            language=language,
        )

    def letter(self, session: Session, *, message: Message) -> Letter:
        """Write the mail of an invoice, with the reasons why it came."""

        def facts_in(language: str) -> LetterFacts:
            return self.facts(session, document_id=message.document_id, language=language)

        return letter_of(session, message=message, facts_in=facts_in)

    def facts(self, session: Session, *, document_id: int, language: str) -> LetterFacts:
        """Return what an invoice gives its mail: names and bank of the day that it was sent."""
        invoice = session.get_one(Invoice, document_id)
        known = particulars_of(session, invoice)
        return LetterFacts(
            sender_name=known.issuer.name,
            # The mail leaves from where the company mails today.
            sender_address=issuers.issuer(session).email or NO_SENDER,
            values=mail_values(invoice, known, locale=Locale.parse(LOCALES[language])),
            template=TemplateKind.INVOICE if invoice.credits_id is None else TemplateKind.CREDIT_NOTE,
        )

    def latest(
        self, session: Session, actor: Actor, *, template: TemplateKind, limit: int
    ) -> Iterable[tuple[int, str]]:
        """Return the ids and numbers of the latest invoices in sight, or of the latest credit notes."""
        if not may(actor, Operation.READ, "invoice"):
            return []
        notes = template is TemplateKind.CREDIT_NOTE
        which = Invoice.credits_id.is_not(None) if notes else Invoice.credits_id.is_(None)
        seen = queries.invoices(actor).where(which).order_by(Invoice.id.desc()).limit(limit)
        return [(invoice.id, name_of(invoice)) for invoice in session.scalars(seen)]


def shown_pdf(session: Session, invoice: Invoice, *, format_: str) -> bytes:
    """Return an invoice in one of the formats, in the customer's language; a sent one as it was sent, to the byte."""
    language = particulars_of(session, invoice).language
    if not may_edit(invoice.status):
        sent = messages.rendition(
            session, kind=DocumentKind.INVOICE.value, document_id=invoice.id, format_=format_, language=language
        )
        if sent is not None:
            return sent
    return print_invoice(session, invoice, language=language, format_=format_)


def own_noun(session: Session, invoice_id: int) -> Words | None:
    """Return that an invoice which credits another is a credit note."""
    credits_id = session.scalar(select(Invoice.credits_id).where(Invoice.id == invoice_id))
    return say("credit note") if credits_id is not None else None
