"""What an invoice is made of: its lines, its totals, its number, and what its status allows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any
from unicodedata import category

from app.core.money import as_text, parse_decimal, round_half_up
from app.core.words import Words, said, say, say_count

MAX_LINES = 1_000
MAX_DESCRIPTION = 200
MAX_CATEGORY = 80
MAX_REFERENCE = 80
QUANTITY_PLACES, QUANTITY_DIGITS = 4, 12
UNIT_PRICE_PLACES, UNIT_PRICE_DIGITS = 6, 15
TAX_RATE_PLACES, TAX_RATE_DIGITS = 2, 5
# A thousand lines of this size, and their tax, still fit a NUMERIC(18, 4).
MAX_LINE_NET = Decimal(10) ** 10
# SQLite keeps amounts as floats: up to here, all four places come back as they were.
MAX_TOTAL = Decimal(10) ** 11

LINE_FIELDS = ("description", "category", "quantity", "unit_price", "tax_rate", "reference")
_MAX_RATE = Decimal(100)
# Unicode categories that one line of text cannot hold: controls, surrogates, line and paragraph separators.
_FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})


class InvoiceStatus(StrEnum):
    """An invoice's status, as it is stored and as REST names it."""

    DRAFT = "draft"
    APPROVED = "approved"
    SENT = "sent"

    @property
    def words(self) -> Words:
        """Return what people read for it."""
        return _STATUS_WORDS[self]


