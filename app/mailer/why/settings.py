"""Which setting decides about a road, what it was when the document was sent, what it is today, and who set it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.contacts.models import Contact
from app.core.actor import Actor
from app.core.bill_format import BillFormat
from app.core.words import Words, say
from app.customers.models import Customer
from app.history.subjects import subject_of
from app.mailer.planning.plan_model import DocumentKind, Road
from app.mailer.planning.reasons import Reason
from app.mailer.why.acts import Act, set_by

# For each reason, the fields of the contact or of the customer that decide, the one that says most first.
_OF_CONTACT: Mapping[str, tuple[str, ...]] = {
    Reason.COPY_EMAIL_BILL: ("email_bill_type",),
    Reason.FORMAT_NONE: ("email_bill_type",),
    Reason.COPY_CORRESPONDENCE: ("copy_correspondence",),
    Reason.COPY_TICKET_UPDATES: ("copy_ticket_updates",),
    Reason.NO_MARKETING_CONSENT: ("marketing_consent_at",),
    Reason.NO_ADDRESS: ("email",),
}
_OF_CUSTOMER: Mapping[str, tuple[str, ...]] = {
    Reason.CUSTOMER_EMAIL: ("email",),
    Reason.EMAIL_BILLING_OFF: ("email_billing",),
    Reason.FORMAT_NONE: ("email_bill_type",),
    Reason.NO_MARKETING_CONSENT: ("marketing_consent_at",),
    Reason.NO_ADDRESS: ("email",),
    Reason.BILLS_ONLY: ("email",),
    Reason.STATUS_FORBIDS: ("status",),
}
_BILLS = ("email_bill_type", "email_billing", "email")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A field of a contact or a customer: as it was when the document was sent, as it is, who set it, who changed it.

    `value` and `value_now` are as REST gives the field. Without `set_by` the trail says nothing of it to this reader.
    """

    resource: str
    record_id: int
    field: str
    label: str
    value: Any
    value_now: Any
    set_by: Act | None
    changed_by: Act | None

    @property
    def has_changed(self) -> bool:
        """Tell whether it is another one today."""
        return self.changed_by is not None and self.value != self.value_now


def settings_behind(
    session: Session,
    actor: Actor,
    *,
    reason: str,
    kind: str,
    road: str,
    records: Mapping[str, Contact | Customer | None],
    until: int | None,
) -> list[Setting]:
    """Return the settings that a reason is about, as of the entry `until` of the trail, or as they are.

    `records` has the customer, and the contact where the road is one's; None for what is out of sight.
    """
    resource = _resource(reason, road)
    record = records.get(resource)
    if record is None:
        return []
    return [
        _setting(session, actor, resource=resource, record=record, name=name, until=until)
        for name in _fields(reason, resource, kind)
    ]


def value_words(setting: Setting, *, now: bool = False) -> Words | str:
    """Return a setting's value as people read it, `now` or as it was."""
    value = setting.value_now if now else setting.value
    if setting.field == "email_bill_type":
        return BillFormat(value or BillFormat.NONE).words
    if isinstance(value, bool):
        return say("Yes") if value else say("No")
    if isinstance(value, Iterable) and not isinstance(value, str):
        return say("{count} chosen", count=len(list(value)))
    return str(value) if value not in (None, "") else say("empty")


def _resource(reason: str, road: str) -> str:
    of_customer = reason in {Reason.STATUS_FORBIDS, Reason.EMAIL_BILLING_OFF, Reason.CUSTOMER_EMAIL}
    return "contact" if road == Road.CONTACT and not of_customer else "customer"


def _fields(reason: str, resource: str, kind: str) -> tuple[str, ...]:
    if reason == Reason.CUSTOMER_EMAIL and kind == DocumentKind.INVOICE:
        return _BILLS
    return (_OF_CONTACT if resource == "contact" else _OF_CUSTOMER).get(reason, ())


def _setting(
    session: Session, actor: Actor, *, resource: str, record: Contact | Customer, name: str, until: int | None
) -> Setting:
    subject = subject_of(resource)
    now = _plain(subject.fields[name].current(record, name)) if subject else None
    act, since = set_by(session, actor, resource=resource, record_id=record.id, name=name, until=until)
    return Setting(
        resource=resource,
        record_id=record.id,
        field=name,
        label=subject.label_of(name) if subject else name,
        value=_then(name, now, act, since),
        value_now=now,
        set_by=act,
        changed_by=since[0] if since else None,
    )


def _then(name: str, now: Any, act: Act | None, since: list[Act]) -> Any:  # noqa: ANN401  whatever a field holds
    """Return what a field held: what the act that had set it wrote, else what it was before it was changed."""
    if act is not None and name in act.changes:
        return act.changes[name][1]
    if since:
        return since[-1].changes[name][0]
    return now


def _plain(value: Any) -> Any:  # noqa: ANN401  whatever a field holds
    """Return a value as the trail writes it."""
    if isinstance(value, set | frozenset | list | tuple):
        return sorted(value)
    return value.isoformat() if hasattr(value, "isoformat") else value
