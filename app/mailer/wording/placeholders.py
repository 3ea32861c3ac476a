"""What a mail template may name, by kind of document: each placeholder, and what stands in its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from app.core.words import Words, say
from app.mailer.wording.template_kinds import TemplateKind

# The placeholder that no body may be without, and the one that none of a marketing letter's may be.
WHY = "why"
UNSUBSCRIBE_URL = "unsubscribe_url"


class Shape(StrEnum):
    """What a placeholder's value looks like; a link may lead to the last two alone."""

    LINE = "line"
    LINES = "lines"
    WEB_ADDRESS = "web_address"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A name that a template may use. `required` ones are never empty."""

    name: str
    meaning: Words
    shape: Shape = Shape.LINE
    required: bool = False


_ADDRESSEE = (
    Placeholder("recipient", say("Whom the mail is addressed to, by name"), required=True),
    Placeholder("customer", say("The customer's name"), required=True),
    Placeholder("account_number", say("The customer's account number"), required=True),
)
_SENDER = (
    Placeholder("issuer", say("The name of the company that sends"), required=True),
    Placeholder("issuer_address", say("Its address, in several lines"), Shape.LINES),
    Placeholder("issuer_email", say("Its email address"), Shape.EMAIL),
    Placeholder("issuer_website", say("Its website"), Shape.WEB_ADDRESS),
    Placeholder("issuer_vat_number", say("Its VAT number")),
    Placeholder("issuer_footer", say("The issuer's footer, in several lines"), Shape.LINES),
    Placeholder(WHY, say("The sentence that says why the mail came; both bodies need it"), required=True),
)
_INVOICE = (
    Placeholder("number", say("The invoice's number"), required=True),
    Placeholder("invoice_date", say("The invoice's date, as the language writes dates")),
    Placeholder("due_date", say("The day by which it is to be paid")),
    Placeholder("total", say("The total, in the invoice's currency"), required=True),
    Placeholder("net", say("The total without tax"), required=True),
    Placeholder("tax", say("The tax"), required=True),
    Placeholder("order_number", say("The customer's purchase order number")),
    Placeholder("bank_name", say("The name of the issuer's bank")),
    Placeholder("bank_sort_code", say("The sort code of the issuer's account")),
    Placeholder("bank_account_number", say("The number of the issuer's account")),
    Placeholder("bank_iban", say("The IBAN of the issuer's account")),
    Placeholder("bank_bic", say("The BIC of the issuer's bank")),
)
_CREDIT_NOTE = (
    Placeholder("number", say("The credit note's number"), required=True),
    Placeholder("credits", say("The number of the invoice that it credits"), required=True),
    Placeholder("reason", say("Why it was credited, in several lines"), Shape.LINES),
    Placeholder("invoice_date", say("The credit note's date, as the language writes dates")),
    Placeholder("total", say("What is credited, in the invoice's currency"), required=True),
    Placeholder("net", say("What is credited, without tax"), required=True),
    Placeholder("tax", say("The tax"), required=True),
    Placeholder("order_number", say("The customer's purchase order number")),
)
_CORRESPONDENCE = (
    Placeholder("number", say("The letter's number"), required=True),
    Placeholder("subject", say("The letter's subject"), required=True),
    Placeholder(
        "body", say("The letter's text in Markdown; the filter markdown makes text or HTML of it"), Shape.LINES
    ),
    Placeholder("type", say("The correspondence type"), required=True),
)
_MARKETING = (
    Placeholder(
        UNSUBSCRIBE_URL,
        say("Where the recipient unsubscribes; both bodies need it. Empty where no public address is set"),
        Shape.WEB_ADDRESS,
    ),
)
_TICKET_UPDATE = (
    Placeholder("number", say("The ticket's number"), required=True),
    Placeholder("subject", say("The ticket's subject"), required=True),
    Placeholder("body", say("The update's text, in several lines"), Shape.LINES),
    Placeholder("type", say("The ticket type"), required=True),
    Placeholder("status", say("The ticket's status"), required=True),
    Placeholder("author", say("Who wrote the update")),
)

PLACEHOLDERS: Mapping[TemplateKind, tuple[Placeholder, ...]] = MappingProxyType(
    {
        TemplateKind.INVOICE: (*_ADDRESSEE, *_INVOICE, *_SENDER),
        TemplateKind.CREDIT_NOTE: (*_ADDRESSEE, *_CREDIT_NOTE, *_SENDER),
        TemplateKind.CORRESPONDENCE_BILLING: (*_ADDRESSEE, *_CORRESPONDENCE, *_SENDER),
        TemplateKind.CORRESPONDENCE_CREDIT_CONTROL: (*_ADDRESSEE, *_CORRESPONDENCE, *_SENDER),
        TemplateKind.CORRESPONDENCE_CUSTOMER_SERVICES: (*_ADDRESSEE, *_CORRESPONDENCE, *_SENDER),
        TemplateKind.CORRESPONDENCE_MARKETING: (*_ADDRESSEE, *_CORRESPONDENCE, *_MARKETING, *_SENDER),
        TemplateKind.TICKET_UPDATE: (*_ADDRESSEE, *_TICKET_UPDATE, *_SENDER),
    }
)


def names_of(kind: TemplateKind) -> frozenset[str]:
    """Return the names of a kind's placeholders."""
    return frozenset(one.name for one in PLACEHOLDERS[kind])
