"""Reads of letters, within the actor's sight: by customer, and by the class of each."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Select, SelectBase, func, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from app.access.ask import ensure, may
from app.access.table import LETTER_CLASSES, Operation, document_resource
from app.core import search_index
from app.core.actor import Actor
from app.core.errors import NotFound
from app.core.whole_numbers import clean_id
from app.core.words import say
from app.correspondence.models import Attachment, Correspondence
from app.customers import queries as customers
from app.lookups.models import CorrespondenceType


def classes(actor: Actor, operation: Operation) -> list[str]:
    """Return the classes of letters on which the actor may do something."""
    return [one for one in LETTER_CLASSES if may(actor, operation, document_resource("correspondence", one))]


def letters(actor: Actor) -> Select[Correspondence]:
    """Select the living letters of the customers and classes in sight, with customer and type. Raises Forbidden."""
    return _of_classes(actor, Operation.READ).where(Correspondence.deleted_at.is_(None), customers.in_sight(actor))


def letter(session: Session, actor: Actor, *, letter_id: int, lock: bool = False) -> Correspondence:
    """Return one letter in sight. Raises NotFound, Forbidden."""
    return _one(session, letters(actor).where(Correspondence.id == letter_id), lock=lock)


def letter_numbered(session: Session, actor: Actor, *, number: str) -> Correspondence:
    """Return one letter in sight by its number. Raises NotFound, Forbidden."""
    found: Correspondence | None = session.scalar(letters(actor).where(Correspondence.number == number.strip()))
    if found is None:
        raise NotFound(say("There is no letter with this number."))
    return found


def trash(actor: Actor) -> Select[Correspondence]:
    """Select the deleted letters of the actor's dealer and classes, each with its customer. Raises Forbidden."""
    return _of_classes(actor, Operation.TRASH).where(
        Correspondence.deleted_at.is_not(None), Correspondence.purged_at.is_(None), customers.of_dealer(actor)
    )


def deleted_letter(session: Session, actor: Actor, *, letter_id: int, lock: bool = True) -> Correspondence:
    """Return one letter of the actor's dealer and classes, deleted or not, yet not purged. Raises NotFound."""
    statement = _of_classes(actor, Operation.READ).where(
        Correspondence.id == letter_id, Correspondence.purged_at.is_(None), customers.of_dealer(actor)
    )
    return _one(session, statement, lock=lock)


def letters_of_customer(actor: Actor, *, customer_id: int) -> Select[Correspondence]:
    """Select a customer's living letters."""
    return letters(actor).where(Correspondence.customer_id == customer_id)


def last_series(session: Session, *, customer_id: int) -> int:
    """Return how many numbers a customer's series has used, deleted letters included."""
    statement = select(func.max(Correspondence.series)).where(Correspondence.customer_id == customer_id)
    return session.scalar(statement) or 0


def texts_of_type(session: Session, actor: Actor, type_id: object) -> dict[str, str]:
    """Return what a letter of a type begins with, `subject` and `body` as far as the type has them.

    Of what is no type, or of none that the actor may write letters of, there is nothing.
    """
    try:
        number = clean_id(type_id)
    except ValueError:
        return {}
    kind = session.get(CorrespondenceType, number)
    if kind is None or kind.deleted_at or kind.correspondence_class not in classes(actor, Operation.CREATE):
        return {}
    texts = {"subject": kind.template_subject, "body": kind.template_body}
    return {name: text for name, text in texts.items() if text}


def last_series_of_many(session: Session, *, customer_ids: Collection[int]) -> dict[int, int]:
    """Return how many numbers the series of some customers have used, by customer; those that have used none are not.

    The caller holds `lock_customers`, to number.
    """
    of = Correspondence.customer_id
    counted = select(of, func.max(Correspondence.series)).where(of.in_(customer_ids)).group_by(of)
    return {number: last for number, last in session.execute(counted)}  # noqa: C416  dict() of rows has no type


def attachments_of(session: Session, *, letter_id: int) -> list[Attachment]:
    """Return the files of a letter in their order, each with what is known of its bytes."""
    statement = select(Attachment).where(Attachment.correspondence_id == letter_id).order_by(Attachment.position)
    return list(session.scalars(statement.options(joinedload(Attachment.content))))


def attachment(session: Session, actor: Actor, *, letter_id: int, attachment_id: int) -> Attachment:
    """Return one file of a letter in sight. Raises NotFound, Forbidden."""
    files = attachments_of(session, letter_id=letter(session, actor, letter_id=letter_id).id)
    found = next((one for one in files if one.id == attachment_id), None)
    if found is None:
        raise NotFound(say("No file with this id goes along with the letter."))
    return found


def matching(text: str) -> ColumnElement[bool]:
    """Return the condition that number, subject, status or customer is what `text` asks for."""
    return search_index.among(Correspondence.id, findings(text))


def findings(text: str) -> list[SelectBase]:
    """Return selections of the ids that `matching` is about."""
    ways: list[SelectBase] = [select(Correspondence.id).where(Correspondence.status == text.lower())]
    ways += search_index.findings("correspondence", text)
    ways += [
        select(Correspondence.id).where(Correspondence.customer_id.in_(ids))
        for ids in search_index.findings("customer", text)
    ]
    return ways


def _of_classes(actor: Actor, operation: Operation) -> Select[Correspondence]:
    ensure(actor, operation, "correspondence")
    return (
        select(Correspondence)
        .join(Correspondence.customer)
        .options(contains_eager(Correspondence.customer), joinedload(Correspondence.correspondence_type))
        .where(Correspondence.correspondence_class.in_(classes(actor, operation)))
    )


def _one(session: Session, statement: Select[Correspondence], *, lock: bool) -> Correspondence:
    if lock:
        statement = statement.with_for_update(of=Correspondence).execution_options(populate_existing=True)
    found: Correspondence | None = session.scalar(statement)
    if found is None:
        raise NotFound(say("There is no letter with this id."))
    return found
