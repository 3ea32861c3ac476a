"""What an invoice is found by, beside its customer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.core.search_index import Searchable
from app.core.search_words import number_terms, words_of
from app.invoices.models import Invoice


def _terms(invoice: Any) -> Iterator[str]:  # noqa: ANN401  a record, or a row with its columns
    yield from number_terms(invoice.number)
    yield from words_of(invoice.purchase_order_number)


INVOICES = Searchable("invoice", Invoice, ("number", "purchase_order_number"), _terms)
