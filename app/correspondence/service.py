"""The verbs of letters: written and printed, changed, deleted; each asks for the rights of the letter's class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.access.ask import ensure, may
from app.access.table import Operation, document_resource
from app.core import audit, clock, purging, soft_delete
from app.core.actor import Actor
from app.core.audit import Touch, Verb
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.records import check_version
from app.core.words import said, say
from app.correspondence import queries
from app.correspondence.fields import LETTER_FIELDS, letter_errors
from app.correspondence.linked import linked_rows
from app.correspondence.models import Correspondence, LinkedInvoice
from app.correspondence.printing import PDF, print_letter
from app.correspondence.rules import (
    MAX_LINKED,
    foreign_invoices,
    may_edit,
    next_number,
)
from app.customers import queries as customers
from app.customers.models import Customer
from app.lookups.editing import Edit, prepare_change, prepare_new
from app.lookups.models import CorrespondenceType
from app.lookups.rules import CorrespondenceClass
from app.mailer.delivery.contents import store_all
from app.mailer.planning.rules import Document, DocumentKind

NAME = "correspondence"


def create_letter(session: Session, actor: Actor, *, values: Mapping[str, object]) -> Correspondence:
    """Write a letter, and make its PDF; number, class and status are ours. Raises Forbidden, Invalid, NotFound.

    Texts that are left out are those that its type begins with.
    """
    ensure(actor, Operation.CREATE, NAME)
    values = {**queries.texts_of_type(session, actor, values.get("correspondence_type")), **values}
    edit = prepare_new(session, actor, resource=NAME, fields=LETTER_FIELDS, given=values, rule=letter_errors)
    kind = session.get_one(CorrespondenceType, edit.changes["correspondence_type"][1])
    _ensure_of_class(actor, kind)
    # The customer is locked: two letters made at once take turns at the next number.
    try:
        customer = customers.customer(session, actor, customer_id=edit.changes["customer_id"][1], lock=True)
    except NotFound as error:
        raise Invalid(say("There is no customer with this id."), field="customer_id") from error
    letter = Correspondence(correspondence_class=kind.correspondence_class)
    edit.apply(letter)
    used = queries.last_series(session, customer_id=customer.id)
    letter.series, letter.number = used + 1, next_number(customer.account_number, used)
    _link(session, actor, letter, edit)
    _print(session, letter, customer)
    session.add(letter)
    session.flush()
    touched = [touch_of(letter, {**edit.trail(), "status": (None, letter.status)})]
    audit.record(session, actor, verb=Verb.LETTER_CREATED, touched=touched)
    return letter


def write_letters(session: Session, letters: Sequence[Correspondence], pdfs: Sequence[bytes]) -> None:
    """Keep letters that were printed, each with its PDF; the caller has numbered them and leaves the audit entry."""
    for letter, digest in zip(letters, store_all(session, pdfs, PDF), strict=True):
        letter.pdf_digest = digest
    session.add_all(letters)
    session.flush()


def update_letter(
    session: Session, actor: Actor, *, letter_id: int, values: Mapping[str, object], version: int | None = None
) -> Correspondence:
    """Change a letter that has not left the house, and make its PDF anew, as the records are by now.

    Raises Forbidden, NotFound, Stale, Invalid, Conflict (`sent`).
    """
    letter = letter_for(session, actor, letter_id, Operation.UPDATE, version)
    edit = prepare_change(
        session, actor, resource=NAME, fields=LETTER_FIELDS, record=letter, given=values, rule=letter_errors
    )
    if not may_edit(letter.status):
        if edit.changes:
            _ensure_editable(letter)
        return letter
    before = _printed(letter)
    edit.apply(letter)
    _link(session, actor, letter, edit)
    _print(session, letter, letter.customer)
    trail = edit.trail() | {
        name: (old, new) for name, (old, new) in _differences(before, _printed(letter)).items() if name != "pdf_digest"
    }
    if edit.changes or before != _printed(letter):
        letter.last_modified_at = clock.now()
        audit.record(session, actor, verb=Verb.LETTER_UPDATED, touched=[touch_of(letter, trail)])
    return letter


def delete_letter(session: Session, actor: Actor, *, letter_id: int, version: int | None = None) -> Correspondence:
    """Delete a letter that has not left the house; its number is never used again. Raises as `update_letter` does."""
    letter = letter_for(session, actor, letter_id, Operation.DELETE, version)
    _ensure_editable(letter)
    soft_delete.delete(session, actor, record=letter, touch=touch_of(letter), verb=Verb.LETTER_DELETED)
    return letter


def restore_letter(
    session: Session, actor: Actor, *, letter_id: int, version: int | None = None, act: int | None = None
) -> Correspondence:
    """Bring back a deleted letter; with `act`, only after that very deletion.

    Raises Forbidden, NotFound, Stale, Conflict (`not_deleted`, `other_deletion`, `parent_deleted`).
    """
    letter = _deleted(session, actor, letter_id, Operation.RESTORE)
    soft_delete.restore(
        session, actor, record=letter, touch=touch_of(letter), verb=Verb.LETTER_RESTORED, version=version, act=act
    )
    return letter


def purge_letter(session: Session, actor: Actor, *, letter_id: int, reason: object, version: int | None = None) -> None:
    """Wipe a deleted letter for good, with its PDF, files and messages; its number stays taken.

    Raises Forbidden, NotFound, Invalid, Stale, Conflict (`not_deleted`, `still_needed`).
    """
    letter = _deleted(session, actor, letter_id, Operation.PURGE)
    purging.purge(session, actor, record=letter, verb=Verb.LETTER_PURGED, reason=reason, version=version)


def document_of(letter: Correspondence) -> Document:
    """Return a letter as a plan asks for it."""
    return Document(
        kind=DocumentKind.CORRESPONDENCE,
        id=letter.id,
        number=letter.number,
        version=letter.version,
        type_id=letter.correspondence_type_id,
        marketing=letter.correspondence_class == CorrespondenceClass.MARKETING,
        document_class=letter.correspondence_class,
    )


def letter_to_change(session: Session, actor: Actor, letter_id: int, version: int | None) -> Correspondence:
    """Return a letter to change what goes along with it, locked. Raises as `update_letter` does."""
    letter = letter_for(session, actor, letter_id, Operation.UPDATE, version)
    _ensure_editable(letter)
    return letter


def letter_for(
    session: Session, actor: Actor, letter_id: int, operation: Operation, version: int | None
) -> Correspondence:
    """Return a letter for a verb, locked, where the rights of its class allow it. Raises Forbidden, NotFound, Stale."""
    ensure(actor, operation, NAME)
    letter = queries.letter(session, actor, letter_id=letter_id, lock=True)
    ensure(actor, operation, letter.resource)
    check_version(letter, version)
    return letter


def touch_of(letter: Correspondence, changes: Mapping[str, tuple[Any, Any]] | None = None) -> Touch:
    """Return how the audit trail names a letter.

    No entry about a letter names its customer: whoever sees the customer may not know of letters of each class.
    """
    return Touch(NAME, letter.id, letter.label, changes or {})


def _deleted(session: Session, actor: Actor, letter_id: int, operation: Operation) -> Correspondence:
    """Return a letter that may be in the trash, locked after its customer, as in every verb that needs both."""
    ensure(actor, operation, NAME)
    found = queries.deleted_letter(session, actor, letter_id=letter_id, lock=False)
    customers.deleted_customer(session, actor, customer_id=found.customer_id)
    letter = queries.deleted_letter(session, actor, letter_id=letter_id)
    ensure(actor, operation, letter.resource)
    return letter


def _ensure_of_class(actor: Actor, kind: CorrespondenceType) -> None:
    resource = document_resource(NAME, kind.correspondence_class)
    if not may(actor, Operation.CREATE, resource):
        text = say("Your role may not write letters of the type {name}.", name=kind.name)
        raise Forbidden(text, code="field_forbidden", errors={"correspondence_type": [text]})


def _ensure_editable(letter: Correspondence) -> None:
    if not may_edit(letter.status):
        raise Conflict(say("A letter that has left the house can't be changed, only sent again."), code="sent")


def _link(session: Session, actor: Actor, letter: Correspondence, edit: Edit) -> None:
    """Tie the invoices to a letter that it is about. Raises Invalid for one that is not the same customer's."""
    if "invoices" not in edit.changes:
        return
    chosen: list[int] = edit.changes["invoices"][1] or []
    if len(chosen) > MAX_LINKED:
        raise Invalid(say("Choose {limit} at most.", limit=MAX_LINKED), field="invoices")
    rows = linked_rows(session, actor, resource="invoice", ids=chosen)
    owners = {number: row.customer_id for number, row in rows.items()}
    foreign = foreign_invoices(letter.customer_id, owners, chosen)
    if foreign:
        text = say("The customer has no invoice with the id {id}.", id=foreign[0])
        raise Invalid(text, field="invoices")
    kept = {one.invoice_id: one for one in letter.invoices}
    letter.invoices = [kept.get(number) or LinkedInvoice(invoice_id=number) for number in chosen]


def _print(session: Session, letter: Correspondence, customer: Customer) -> None:
    """Make a letter's PDF; where it can't be made, the letter stays unsaved, and whoever writes it is told why."""
    try:
        print_letter(session, letter, customer)
    except ValueError as error:
        raise Conflict(say("The letter can't be printed: {error}", error=said(error)), code="not_printable") from error


_PRINTED = ("status", "letter_date", "filled_subject", "filled_body", "pdf_digest")


def _printed(letter: Correspondence) -> dict[str, Any]:
    return {name: getattr(letter, name) for name in _PRINTED}


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {name: (old, after[name]) for name, old in before.items() if old != after[name]}
