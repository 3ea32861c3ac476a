"""What an invoice's PDF is made from: no rows of a database, just what stands on the paper."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from app.invoices.rules import Line, Totals, invoice_totals


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """One call or transfer. `start` is local time, naive; `duration` is in seconds, `volume` in megabytes (10^6 bytes).

    `reference` is the number or service that it was made from. It itemises a line, and adds nothing to the totals.
    """

    start: datetime
    reference: str
    origin: str = ""
    destination: str = ""
    duration: int | None = None
    volume: Decimal | None = None
    cost: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceDocument:
    """An invoice or a credit note. `credits` is the number of the invoice that a credit note credits, for a reason.

    `currency` is an ISO 4217 code; `places` are the decimal places its amounts are kept with. `usage` is in the
    order of its references and times. `months` are what the customer was invoiced by month, net: first days of months,
    rising, this invoice's month last.
    """

    number: str
    invoice_date: date
    due_date: date
    currency: str
    customer_name: str
    customer_address: tuple[str, ...] = ()
    account_number: str = ""
    purchase_order_number: str = ""
    lines: tuple[Line, ...] = ()
    credits: str | None = None
    credit_reason: str = ""
    places: int = 2
    usage: tuple[Usage, ...] = ()
    months: tuple[tuple[date, Decimal], ...] = ()

    @property
    def totals(self) -> Totals:
        """Return what the lines come to."""
        return invoice_totals(self.lines, places=self.places)
