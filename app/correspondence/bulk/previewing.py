"""One customer's letter as it would be made: printed, and in the mail that carries it; nothing of it is kept."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import Conflict, NotFound
from app.core.words import said, say
from app.correspondence import queries as letters
from app.correspondence.bulk import queries
from app.correspondence.bulk.models import BulkLetter, BulkLetterRow
from app.correspondence.mail_preview import mail_as_it_would_be
from app.correspondence.models import Correspondence
from app.correspondence.printing import Press, Printed
from app.correspondence.rules import next_number
from app.customers.models import Customer
from app.mailer.wording.compiled import Wording


def row_to_preview(session: Session, actor: Actor, run: BulkLetter, customer_id: int | None) -> BulkLetterRow:
    """Return the row of a customer, or the first. Raises NotFound."""
    row = queries.row_of(session, actor, run.id, customer_id)
    if row is None:
        raise NotFound(say("This customer is not among those of these letters."))
    return row


def pdf_of(session: Session, run: BulkLetter, customer: Customer) -> tuple[str, bytes]:
    """Return the number that the letter would have now, and its PDF. Raises Conflict (`not_printable`)."""
    number = next_number(customer.account_number, letters.last_series(session, customer_id=customer.id))
    printed = _printed(session, run, customer, number)
    if printed.pdf is None:
        raise Conflict(say("Nothing stands in it: its placeholders have no values for this customer."), code="empty")
    return number, printed.pdf


def mail_of(session: Session, run: BulkLetter, customer: Customer) -> Wording:
    """Return the words of the mail to the customer's main address. Raises Conflict (`not_printable`)."""
    number = next_number(customer.account_number, letters.last_series(session, customer_id=customer.id))
    printed = _printed(session, run, customer, number)
    # It is in no session, so nothing of it is kept.
    letter = Correspondence(
        number=number,
        customer=customer,
        correspondence_type=run.correspondence_type,
        correspondence_class=run.correspondence_class,
        subject=run.subject,
        body=run.body,
        **printed.values,
    )
    return mail_as_it_would_be(session, letter)


def _printed(session: Session, run: BulkLetter, customer: Customer, number: str) -> Printed:
    try:
        return Press(session).printed(number=number, subject=run.subject, body=run.body, customer=customer)
    except ValueError as error:
        raise Conflict(say("The letter can't be printed: {error}", error=said(error)), code="not_printable") from error
