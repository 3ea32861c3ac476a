"""What an invoice or a credit note puts into the placeholders of its mail, written as the mail's language writes it."""

from __future__ import annotations

from collections.abc import Mapping

from babel import Locale
from babel.dates import format_date

from app.invoices.models import Invoice
from app.invoices.particulars import Particulars
from app.web.formats import amount_text


def mail_values(invoice: Invoice, known: Particulars, *, locale: Locale) -> Mapping[str, str]:
    """Return the values by placeholder; what an invoice or a credit note does not have is empty."""
    issuer = known.issuer
    own = (
        _of_invoice(invoice, known, locale=locale) if invoice.credited is None else _of_note(invoice, invoice.credited)
    )
    return {
        "customer": known.customer_name,
        "account_number": known.account_number,
        "number": invoice.number,
        "invoice_date": format_date(invoice.invoice_date, "long", locale=locale),
        **{
            name: amount_text(getattr(invoice, name), invoice.currency, locale=locale)
            for name in ("total", "net", "tax")
        },
        "order_number": invoice.purchase_order_number or "",
        "issuer": issuer.name,
        "issuer_address": "\n".join(issuer.address),
        "issuer_email": issuer.email,
        "issuer_website": issuer.website,
        "issuer_vat_number": issuer.vat_number,
        "issuer_footer": issuer.footer,
        **own,
    }


def _of_invoice(invoice: Invoice, known: Particulars, *, locale: Locale) -> Mapping[str, str]:
    """Return by when and how it is paid."""
    bank = ("bank_name", "bank_sort_code", "bank_account_number", "bank_iban", "bank_bic")
    due_date = format_date(invoice.due_date, "long", locale=locale)
    return {"due_date": due_date, **{name: getattr(known.issuer, name) for name in bank}}


def _of_note(note: Invoice, credited: Invoice) -> Mapping[str, str]:
    return {"credits": credited.number, "reason": note.credit_reason or ""}
