"""Made-up documents that a template must be able to show: an ordinary one, and those that templates break on."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from app.core.words import Words, say
from app.mailer.wording.placeholders import PLACEHOLDERS, UNSUBSCRIBE_URL, WHY, Placeholder, Shape, names_of
from app.mailer.wording.template_kinds import TemplateKind


class Sample(StrEnum):
    """The made-up documents, as the preview names them."""

    ORDINARY = "ordinary"
    SPARSE = "sparse"
    LONG = "long"
    MARKUP = "markup"
    RIGHT_TO_LEFT = "right_to_left"

    @property
    def words(self) -> Words:
        """Return what people read for it."""
        return _SAMPLE_WORDS[self]


_SAMPLE_WORDS = {
    Sample.ORDINARY: say("Made up: an ordinary one"),
    Sample.SPARSE: say("Made up: everything left out that may be"),
    Sample.LONG: say("Made up: very long names"),
    Sample.MARKUP: say("Made up: markup in every value"),
    Sample.RIGHT_TO_LEFT: say("Made up: names written from right to left"),
}
_ORDINARY = {
    "recipient": "Dana Whitfield",
    "customer": "Harbour & Sons Ltd",
    "account_number": "A1001",
    "issuer": "Northwind Telecom Ltd",
    "issuer_address": "1 Quay Street\nBristol\nBS1 4ND",
    "issuer_email": "accounts@northwind.example",
    "issuer_website": "https://www.northwind.example",
    "issuer_vat_number": "GB 123 4567 89",
    "issuer_footer": "Registered in England No. 01234567\nRegistered office as above",
    WHY: "You receive this copy because the bills of Harbour & Sons Ltd (A1001) go to your address.",
    "number": "A1001/4",
    "credits": "A1001/3",
    "reason": "The line was out of order from 3 to 9 March.",
    "invoice_date": "1 March 2026",
    "due_date": "31 March 2026",
    "total": "£94.80",
    "net": "£79.00",
    "tax": "£15.80",
    "order_number": "PO-2291",
    "bank_name": "Example Bank plc",
    "bank_sort_code": "20-00-00",
    "bank_account_number": "12345678",
    "bank_iban": "GB33 BUKB 2020 1555 5555 55",
    "bank_bic": "BUKBGB22",
    "subject": "Work at the exchange on 7 March",
    "body": "On 7 March we work at your exchange.\n\nYour line is down from 2 to 4 in the morning.",
    "type": "Service notice",
    "status": "Open",
    "author": "Sam Porter",
    UNSUBSCRIBE_URL: "https://counterpart.northwind.example/unsubscribe/2291-k3u4vqzj6w7xt2ma",
}
_MARKUP = '<script>alert("1")</script> & <b>{{ why }}</b> {% if %}'
_RIGHT_TO_LEFT = "شركة النور للتجارة"
_LONG = "Wolfeschlegelsteinhausenbergerdorff " * 5 + "x" * 60


def sample(kind: TemplateKind, which: Sample) -> Mapping[str, str]:
    """Return the values of a made-up document."""
    return MappingProxyType({one.name: _value(one, which) for one in PLACEHOLDERS[kind]})


def samples(kind: TemplateKind) -> list[Mapping[str, str]]:
    """Return all that a template of a kind must be able to show: the made-up documents.

    For marketing letters, also the one that leaves out whatever may be, yet has where to unsubscribe.
    """
    made = [sample(kind, which) for which in Sample]
    if UNSUBSCRIBE_URL in names_of(kind):
        made.append({**sample(kind, Sample.SPARSE), UNSUBSCRIBE_URL: _ORDINARY[UNSUBSCRIBE_URL]})
    return made


def _value(placeholder: Placeholder, which: Sample) -> str:
    ordinary = _ORDINARY[placeholder.name]
    if which is Sample.ORDINARY:
        return ordinary
    if which is Sample.SPARSE:
        return ordinary if placeholder.required else ""
    if placeholder.shape in (Shape.WEB_ADDRESS, Shape.EMAIL):
        return ordinary
    odd = {Sample.LONG: _LONG, Sample.MARKUP: _MARKUP, Sample.RIGHT_TO_LEFT: _RIGHT_TO_LEFT}[which]
    return f"{odd}\n{odd}" if placeholder.shape is Shape.LINES else odd
