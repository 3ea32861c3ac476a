"""An invoice at a glance: what was spent on what, on which day, by which numbers, and beside the months before."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from app.core.money import round_half_up
from app.invoices.pdf.charts import Amount, bars, columns
from app.invoices.pdf.model import InvoiceDocument
from app.invoices.pdf.words import Tongue
from app.invoices.rules import net_by_category
from app.paper.sheet import Block
from app.paper.tables import gap, title

MOST_BARS = 10
# A longer time than a long month is shown by month alone.
MOST_DAYS = 62


def glance(invoice: InvoiceDocument, speech: Tongue) -> list[Block]:
    """Return the graphs that there is something to show for, under a title; nothing without any, or of a credit."""
    if invoice.credits:
        return []
    graphs = [
        graph
        for graph in (
            _by_category(invoice, speech),
            _by_day(invoice, speech),
            _top_numbers(invoice, speech),
            _months(invoice, speech),
        )
        if graph is not None
    ]
    if not graphs:
        return []
    return [title(speech.words.at_a_glance), *(part for graph in graphs for part in (gap(10), graph))]


def _by_category(invoice: InvoiceDocument, speech: Tongue) -> Block | None:
    nets = net_by_category(invoice.lines, places=invoice.places)
    named = {category or speech.words.other: net for category, net in nets.items()}
    return _bars(speech.words.by_category, named.items(), invoice, speech) if nets else None


def _top_numbers(invoice: InvoiceDocument, speech: Tongue) -> Block | None:
    costs: dict[str, Decimal] = {}
    for one in invoice.usage:
        costs[one.reference] = costs.get(one.reference, Decimal(0)) + one.cost
    if not costs:
        for line in invoice.lines:
            if line.reference:
                costs[line.reference] = costs.get(line.reference, Decimal(0)) + line.net(places=invoice.places)
    return _bars(speech.words.top_numbers, costs.items(), invoice, speech, rest=False) if costs else None


def _bars(
    head: str, sums: Iterable[tuple[str, Decimal]], invoice: InvoiceDocument, speech: Tongue, *, rest: bool = True
) -> Block:
    """Return a graph of the largest sums; what is left over is one bar more, where all of it is to be seen."""
    ordered = sorted(sums, key=lambda one: (-one[1], one[0]))
    shown, left = ordered[:MOST_BARS], ordered[MOST_BARS:]
    if left and rest:
        shown.append((speech.words.others, sum((amount for _, amount in left), Decimal(0))))
    return bars(head, [_amount(label, amount, invoice, speech) for label, amount in shown])


def _by_day(invoice: InvoiceDocument, speech: Tongue) -> Block | None:
    costs: dict[date, Decimal] = {}
    for one in invoice.usage:
        costs[one.start.date()] = costs.get(one.start.date(), Decimal(0)) + one.cost
    if not costs:
        return None
    first, last = min(costs), max(costs)
    if (last - first).days >= MOST_DAYS:
        return None
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    amounts = [_amount(speech.short_day(day), costs.get(day, Decimal(0)), invoice, speech) for day in days]
    return columns(speech.words.by_day, amounts)


def _months(invoice: InvoiceDocument, speech: Tongue) -> Block | None:
    if len(invoice.months) <= 1:
        return None
    amounts = [_amount(speech.month(month), net, invoice, speech) for month, net in invoice.months]
    return columns(speech.words.months, amounts, marked=len(amounts) - 1)


def _amount(label: str, size: Decimal, invoice: InvoiceDocument, speech: Tongue) -> Amount:
    return Amount(label, size, speech.money(round_half_up(size, invoice.places), invoice.currency))
