"""What each list's rows hold, and the classes of correspondence."""

from __future__ import annotations

from enum import StrEnum

from app.core.fields import Choice, Field, Fields, Flag, Text, Whole
from app.core.words import Words, say
from app.lookups.usage_reports.rules import PROFILE_FIELDS


class CorrespondenceClass(StrEnum):
    """What a type of letter is about; it decides who may write it, and whether consent is needed."""

    BILLING = "billing"
    CREDIT_CONTROL = "credit_control"
    CUSTOMER_SERVICES = "customer_services"
    MARKETING = "marketing"

    @property
    def words(self) -> Words:
        """Return what people read for it."""
        return _CLASS_WORDS[self]


_CLASS_WORDS = {
    CorrespondenceClass.BILLING: say("Billing"),
    CorrespondenceClass.CREDIT_CONTROL: say("Credit control"),
    CorrespondenceClass.CUSTOMER_SERVICES: say("Customer services"),
    CorrespondenceClass.MARKETING: say("Marketing"),
}


# The bounds of a letter's texts, and so of those that a type gives it to begin with.
MAX_LETTER_SUBJECT = 160
MAX_LETTER_BODY = 20_000

_COMMON: dict[str, Field] = {
    "name": Text(limit=80, required=True),
    "active": Flag(default=True),
    "position": Whole(highest=100_000),
}

LOOKUP_FIELDS: dict[str, Fields] = {
    "contact_type": _COMMON,
    "title": _COMMON,
    "number_type": _COMMON,
    "topic": _COMMON,
    "ticket_type": _COMMON,
    "ticket_status": {**_COMMON, "closed": Flag()},
    "correspondence_type": {
        **_COMMON,
        "correspondence_class": Choice(options=CorrespondenceClass),
        "bulk": Flag(),
        "template_subject": Text(limit=MAX_LETTER_SUBJECT),
        "template_body": Text(limit=MAX_LETTER_BODY, multiline=True),
    },
    "usage_report_profile": {**_COMMON, **PROFILE_FIELDS},
    "customer_status": {**_COMMON, "allows_correspondence": Flag(default=True)},
    "dealer": {**_COMMON, "code": Text(limit=40, required=True, once=True)},
}
