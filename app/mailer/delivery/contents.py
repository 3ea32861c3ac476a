"""Contents: bytes that go out, kept once by their hash, however many carry them."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core.bulk import as_table, insert_rows
from app.mailer.models import Content, ContentPart, Message, Rendition


def put(
    session: Session,
    model: type[Content | ContentPart],
    rows: Sequence[Mapping[str, Any]],
) -> None:
    """Insert what is not there yet: nearly always all of it, and so all at once first.

    Another worker may store the same at the same time; the hash says that it is the same. So is what goes along with a
    mail that was made before, to the byte: cancelled, and sent anew within its second.
    """
    if not rows:
        return
    table = model.metadata.tables[model.__tablename__]
    if session.get_bind().dialect.name != "postgresql":
        session.execute(sqlite.insert(table).on_conflict_do_nothing(), list(rows))
        return
    with contextlib.suppress(IntegrityError), session.begin_nested():
        insert_rows(session, table, rows)
        return
    kinds = {name: table.c[name].type for name in rows[0]}
    chosen = select(as_table(rows, kinds))
    session.execute(postgresql.insert(table).from_select(list(kinds), chosen).on_conflict_do_nothing())


def store(session: Session, data: bytes, content_type: str) -> str:
    """Keep bytes once, however often they go out; return their SHA-256 (hex)."""
    return store_all(session, [data], content_type)[0]


def store_all(session: Session, every: Sequence[bytes], content_type: str) -> list[str]:
    """Do that for many contents of one media type, with one statement; return their hashes in the same order."""
    digests = [hashlib.sha256(data).hexdigest() for data in every]
    rows = {
        digest: {"digest": digest, "content_type": content_type, "size": len(data), "data": data}
        for digest, data in zip(digests, every, strict=True)
    }
    put(session, Content, list(rows.values()))
    return digests


# Columns of the features above that hold contents by their hashes.
_uses: list[Any] = []


def register_use(column: Any) -> None:  # noqa: ANN401  a column of hashes
    """Have contents kept as long as a column of another table names them."""
    if column not in _uses:
        _uses.append(column)


def drop_content(session: Session, digest: str) -> None:
    """Remove a content, unless something else holds it."""
    columns = (Message.content_digest, Rendition.digest, ContentPart.part_digest, *_uses)
    if all(session.scalar(select(column).where(column == digest).limit(1)) is None for column in columns):
        session.execute(delete(ContentPart).where(ContentPart.digest == digest))
        content = session.get(Content, digest)
        if content is not None:
            session.delete(content)
        session.flush()


def drop_contents(session: Session, digests: Iterable[str]) -> None:
    """Remove contents that rows have named which are gone, each unless something else holds it."""
    session.flush()
    for digest in dict.fromkeys(digests):
        drop_content(session, digest)
