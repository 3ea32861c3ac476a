"""What a contact receives of one customer, and what stands in the way: the plan's own rule, asked about each kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from app.core.addresses import normalise
from app.core.bill_format import BillFormat
from app.mailer.planning.plan_model import Circumstances, Contact, Customer, Document, DocumentKind
from app.mailer.planning.reasons import Reason
from app.mailer.planning.rules import plan

# What stands in the way of a usage report alone; the plan leaves it out, and has no word for it.
USAGE_REPORT_UNAVAILABLE = "usage_report_unavailable"


class LetterType(NamedTuple):
    """A correspondence type: its id, and whether its letters need marketing consent."""

    id: int
    marketing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """What keeps a contact from getting what is chosen: which field's choice, which of its types, and why."""

    concerns: str
    reason: str
    types: tuple[int, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receives:
    """What is chosen for a contact, and the obstacles. Without any, it gets all of it."""

    email_bill_type: BillFormat
    invoice_usage_report: int | None
    copy_correspondence: tuple[int, ...]
    copy_ticket_updates: tuple[int, ...]
    obstacles: tuple[Obstacle, ...] = field(default=())


def receives(
    contact: Contact, customer: Customer, *, letters: Iterable[LetterType], circumstances: Circumstances
) -> Receives:
    """Tell what a contact gets of a customer's documents, by asking the plan about one of each kind that is chosen.

    `letters` are the correspondence types that the contact has chosen.
    """
    obstacles: list[Obstacle] = []
    bills = contact.email_bill_type != BillFormat.NONE
    if bills:
        reason = _against(_document(DocumentKind.INVOICE), contact, customer, circumstances)
        obstacles += _obstacles("email_bill_type", [(0, reason)], contact, circumstances)
    # With its module off the setting is kept, and nobody hears of it.
    report = contact.usage_report if circumstances.usage_module else None
    if report is not None:
        if not bills:
            obstacles.append(Obstacle(concerns="invoice_usage_report", reason=Reason.FORMAT_NONE.value))
        elif report in circumstances.unavailable_reports:
            obstacles.append(Obstacle(concerns="invoice_usage_report", reason=USAGE_REPORT_UNAVAILABLE))
    chosen = sorted(letters)
    asked = [_document(DocumentKind.CORRESPONDENCE, one.id, marketing=one.marketing) for one in chosen]
    against = [(one.type_id or 0, _against(one, contact, customer, circumstances)) for one in asked]
    obstacles += _obstacles("copy_correspondence", against, contact, circumstances)
    tickets = sorted(contact.copy_ticket_updates)
    asked = [_document(DocumentKind.TICKET_UPDATE, one) for one in tickets]
    against = [(one.type_id or 0, _against(one, contact, customer, circumstances)) for one in asked]
    obstacles += _obstacles("copy_ticket_updates", against, contact, circumstances)
    return Receives(
        email_bill_type=contact.email_bill_type,
        invoice_usage_report=report,
        copy_correspondence=tuple(one.id for one in chosen),
        copy_ticket_updates=tuple(tickets),
        obstacles=tuple(obstacles),
    )


def _document(kind: DocumentKind, type_id: int | None = None, *, marketing: bool = False) -> Document:
    """Return a document that nobody has had yet."""
    return Document(kind=kind, id=0, number="", version=0, type_id=type_id, marketing=marketing)


def _against(document: Document, contact: Contact, customer: Customer, circumstances: Circumstances) -> Reason | None:
    """Return why the plan of a document would skip the contact, or None."""
    made = plan(document, customer, [contact], circumstances)
    return next((skip.reason for skip in made.skipped if skip.contact_id == contact.id), None)


def _obstacles(
    concerns: str, against: Sequence[tuple[int, Reason | None]], contact: Contact, circumstances: Circumstances
) -> list[Obstacle]:
    """Put together, reason by reason, what stands in the way of the types of one field."""
    types: dict[Reason, list[int]] = {}
    for type_id, reason in against:
        if reason is not None:
            types.setdefault(reason, []).append(type_id)
    return [
        Obstacle(
            concerns=concerns,
            reason=reason.value,
            types=tuple(one for one in ids if one),
            detail=_detail(reason, contact, circumstances),
        )
        for reason, ids in types.items()
    ]


def _detail(reason: Reason, contact: Contact, circumstances: Circumstances) -> str:
    if reason != Reason.SUPPRESSED:
        return ""
    return circumstances.suppressed.get(normalise(contact.email or ""), "")
