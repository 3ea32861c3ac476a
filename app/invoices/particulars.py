"""What an invoice's paper and mail take from other records: kept as it was on the day that the invoice was sent."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from flask import current_app
from sqlalchemy.orm import Session

from app.invoices.models import Invoice
from app.issuer import queries as issuers
from app.issuer.details import details_of
from app.issuer.logo import media_type_of
from app.mailer.delivery.contents import store
from app.mailer.models import Content
from app.paper.issuer import IssuerDetails


@dataclass(frozen=True, slots=True, kw_only=True)
class Particulars:
    """The customer and the issuer as an invoice names them; `language` (BCP 47) and `country` (ISO 3166) it is made in.

    The language is the customer's own: a copy for somebody else may be in theirs.
    """

    customer_name: str
    customer_address: tuple[str, ...]
    account_number: str
    language: str
    country: str
    issuer: IssuerDetails


def particulars_of(session: Session, invoice: Invoice) -> Particulars:
    """Return what was kept when an invoice was sent; of one that is not sent, what the records say today."""
    kept = invoice.sent_particulars
    if kept is None:
        return _of_today(session, invoice)
    issuer = kept["issuer"]
    logo = session.get_one(Content, issuer["logo"]).data if issuer["logo"] else None
    return Particulars(
        **{
            **kept,
            "customer_address": tuple(kept["customer_address"]),
            "issuer": IssuerDetails(**{**issuer, "address": tuple(issuer["address"]), "logo": logo}),
        }
    )


def keep_particulars(session: Session, *invoices: Invoice) -> None:
    """Keep with invoices that are being sent what they take from other records, whatever becomes of these."""
    if not invoices:
        return
    issuer = details_of(issuers.issuer(session))
    # One picture stands on thousands of invoices: it is kept once.
    digest = None
    if issuer.logo:
        digest = store(session, issuer.logo, media_type_of(issuer.logo))
    for invoice in invoices:
        kept = asdict(_with_issuer(invoice, issuer))
        kept["issuer"]["logo"] = digest
        invoice.sent_particulars = kept


def _of_today(session: Session, invoice: Invoice) -> Particulars:
    return _with_issuer(invoice, details_of(issuers.issuer(session)))


def _with_issuer(invoice: Invoice, issuer: IssuerDetails) -> Particulars:
    customer, settings = invoice.customer, current_app.config["SETTINGS"]
    return Particulars(
        customer_name=customer.name,
        customer_address=customer.postal_lines,
        account_number=customer.account_number,
        language=customer.language or settings.language,
        country=customer.country or settings.country,
        issuer=issuer,
    )
