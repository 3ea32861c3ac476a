"""The words that stand on an invoice, by language, and how that language writes amounts and dates."""

import functools
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision

from app.paper.speech import SHEET_WORDS, SheetWords, spoken


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
    description: str = "Description"
    quantity: str = "Quantity"
    unit_price: str = "Unit price"
    tax_rate: str = "VAT"
    subtotal: str = "Subtotal"
    at_a_glance: str = "At a glance"
    by_category: str = "Cost by category"
    by_day: str = "Cost of usage by day"
    top_numbers: str = "Top numbers and services"
    months: str = "Net amount invoiced by month"
    others: str = "All others"
    itemised_usage: str = "Itemised usage"
    usage_note: str = "Usage is part of the charges above, and adds nothing to the total. Times are local."
    when: str = "Date and time"
    origin: str = "From"
    destination: str = "To"
    amount_used: str = "Time or volume"
    cost: str = "Cost"
    usage_sum: str = "Items: {records} {used}"
    why_credited: str = "Reason"
    credited: str = "This amount is credited for invoice {number}."


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
        description="Beschreibung",
        quantity="Menge",
        unit_price="Einzelpreis",
        tax_rate="USt.",
        subtotal="Zwischensumme",
        at_a_glance="Auf einen Blick",
        by_category="Kosten nach Art",
        by_day="Kosten der Nutzung nach Tagen",
        top_numbers="Nummern und Dienste mit den höchsten Kosten",
        months="Netto in Rechnung gestellt, nach Monaten",
        others="Alle anderen",
        itemised_usage="Einzelnachweis",
        usage_note="Die Nutzung ist in den Posten oben enthalten und erhöht die Summe nicht. Zeiten sind Ortszeiten.",
        when="Datum und Zeit",
        origin="Von",
        destination="Nach",
        amount_used="Dauer oder Menge",
        cost="Kosten",
        usage_sum="Einträge: {records} {used}",
        why_credited="Grund",
        credited="Dieser Betrag wird zu Rechnung {number} gutgeschrieben.",
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
        description="Désignation",
        quantity="Quantité",
        unit_price="Prix unitaire HT",
        tax_rate="TVA",
        subtotal="Sous-total",
        at_a_glance="En un coup d'œil",
        by_category="Coût par catégorie",
        by_day="Coût de la consommation par jour",
        top_numbers="Numéros et services les plus coûteux",
        months="Montant HT facturé par mois",
        others="Tous les autres",
        itemised_usage="Détail de la consommation",
        usage_note="La consommation est comprise dans les montants ci-dessus et ne s'y ajoute pas. Heures locales.",
        when="Date et heure",
        origin="De",
        destination="Vers",
        amount_used="Durée ou volume",
        cost="Coût",
        usage_sum="Éléments : {records} {used}",
        why_credited="Motif",
        credited="Ce montant est porté au crédit de la facture {number}.",
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
        description="Descripción",
        quantity="Cantidad",
        unit_price="Precio unitario",
        tax_rate="IVA",
        subtotal="Subtotal",
        at_a_glance="De un vistazo",
        by_category="Coste por categoría",
        by_day="Coste del consumo por día",
        top_numbers="Números y servicios con mayor coste",
        months="Importe neto facturado por mes",
        others="Todos los demás",
        itemised_usage="Detalle del consumo",
        usage_note="El consumo está incluido en los cargos de arriba y no se suma al total. Las horas son locales.",
        when="Fecha y hora",
        origin="De",
        destination="A",
        amount_used="Duración o volumen",
        cost="Coste",
        usage_sum="Registros: {records} {used}",
        why_credited="Motivo",
        credited="Este importe se abona por la factura {number}.",
    ),
}


@dataclass(frozen=True, slots=True)
class Tongue:
    """A language as an invoice speaks it: its words, and its way with amounts, rates and dates."""

    words: Words
    sheet: SheetWords
    locale: Locale

    def money(self, amount: Decimal, currency: str) -> str:
        """Return an amount with its currency, as it is kept: it is rounded already."""
        return format_currency(amount, currency, locale=self.locale)

    def price(self, amount: Decimal, currency: str, *, places: int = 0) -> str:
        """Return a price with its currency; it has all its places, and no fewer than `places` and than its currency."""
        return _price(amount.normalize(), currency, self.locale, places)

    def number(self, value: Decimal) -> str:
        """Return a number with as many places as it has."""
        return format_decimal(value.normalize(), locale=self.locale, decimal_quantization=False)

    def megabytes(self, volume: Decimal) -> str:
        """Return a volume that is given in megabytes (10^6 bytes)."""
        return f"{self.number(volume)} MB"

    def moment(self, moment: datetime) -> str:
        """Return a local time, to the second, with its day."""
        return f"{_short_date(moment.date(), self.locale)} {moment:%H:%M:%S}"

    def short_day(self, day: date) -> str:
        """Return the day and month of a date, for the foot of a graph."""
        return _short_day(day, self.locale)

    def month(self, month: date) -> str:
        """Return a month of a year, for the foot of a graph."""
        return format_skeleton("yMMM", month, locale=self.locale)

    def rate(self, percent: Decimal) -> str:
        """Return a tax rate that is given in percent."""
        return format_percent(percent / 100, locale=self.locale, decimal_quantization=False)

    def day(self, day: date) -> str:
        """Return a date in words, so that no reader takes the month for the day."""
        return format_date(day, "long", locale=self.locale)


# A long itemisation names the same days and the same prices again and again.
@functools.lru_cache(maxsize=1_024)
def _short_date(day: date, locale: Locale) -> str:
    return format_date(day, "short", locale=locale)


@functools.lru_cache(maxsize=1_024)
def _short_day(day: date, locale: Locale) -> str:
    return format_skeleton("Md", day, locale=locale)


@functools.lru_cache(maxsize=4_096)
def _price(amount: Decimal, currency: str, locale: Locale, places: int) -> str:
    exact = max(-int(amount.as_tuple().exponent), places)
    if exact <= get_currency_precision(currency):
        return format_currency(amount, currency, locale=locale)
    pattern = copy(locale.currency_formats["standard"])
    pattern.frac_prec = (exact, exact)
    return format_currency(amount, currency, format=pattern, currency_digits=False, locale=locale)


def tongue(language: str, country: str) -> Tongue:
    """Return the way to speak to a reader; English where there are no words in their language.

    `language` is a BCP 47 tag such as "de" or "de-AT", `country` an ISO 3166 code; the tag's own country comes first.
    """
    name, locale = spoken(language, country)
    return Tongue(_WORDS[name], SHEET_WORDS[name], locale)
