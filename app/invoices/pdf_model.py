"""What an invoice's PDF is made from: no rows of a database, just what stands on the paper."""

from dataclasses import dataclass
from datetime import date

from app.invoices.rules import Line, Totals, invoice_totals


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerDetails:
    """The company that sends, for its letterhead; `logo` holds a PNG's or JPEG's bytes. Empty texts are left out."""

    name: str
    address: tuple[str, ...] = ()
    vat_number: str = ""
    email: str = ""
    website: str = ""
    bank_name: str = ""
    bank_sort_code: str = ""
    bank_account_number: str = ""
    bank_iban: str = ""
    bank_bic: str = ""
    footer: str = ""
    logo: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceDocument:
    """An invoice or a credit note. `credits` is the number of the invoice that a credit note credits.

    `currency` is an ISO 4217 code; `places` are the decimal places its amounts are kept with.
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
    places: int = 2

    @property
    def totals(self) -> Totals:
        """Return what the lines come to."""
        return invoice_totals(self.lines, places=self.places)
