"""Printing: a letter's texts filled in, and its PDF made and kept, as the records are on the day that it is saved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
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
from app.paper.issuer import IssuerDetails

PDF = "application/pdf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """A letter as it was printed: its texts filled in, and its PDF; none where nothing is said yet."""

    values: dict[str, Any]
    pdf: bytes | None


class Press:
    """Prints letters by the issuer and the settings as they are, for one letter or for many."""

    def __init__(self, session: Session) -> None:
        self._settings = current_app.config["SETTINGS"]
        self._issuer: IssuerDetails = details_of(issuers.issuer(session))
        self._today: date = clock.now().astimezone(ZoneInfo(self._settings.timezone)).date()

    def printed(self, *, number: str, subject: str, body: str, customer: Customer) -> Printed:
        """Fill in a letter's texts, and make its PDF. Raises ValueError when the issuer's logo can't be read."""
        language = customer.language or self._settings.language
        country = customer.country or self._settings.country
        places = {
            "customer": customer.name,
            "account_number": customer.account_number,
            "title": customer.title.name if customer.title else "",
            "first_name": customer.first_name or "",
            "last_name": customer.last_name or "",
            "company_name": customer.company_name or "",
            "date": date_in(self._today, language=language, country=country),
            "issuer": self._issuer.name,
        }
        values: dict[str, Any] = {
            "filled_subject": filled(subject, places, markdown=False),
            "filled_body": filled(body, places, markdown=True),
            "letter_date": self._today,
            "language": language,
        }
        if not values["filled_body"].strip():
            return Printed(values={**values, "status": LetterStatus.DRAFT.value}, pdf=None)
        sheet = LetterSheet(
            number=number,
            letter_date=self._today,
            subject=values["filled_subject"],
            body=values["filled_body"],
            customer_name=customer.name,
            customer_address=customer.postal_lines,
            account_number=customer.account_number,
        )
        data = letter_pdf(sheet, self._issuer, language=language, country=country)
        return Printed(values={**values, "status": LetterStatus.READY.value}, pdf=data)


def print_letter(session: Session, letter: Correspondence, customer: Customer) -> None:
    """Fill in a letter's texts, make its PDF and keep it: the letter is ready, or a draft where nothing is said yet.

    Raises ValueError when the issuer's logo can't be read.
    """
    made = Press(session).printed(
        number=letter.number, subject=letter.subject, body=letter.body or "", customer=customer
    )
    for name, value in made.values.items():
        setattr(letter, name, value)
    before = letter.pdf_digest
    letter.pdf_digest = store(session, made.pdf, PDF) if made.pdf is not None else None
    if before is not None and before != letter.pdf_digest:
        session.flush()
        drop_content(session, before)
