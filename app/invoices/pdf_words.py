"""The words that stand on an invoice, by language, and how that language writes amounts and dates."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency, format_percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The labels of a PDF in one language; those with braces are filled in."""

    invoice: str = "Invoice"
    credit_note: str = "Credit note"
    number: str = "Number"
    invoice_date: str = "Date"
    due_date: str = "Due date"
    account: str = "Account"
    purchase_order: str = "Purchase order"
    credits: str = "Credits invoice"
    summary: str = "Summary"
    net_amount: str = "Net amount"
    other: str = "Other charges"
    no_charges: str = "There are no charges on this invoice."
    net: str = "Net total"
    tax: str = "VAT {rate} on {net}"
    total_due: str = "Total due"
    total_credit: str = "Total credit"
    how_to_pay: str = "How to pay"
    pay_by: str = "Please pay {total} by {date}."
    bank: str = "Bank"
    account_name: str = "Account name"
    sort_code: str = "Sort code"
    account_number: str = "Account number"
    reference: str = "Reference"
    vat_number: str = "VAT number"
    page: str = "Page {page} of {pages}"


_WORDS = {
    "en": Words(),
    "de": Words(
        invoice="Rechnung",
        credit_note="Gutschrift",
        number="Nummer",
        invoice_date="Datum",
        due_date="Fällig am",
        account="Kundenkonto",
        purchase_order="Bestellnummer",
        credits="Zu Rechnung",
        summary="Übersicht",
        net_amount="Nettobetrag",
        other="Sonstiges",
        no_charges="Diese Rechnung enthält keine Posten.",
        net="Summe netto",
        tax="USt. {rate} auf {net}",
        total_due="Zu zahlen",
        total_credit="Gutschriftbetrag",
        how_to_pay="Zahlung",
        pay_by="Bitte zahlen Sie {total} bis zum {date}.",
        account_name="Kontoinhaber",
        sort_code="Bankleitzahl",
        account_number="Kontonummer",
        reference="Verwendungszweck",
        vat_number="USt-IdNr.",
        page="Seite {page} von {pages}",
    ),
    "fr": Words(
        invoice="Facture",
        credit_note="Avoir",
        number="Numéro",
        due_date="Échéance",
        account="Compte client",
        purchase_order="Bon de commande",
        credits="Concerne la facture",
        summary="Récapitulatif",
        net_amount="Montant HT",
        other="Autres frais",
        no_charges="Cette facture ne comporte aucun montant.",
        net="Total HT",
        tax="TVA {rate} sur {net}",
        total_due="Total à payer",
        total_credit="Montant à déduire",
        how_to_pay="Paiement",
        pay_by="Merci de régler {total} au plus tard le {date}.",
        bank="Banque",
        account_name="Titulaire du compte",
        sort_code="Code guichet",
        account_number="Numéro de compte",
        reference="Référence",
        vat_number="N° de TVA",
        page="Page {page} sur {pages}",
    ),
    "es": Words(
        invoice="Factura",
        credit_note="Factura rectificativa",
        number="Número",
        invoice_date="Fecha",
        due_date="Vencimiento",
        account="Cuenta de cliente",
        purchase_order="Pedido",
        credits="Rectifica la factura",
        summary="Resumen",
        net_amount="Importe neto",
        other="Otros cargos",
        no_charges="Esta factura no contiene cargos.",
        net="Base imponible",
        tax="IVA {rate} sobre {net}",
        total_due="Total a pagar",
        total_credit="Total del abono",
        how_to_pay="Forma de pago",
        pay_by="Le rogamos que pague {total} antes del {date}.",
        bank="Banco",
        account_name="Titular de la cuenta",
        sort_code="Código de sucursal",
        account_number="Número de cuenta",
        reference="Referencia",
        vat_number="NIF-IVA",
        page="Página {page} de {pages}",
    ),
}


@dataclass(frozen=True, slots=True)
class Tongue:
    """A language as an invoice speaks it: its words, and its way with amounts, rates and dates."""

    words: Words
    locale: Locale

    def money(self, amount: Decimal, currency: str) -> str:
        """Return an amount with its currency, as it is kept: it is rounded already."""
        return format_currency(amount, currency, locale=self.locale)

    def rate(self, percent: Decimal) -> str:
        """Return a tax rate that is given in percent."""
        return format_percent(percent / 100, locale=self.locale, decimal_quantization=False)

    def day(self, day: date) -> str:
        """Return a date in words, so that no reader takes the month for the day."""
        return format_date(day, "long", locale=self.locale)


def tongue(language: str, country: str) -> Tongue:
    """Return the way to speak to a reader; English where there are no words in their language.

    `language` is a BCP 47 tag such as "de" or "de-AT", `country` an ISO 3166 code; the tag's own country comes first.
    """
    name, _, region = language.replace("_", "-").partition("-")
    name = name.lower()
    if name not in _WORDS:
        name, region = "en", ""
    return Tongue(_WORDS[name], _locale(name, (region or country).upper()))


def _locale(language: str, country: str) -> Locale:
    try:
        return Locale.parse(f"{language}_{country}")
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en_GB" if language == "en" else language)