_STATUS_WORDS = {
    InvoiceStatus.DRAFT: say("Draft"),
    InvoiceStatus.APPROVED: say("Approved"),
    InvoiceStatus.SENT: say("Sent"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of an invoice. `tax_rate` is in percent; `reference` is the service or phone number it is for."""

    description: str
    quantity: Decimal
    unit_price: Decimal
    tax_rate: Decimal
    category: str = ""
    reference: str = ""

    def net(self, *, places: int = 2) -> Decimal:
        """Return quantity times unit price, rounded half up to some decimal places."""
        return round_half_up(self.quantity * self.unit_price, places)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxAtRate:
    """The sum of the nets at one tax rate (in percent), and the tax on it."""

    rate: Decimal
    net: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What an invoice comes to; `tax_by_rate` by rising rate."""

    net: Decimal
    tax: Decimal
    total: Decimal
    tax_by_rate: tuple[TaxAtRate, ...]


def invoice_totals(lines: Iterable[Line], *, places: int = 2) -> Totals:
    """Add up an invoice: each line's net is rounded half up, and tax once per rate, on the sum of that rate's nets.

    `places` are the decimal places of the currency (`app.core.money.minor_unit`).
    """
    nets: dict[Decimal, Decimal] = {}
    for line in lines:
        nets[line.tax_rate] = nets.get(line.tax_rate, Decimal(0)) + line.net(places=places)
    by_rate = tuple(
        TaxAtRate(rate=rate, net=nets[rate], tax=round_half_up(nets[rate] * rate / 100, places))
        for rate in sorted(nets)
    )
    zero = round_half_up(Decimal(0), places)
    net = sum((part.net for part in by_rate), zero)
    tax = sum((part.tax for part in by_rate), zero)
    return Totals(net=net, tax=tax, total=net + tax, tax_by_rate=by_rate)


def net_by_category(lines: Iterable[Line], *, places: int = 2) -> dict[str, Decimal]:
    """Return the sum of the lines' nets for each category, in the order in which categories first appear."""
    sums: dict[str, Decimal] = {}
    for line in lines:
        sums[line.category] = sums.get(line.category, Decimal(0)) + line.net(places=places)
    return sums


def tax_by_rate_as_dicts(totals: Totals, *, places: int = 2) -> list[dict[str, str]]:
    """Return `tax_by_rate` as REST tells it: decimal strings under "rate", "net" and "tax".

    `places` are the decimal places of the currency's amounts; a rate is a percentage, with two.
    """
    return [
        {
            "rate": as_text(part.rate),
            "net": as_text(part.net, places=places),
            "tax": as_text(part.tax, places=places),
        }
        for part in totals.tax_by_rate
    ]


def validate_lines(raw: object) -> tuple[tuple[Line, ...], dict[str, list[str]]]:
    """Read lines as REST or a form gives them: a list of dicts of texts.

    Returns the lines, and what is wrong by place ("lines", "lines.0.quantity"). There are lines only if nothing is.
    """
    if not isinstance(raw, Sequence) or isinstance(raw, str | bytes):
        return (), {"lines": [say("Enter a list of lines.")]}
    if len(raw) > MAX_LINES:
        return (), {
            "lines": [
                say_count("An invoice has at most {count} line.", "An invoice has at most {count} lines.", MAX_LINES)
            ]
        }
    errors: dict[str, list[str]] = {}
    lines = [_read_line(row, f"lines.{position}", errors) for position, row in enumerate(raw)]
    if errors:
        return (), errors
    read = tuple(line for line in lines if line is not None)
    totals = invoice_totals(read)
    if abs(totals.net) + abs(totals.tax) >= MAX_TOTAL:
        return (), {"lines": [say("The total of these lines is too large.")]}
    return read, {}


def _read_line(row: object, place: str, errors: dict[str, list[str]]) -> Line | None:
    """Read one line, and note under its place what is wrong with it."""
    if not isinstance(row, Mapping):
        errors[place] = [say("A line is an object with the fields {fields}.", fields=", ".join(LINE_FIELDS))]
        return None
    known = len(errors)
    for name in row:
        if name not in LINE_FIELDS:
            errors[f"{place}.{name}"] = [say("A line has no such field.")]
    fields: dict[str, Any] = {}
    for name, read in _READERS.items():
        try:
            fields[name] = read(row.get(name))
        except ValueError as error:
            errors[f"{place}.{name}"] = [said(error)]
    if len(errors) > known:
        return None
    line = Line(**fields)
    if abs(line.net()) >= MAX_LINE_NET:
        errors[f"{place}.unit_price"] = [say("Quantity times unit price is too large.")]
    return line


def _text(value: object, *, limit: int, required: bool = False) -> str:
    """Read one line of text, trimmed; None is empty."""
    text = "" if value is None else value
    if not isinstance(text, str):
        raise ValueError(say("Enter text."))
    text = text.strip()
    if required and not text:
        raise ValueError(say("This field is required."))
    if len(text) > limit:
        raise ValueError(say("At most {limit} characters.", limit=limit))
    if any(category(character) in _FORBIDDEN for character in text):
        raise ValueError(say("Control characters and line breaks are not allowed."))
    return text


def _number(value: object, *, places: int, max_digits: int) -> Decimal:
    if value is None or value == "":
        raise ValueError(say("This field is required."))
    return parse_decimal(value, places=places, max_digits=max_digits)


def _tax_rate(value: object) -> Decimal:
    rate = _number(value, places=TAX_RATE_PLACES, max_digits=TAX_RATE_DIGITS)
    if not 0 <= rate <= _MAX_RATE:
        raise ValueError(say("A tax rate is a percentage from 0 to 100."))
    return rate


_READERS: dict[str, Callable[[object], Any]] = {
    "description": lambda value: _text(value, limit=MAX_DESCRIPTION, required=True),
    "category": lambda value: _text(value, limit=MAX_CATEGORY),
    "quantity": lambda value: _number(value, places=QUANTITY_PLACES, max_digits=QUANTITY_DIGITS),
    "unit_price": lambda value: _number(value, places=UNIT_PRICE_PLACES, max_digits=UNIT_PRICE_DIGITS),
    "tax_rate": _tax_rate,
    "reference": lambda value: _text(value, limit=MAX_REFERENCE),
}


def duration_text(seconds: int) -> str:
    """Return a duration as hours, minutes and seconds: 0:01:05."""
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def next_number(account_number: str, count: int) -> str:
    """Return the number of a customer's next invoice or credit note: "ACCOUNT/4" after three.

    `count` is how many numbers of this series have been given, deleted documents included: none is used again.
    """
    return f"{account_number}/{count + 1}"


def due_date_error(invoice_date: date, due_date: date) -> str | None:
    """Return what is wrong with a due date, if anything."""
    return say("The due date can't be before the invoice date.") if due_date < invoice_date else None


def approval_error(line_count: int) -> str | None:
    """Return what stands in the way of approving an invoice as it is, if anything."""
    return None if line_count else say("An invoice needs at least one line before it can be approved.")


def may_edit(status: str) -> bool:
    """Tell whether an invoice may be changed: until it is sent. Then it can only be credited, or sent again."""
    return InvoiceStatus(status) is not InvoiceStatus.SENT


def status_after_edit(status: str) -> InvoiceStatus:
    """Return the status of an invoice that was changed: an approval was of what was seen, so it falls away.

    Raises:
        ValueError: when it may not be changed.

    """
    if not may_edit(status):
        raise ValueError(say("A sent invoice can't be changed, only credited or sent again."))
    return InvoiceStatus.DRAFT


def may_approve(status: str) -> bool:
    """Tell whether there is something to approve: a draft."""
    return InvoiceStatus(status) is InvoiceStatus.DRAFT


def may_send(status: str, *, sender_may_approve: bool) -> bool:
    """Tell whether an invoice may be sent: sending a draft approves it, if its sender may."""
    return sender_may_approve or InvoiceStatus(status) is not InvoiceStatus.DRAFT
