"""Invoices as the mailer sends them: their PDF in each format, and the mail that carries it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from flask import current_app, render_template, url_for
from flask_babel import force_locale, format_currency, format_date
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.bill_format import BillFormat
from app.core.money import minor_unit
from app.core.words import say
from app.invoices import queries
from app.invoices.models import Invoice, Issuer, as_line
from app.invoices.pdf import short_pdf
from app.invoices.pdf_model import InvoiceDocument, IssuerDetails
from app.invoices.rules import may_edit
from app.mailer.documents import Letter, Rendered
from app.mailer.models import Message
from app.mailer.planning.plan_model import Document, DocumentKind
from app.mailer.planning.rules import explain

NO_SENDER = "counterpart@localhost"


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

    def page(self, document_id: int) -> str:
        """Return the address of an invoice's page."""
        return url_for("InvoiceView.show", pk=document_id)

    def formats(self) -> frozenset[str]:
        """Return the formats that can be made."""
        return frozenset({BillFormat.SHORT.value})

    def usage_reports(self) -> frozenset[int]:
        """Return the usage report profiles whose reports can be made: none, so what needs one waits."""
        return frozenset()

    def is_final(self, session: Session, document_id: int) -> bool:
        """Tell whether an invoice can't be changed any more: once it is sent."""
        return not may_edit(session.get_one(Invoice, document_id).status)

    def render(self, session: Session, *, document_id: int, format_: str, language: str) -> Rendered:
        """Make the PDF of an invoice."""
        if format_ not in self.formats():
            raise ValueError(f"invoices have no format {format_}")
        invoice = session.get_one(Invoice, document_id)
        return Rendered(
            filename=f"{invoice.number.replace('/', '-')}.pdf",
            content_type="application/pdf",
            data=invoice_pdf(session, invoice, language=language),
        )

    def render_usage_report(self, session: Session, *, document_id: int, profile_id: int, language: str) -> Rendered:  # noqa: ARG002  the protocol's parameters
        """Refuse: no usage report can be made yet."""
        raise ValueError(f"there is no usage report of profile {profile_id} for invoice {document_id}")

    def letter(self, session: Session, *, message: Message) -> Letter:
        """Write the mail of an invoice, with the reasons why it came."""
        invoice = session.get_one(Invoice, message.document_id)
        issuer = queries.issuer(session)
        with force_locale("en"):
            words = {
                "invoice": invoice,
                "issuer": issuer,
                "recipient_name": message.recipient_name,
                "total": format_currency(invoice.total, invoice.currency),
                "due_date": format_date(invoice.due_date, "d MMMM yyyy"),
                "customer": invoice.customer,
                "reasons": list(dict.fromkeys(explain(reason["reason"]) for reason in message.reasons)),
            }
            return Letter(
                sender_name=issuer.name,
                sender_address=issuer.email or NO_SENDER,
                subject=f"Invoice {invoice.number} from {issuer.name}",
                text=render_template("invoices/mail.txt", **words),
                html=render_template("invoices/mail.html", **words),
            )


def invoice_pdf(session: Session, invoice: Invoice, *, language: str) -> bytes:
    """Return an invoice in the Short format."""
    customer = invoice.customer
    names = (customer.company_name, customer.person_name)
    document = InvoiceDocument(
        number=invoice.number,
        invoice_date=invoice.invoice_date,
        due_date=invoice.due_date,
        currency=invoice.currency,
        customer_name=customer.name,
        customer_address=(*(name for name in names if name and name != customer.name), *customer.address_lines),
        account_number=customer.account_number,
        purchase_order_number=invoice.purchase_order_number or "",
        lines=tuple(as_line(row) for row in invoice.lines),
        places=minor_unit(invoice.currency),
    )
    country = customer.country or current_app.config["SETTINGS"].country
    return short_pdf(document, _details(queries.issuer(session)), language=language, country=country)


def _details(issuer: Issuer) -> IssuerDetails:
    lines = (getattr(issuer, f"address_line_{number}") for number in range(1, 6))
    return IssuerDetails(
        name=issuer.name,
        address=tuple(line for line in (*lines, issuer.postcode) if line),
        vat_number=issuer.vat_number or "",
        email=issuer.email or "",
        website=issuer.website or "",
        bank_name=issuer.bank_name or "",
        bank_sort_code=issuer.bank_sort_code or "",
        bank_account_number=issuer.bank_account_number or "",
        bank_iban=issuer.bank_iban or "",
        bank_bic=issuer.bank_bic or "",
        footer=issuer.footer or "",
        logo=issuer.logo,
    )
