"""Itemised usage: every call and transfer, grouped by the number or service it was made from, with sums."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby

from app.invoices.pdf.model import InvoiceDocument, Usage
from app.invoices.pdf.words import Tongue
from app.invoices.rules import duration_text
from app.paper.sheet import Block
from app.paper.tables import Column, columns, head_of, heading, remark, row, sum_row, title, together


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
    blocks = [title(words.itemised_usage), remark(words.usage_note), head]
    for reference, records in groupby(invoice.usage, key=lambda one: one.reference):
        blocks += _group(table, reference, list(records), invoice.currency, speech, head=head)
    return blocks


def _group(
    table: Sequence[Column],
    reference: str,
    records: Sequence[Usage],
    currency: str,
    speech: Tongue,
    *,
    head: Block,
) -> list[Block]:
    named = heading(reference or speech.words.other)
    rows = [_record(table, one, currency, speech, head=head) for one in records]
    rows[0] = together(named, rows[0], head=head)
    cost = sum((one.cost for one in records), Decimal(0))
    label = speech.words.usage_sum.format(records=speech.number(Decimal(len(records))), used=_sum_used(records, speech))
    total = sum_row(table, label, speech.price(cost, currency), head=head)
    rows[-1] = together(rows[-1], total, head=head)
    return rows


def _record(table: Sequence[Column], one: Usage, currency: str, speech: Tongue, *, head: Block) -> Block:
    texts = [
        speech.moment(one.start),
        one.origin,
        one.destination,
        _used(one, speech),
        speech.price(one.cost, currency),
    ]
    return row(table, texts, head=head)


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
