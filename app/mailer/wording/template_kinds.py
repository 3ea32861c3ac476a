"""The kinds of mail templates: one for each kind of document, and one for what credits an invoice."""

from __future__ import annotations

from enum import StrEnum

from app.mailer.planning.plan_model import DocumentKind


class TemplateKind(StrEnum):
    """What a mail template is for. A credit note is sent as invoices are, and says other things."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    CORRESPONDENCE = "correspondence"
    TICKET_UPDATE = "ticket_update"

    @property
    def document_kind(self) -> DocumentKind:
        """Return the kind of document that carries such a mail."""
        return DocumentKind.INVOICE if self is TemplateKind.CREDIT_NOTE else DocumentKind(self.value)
