"""Which documents are a record's: the record itself, unless a feature says that others hang on it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import ColumnElement

from app.core.records import Record
from app.mailer.models import Message, Rendition, SkippedRoad

# From the ids of some records to those of their documents, or to the selection of them.
Ids = Callable[[Collection[int]], Any]
_documents: dict[type[Record], tuple[str, Ids]] = {}


def register_documents(model: type[Record], kind: str, ids: Ids) -> None:
    """Say which documents are a kind of record's, where they are not the records themselves."""
    _documents[model] = (kind, ids)


def of_documents(
    model: type[Message | SkippedRoad | Rendition], of: type[Record], ids: Collection[int]
) -> ColumnElement[bool]:
    """Return the condition that a row is about the documents of some records of a kind."""
    kind, own = _documents.get(of, (of.__tablename__, list))
    found: ColumnElement[bool] = (model.document_kind == kind) & model.document_id.in_(own(ids))
    return found
