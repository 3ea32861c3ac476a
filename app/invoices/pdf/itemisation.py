"""Itemised usage: every call and transfer, grouped by the number or service it was made from, with sums."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from itertools import groupby

from app.invoices.pdf.model import InvoiceDocument, Usage
from app.invoices.pdf.words import Tongue
from app.invoices.rules import duration_text
from app.paper.sheet import Block
from app.paper.tables import Column, columns, dense_row, head_of, heading, remark, sum_row, title, together


def itemisation(invoice: InvoiceDocument, speech: Tongue) -> list[Block]:
    """Return the table of usage; nothing where there is none."""
    if not invoice.usage:
        return []
    words = speech.words
    table = columns(
        (words.when, 0.22, False),
        (words.origin, 0.22, False),
        (words.destination, 0.26, False),
        (words.amount_used, 0.15, True),
        (words.cost, 0.15, True),
    )
    head = head_of(table)
    # Prices below one another have as many places, so that they can be compared at a glance.
    places = max(-int(one.cost.normalize().as_tuple().exponent) for one in invoice.usage)
    cost_of = partial(speech.price, currency=invoice.currency, places=places)
    blocks = [title(words.itemised_usage), remark(words.usage_note), head]
    for reference, records in groupby(invoice.usage, key=lambda one: one.reference):
        blocks += _group(table, reference, list(records), speech, cost_of=cost_of, head=head)
    return blocks


def _group(
    table: Sequence[Column],
    reference: str,
    records: Sequence[Usage],
    speech: Tongue,
    *,
    cost_of: Callable[[Decimal], str],
    head: Block,
) -> list[Block]:
    named = heading(reference or speech.words.other)
    rows = [_record(table, one, speech, cost_of=cost_of, head=head) for one in records]
    rows[0] = together(named, rows[0], head=head)
    cost = sum((one.cost for one in records), Decimal(0))
    label = speech.words.usage_sum.format(records=speech.number(Decimal(len(records))), used=_sum_used(records, speech))
    total = sum_row(table, label, cost_of(cost), head=head)
    rows[-1] = together(rows[-1], total, head=head)
    return rows


def _record(
    table: Sequence[Column], one: Usage, speech: Tongue, *, cost_of: Callable[[Decimal], str], head: Block
) -> Block:
    texts = [speech.moment(one.start), one.origin, one.destination, _used(one, speech), cost_of(one.cost)]
    return dense_row(table, texts, head=head)


def _used(one: Usage, speech: Tongue) -> str:
    known = []
    if one.duration is not None:
        known.append(duration_text(one.duration))
    if one.volume is not None:
        known.append(speech.megabytes(one.volume))
    return " ".join(known)


def _sum_used(records: Sequence[Usage], speech: Tongue) -> str:
    seconds = sum(one.duration or 0 for one in records)
    volume = sum((one.volume or Decimal(0) for one in records), Decimal(0))
    return " ".join([*([duration_text(seconds)] if seconds else []), *([speech.megabytes(volume)] if volume else [])])
