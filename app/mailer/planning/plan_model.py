"""The words of a plan: what it is made from, and what it says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from app.core.addresses import normalise
from app.core.bill_format import BillFormat
from app.core.words import say
from app.mailer.planning.reasons import Reason


class DocumentKind(StrEnum):
    """What a copy can be a copy of."""

    INVOICE = "invoice"
    CORRESPONDENCE = "correspondence"
    TICKET_UPDATE = "ticket_update"


class Road(StrEnum):
    """The ways by which an address is reached."""

    CUSTOMER = "customer"
    REQUESTER = "requester"
    CONTACT = "contact"
    TYPED_IN = "typed_in"


class Link(StrEnum):
    """How a contact hangs on its customer."""

    DIRECT = "direct"
    SHARED = "shared"


ROAD_WORDS = {
    Road.CUSTOMER: say("customer"),
    Road.REQUESTER: say("raised the ticket"),
    Road.CONTACT: say("contact"),
    Road.TYPED_IN: say("typed in"),
}
LINK_WORDS = {Link.DIRECT: say("direct contact"), Link.SHARED: say("shared contact")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What copies are made of. `type_id` is the correspondence type's or the ticket type's id; invoices have none.

    `marketing` and `document_class` are for correspondence; `internal`, `author_address`, `requester_email` and
    `thread_id`, the id of the ticket, are for ticket updates. So is `sent_from`: the author's other address, where
    they wrote by mail from one that is not theirs here.
    """

    kind: DocumentKind
    id: int
    number: str
    version: int
    type_id: int | None = None
    marketing: bool = False
    document_class: str = ""
    internal: bool = False
    author_address: str | None = None
    sent_from: str | None = None
    requester_email: str | None = None
    thread_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """An account, as far as a plan asks. The first of `emails` is the main address."""

    id: int
    name: str
    emails: tuple[str, ...] = ()
    email_billing: bool = False
    email_bill_type: BillFormat = BillFormat.NONE
    usage_report: int | None = None
    marketing_consent: bool = False
    allows_correspondence: bool = True
    deleted: bool = False
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A direct contact of the customer or a shared one that is linked to it, as far as a plan asks."""

    id: int
    name: str
    link: Link
    email: str | None = None
    email_bill_type: BillFormat = BillFormat.NONE
    usage_report: int | None = None
    copy_correspondence: frozenset[int] = frozenset()
    copy_ticket_updates: frozenset[int] = frozenset()
    marketing_consent: bool = False
    deleted: bool = False
    language: str = "en"


class Made(NamedTuple):
    """A message that a document has made already."""

    message_id: int
    state: str


def _nothing() -> Mapping[str, str]:
    return MappingProxyType({})


def _nothing_made() -> Mapping[str, Made]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What else decides. The keys of `suppressed` and `already_made` are normalised addresses.

    `suppressed` says in plain words why each address is suppressed. `already_made` holds one message for each address:
    the latest, where Send Again has made more. `usage_module` tells whether the invoice usage module is on;
    `unavailable_reports` are usage reports that are not available to the customer, whoever asks for them. `unticked`
    and `typed_in` are addresses as staff left them; `typed_in`, when there are any, takes the place of the plan's own
    roads. `typed_in_format` is the format of a bill to those: None stands for the customer's own `email_bill_type`,
    or for short where that is none, since whoever types an address in wants it to get the bill.
    """

    suppressed: Mapping[str, str] = field(default_factory=_nothing)
    unavailable_reports: frozenset[int] = frozenset()
    already_made: Mapping[str, Made] = field(default_factory=_nothing_made)
    usage_module: bool = False
    unticked: frozenset[str] = frozenset()
    typed_in: tuple[str, ...] = ()
    typed_in_format: BillFormat | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One road that leads to a message: who gets it by that road, in which format, and why."""

    road: Road
    contact_id: int | None
    link: Link | None
    name: str
    format: BillFormat | None
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One mail to one address. `address` has the spelling, `name` the greeting and `language` the language to use.

    `contact_id` is whom it is addressed to (None: the customer). `format` is None for what is no bill. `message_id`
    and `state` are those of the outbox's row, once there is one. `withheld_reports` are usage reports that its roads
    ask for, and that are not available to the customer: it leaves without them.
    """

    address: str
    name: str
    language: str
    contact_id: int | None
    format: BillFormat | None
    usage_reports: tuple[int, ...]
    recipients: tuple[Recipient, ...]
    message_id: int | None = None
    state: str | None = None
    withheld_reports: tuple[int, ...] = ()

    @property
    def key(self) -> str:
        """Return the normalised address: what makes a message the same one."""
        return normalise(self.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """One road that leads to no message, and why; `detail` adds what is known, in plain words, or is empty."""

    address: str | None
    road: Road
    contact_id: int | None
    link: Link | None
    name: str
    reason: Reason
    detail: str = ""

    @property
    def key(self) -> str:
        """Return the normalised address, empty where there is none."""
        return normalise(self.address or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Who gets a document, in which format, and why; who does not, and why not."""

    document: Document
    messages: tuple[Message, ...]
    skipped: tuple[Skip, ...]
    reaches_nobody: bool
    fingerprint: str


def unique_contacts(contacts: Iterable[Contact]) -> list[Contact]:
    """Return the living contacts, each once, the lowest id first."""
    living = {contact.id: contact for contact in contacts if not contact.deleted}
    return [living[contact_id] for contact_id in sorted(living)]
