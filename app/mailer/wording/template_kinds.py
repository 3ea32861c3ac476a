"""The kinds of mail templates: one for each kind of document, for each class of letters, and for credit notes."""

from __future__ import annotations

from enum import StrEnum

from app.mailer.planning.plan_model import DocumentKind

_OF_LETTERS = f"{DocumentKind.CORRESPONDENCE.value}_"


class TemplateKind(StrEnum):
    """What a mail template is for. A credit note is sent as invoices are, and says other things."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    CORRESPONDENCE_BILLING = "correspondence_billing"
    CORRESPONDENCE_CREDIT_CONTROL = "correspondence_credit_control"
    CORRESPONDENCE_CUSTOMER_SERVICES = "correspondence_customer_services"
    CORRESPONDENCE_MARKETING = "correspondence_marketing"
    TICKET_UPDATE = "ticket_update"

    @classmethod
    def of_letters(cls, document_class: str) -> TemplateKind:
        """Return the kind of a class of letters. Raises ValueError."""
        return cls(f"{_OF_LETTERS}{document_class}")

    @property
    def document_class(self) -> str:
        """Return the class of letters that it is for; empty for other documents."""
        return self.value.removeprefix(_OF_LETTERS) if self.value.startswith(_OF_LETTERS) else ""

    @property
    def document_kind(self) -> DocumentKind:
        """Return the kind of document that carries such a mail."""
        if self.document_class:
            return DocumentKind.CORRESPONDENCE
        return DocumentKind.INVOICE if self is TemplateKind.CREDIT_NOTE else DocumentKind(self.value)
