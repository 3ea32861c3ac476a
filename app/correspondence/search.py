"""What a letter is found by, beside its customer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.core.search_index import Searchable
from app.core.search_words import number_terms, words_of
from app.correspondence.models import Correspondence


def _terms(letter: Any) -> Iterator[str]:  # noqa: ANN401  a record, or a row with its columns
    yield from number_terms(letter.number)
    yield from words_of(letter.filled_subject or letter.subject)


LETTERS = Searchable("correspondence", Correspondence, ("number", "subject", "filled_subject"), _terms)
