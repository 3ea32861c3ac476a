"""What a customer is found by, and what it shares with a contact."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.core.addresses import normalise, split_addresses
from app.core.search_index import Searchable
from app.core.search_words import address_words, number_terms, phone_terms, words_of
from app.customers.models import Customer

NUMBERS = tuple(f"number_{number}" for number in range(1, 5))
PARTY_COLUMNS = (
    "first_name",
    "last_name",
    "company_name",
    "email",
    "postcode",
    *NUMBERS,
    *(f"address_line_{line}" for line in range(1, 6)),
)


def party_terms(record: Any) -> Iterator[str]:  # noqa: ANN401  a record, or a row with its columns
    """Give what a customer and a contact are found by: names, addresses, phone numbers; what matters most first."""
    for name in ("last_name", "first_name", "company_name"):
        yield from words_of(getattr(record, name))
    yield from phone_terms(getattr(record, name) for name in NUMBERS)
    yield from words_of(record.postcode)
    yield from words_of("".join((record.postcode or "").split()))
    # After what is short: there may be dozens of these, and what stands behind them must not be crowded out.
    for address in split_addresses(record.email or ""):
        yield from address_words(address)
        yield from address_words(normalise(address))
    for line in range(1, 6):
        yield from words_of(getattr(record, f"address_line_{line}"))


def _terms(customer: Any) -> Iterator[str]:  # noqa: ANN401  the same
    yield from number_terms(customer.account_number)
    yield from number_terms(customer.crm_reference)
    yield from party_terms(customer)


CUSTOMERS = Searchable("customer", Customer, ("account_number", "crm_reference", *PARTY_COLUMNS), _terms)
