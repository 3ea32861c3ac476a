"""Printing: a letter's texts filled in, and its PDF made and kept, as the records are on the day that it is saved."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy.orm import Session

from app.core import clock
from app.correspondence.letterhead import LetterSheet, date_in, letter_pdf
from app.correspondence.models import Correspondence
from app.correspondence.rules import LetterStatus, filled
from app.customers.models import Customer
from app.issuer import queries as issuers
from app.issuer.details import details_of
from app.mailer.delivery.contents import drop_content, store

PDF = "application/pdf"


def print_letter(session: Session, letter: Correspondence, customer: Customer) -> None:
    """Fill in a letter's texts, make its PDF and keep it: the letter is ready, or a draft where nothing is said yet.

    Raises ValueError when the issuer's logo can't be read.
    """
    settings = current_app.config["SETTINGS"]
    language, country = customer.language or settings.language, customer.country or settings.country
    issuer = details_of(issuers.issuer(session))
    today = clock.now().astimezone(ZoneInfo(settings.timezone)).date()
    values = {
        "customer": customer.name,
        "account_number": customer.account_number,
        "title": customer.title.name if customer.title else "",
        "first_name": customer.first_name or "",
        "last_name": customer.last_name or "",
        "company_name": customer.company_name or "",
        "date": date_in(today, language=language, country=country),
        "issuer": issuer.name,
    }
    letter.filled_subject = filled(letter.subject, values, markdown=False)
    letter.filled_body = filled(letter.body or "", values, markdown=True)
    letter.letter_date, letter.language = today, language
    before = letter.pdf_digest
    if not letter.filled_body.strip():
        letter.status, letter.pdf_digest = LetterStatus.DRAFT.value, None
    else:
        sheet = LetterSheet(
            number=letter.number,
            letter_date=today,
            subject=letter.filled_subject,
            body=letter.filled_body,
            customer_name=customer.name,
            customer_address=customer.postal_lines,
            account_number=customer.account_number,
        )
        data = letter_pdf(sheet, issuer, language=language, country=country)
        letter.status, letter.pdf_digest = LetterStatus.READY.value, store(session, data, PDF)
    if before is not None and before != letter.pdf_digest:
        session.flush()
        drop_content(session, before)
