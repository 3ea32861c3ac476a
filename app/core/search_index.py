"""The search index: the words that each record is found by, kept in the transaction that changes the record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Index,
    Select,
    SelectBase,
    String,
    and_,
    bindparam,
    event,
    false,
    inspect,
    literal,
    select,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped, Session, UOWTransaction, aliased, mapped_column
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from app.core.records import Record
from app.core.search_words import NUMBER_MARK, PHONE_MARK, TERM_LENGTH, Asked, asked, kept
from app.extensions import Model

BATCH = 1_000
# Sorts after whatever a word can go on with.
_LAST = "\U0010ffff"


class SearchTerm(Model):
    """A word by which a record is found; see `search_words` for what words there are."""

    __tablename__ = "search_term"
    __table_args__ = (
        # The second operator class has PostgreSQL compare bytes, whatever language the database sorts by.
        Index(
            "ix_search_term_resource_term_record_id",
            "resource",
            "term",
            "record_id",
            postgresql_ops={"term": "varchar_pattern_ops"},
        ),
        {"sqlite_with_rowid": False},
    )

    resource: Mapped[str] = mapped_column(String(20), primary_key=True)
    record_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    term: Mapped[str] = mapped_column(String(TERM_LENGTH), primary_key=True)


@dataclass(frozen=True, slots=True)
class Searchable:
    """Records of `model` are found by `terms`, which are made of `columns`."""

    resource: str
    model: type[Record]
    columns: Sequence[str]
    terms: Callable[[Any], Iterable[str]]


_searchables: dict[type[Record], Searchable] = {}


def register_searchable(searchable: Searchable) -> None:
    """Have the records of a model found by their words; called by the wiring."""
    _searchables[searchable.model] = searchable


class begins(FunctionElement[bool]):  # noqa: N801  used as a function
    """The condition that a column's text begins with a text, byte by byte, which an index answers."""

    type = Boolean()
    inherit_cache = True
    name = "begins"
    # Without it, SQLite is asked whether the condition is 1, for which it has no index.
    _is_implicitly_boolean = True

    def __init__(self, column: Any, text: str) -> None:  # noqa: ANN401  any column of texts
        super().__init__(column, literal(text, String), literal(text + _LAST, String))


@compiles(begins)
def _compile_begins(element: begins, compiler: SQLCompiler, **given: Any) -> str:  # noqa: ANN401  SQLAlchemy's own
    column, low, high = (compiler.process(one, **given) for one in element.clauses)
    return f"({column} >= {low} AND {column} < {high})"


@compiles(begins, "postgresql")
def _compile_begins_for_postgresql(element: begins, compiler: SQLCompiler, **given: Any) -> str:  # noqa: ANN401  its own
    column, low, high = (compiler.process(one, **given) for one in element.clauses)
    return f"({column} ~>=~ {low} AND {column} ~<~ {high})"


def findings(resource: str, text: str) -> list[SelectBase]:
    """Return selections of ids, which together are the living records that `text` finds; none where it says nothing."""
    ask = asked(text)
    ways: list[SelectBase] = [_by_words(resource, ask.words)] if ask.words else []
    if ask.phone:
        ways.append(_ids(resource, begins(SearchTerm.term, PHONE_MARK + ask.phone)))
    return ways


def among(column: Any, ways: Sequence[SelectBase]) -> ColumnElement[bool]:  # noqa: ANN401  any id column
    """Return the condition that a column holds one of the ids that some selections give."""
    if not ways:
        return false()
    ids: ColumnElement[bool] = column.in_(union_all(*ways) if len(ways) > 1 else ways[0])
    return ids


def numbered(resource: str, ask: Asked) -> Select[int]:
    """Select the ids of the records whose number is exactly what was asked for."""
    return _ids(resource, SearchTerm.term == NUMBER_MARK + ask.number)


def _ids(resource: str, condition: ColumnElement[bool]) -> Select[int]:
    return select(SearchTerm.record_id).where(SearchTerm.resource == resource, condition)


def _by_words(resource: str, words: Sequence[str]) -> Select[int]:
    """Select the records that have all words: the longest finds them, since it finds the fewest."""
    first, *others = sorted(words, key=len, reverse=True)
    statement = _ids(resource, begins(SearchTerm.term, first))
    for word in others:
        other = aliased(SearchTerm)
        statement = statement.where(
            select(other.record_id)
            .where(other.resource == resource, other.record_id == SearchTerm.record_id, begins(other.term, word))
            .exists()
        )
    return statement


@event.listens_for(Session, "after_flush")
def _follow(session: Session, _context: UOWTransaction) -> None:
    """Put into the index what this flush has changed."""
    changed: dict[type[Record], list[Record]] = {}
    for record in (*session.new, *session.dirty, *session.deleted):
        searchable = _searchables.get(type(record))
        if searchable is not None and (record not in session.dirty or _differs(searchable, record)):
            changed.setdefault(type(record), []).append(record)
    for model, records in changed.items():
        gone = {record for record in records if record in session.deleted}
        for start in range(0, len(records), BATCH):
            _write(session.connection(), _searchables[model], records[start : start + BATCH], gone)


def _differs(searchable: Searchable, record: Record) -> bool:
    attributes: Any = inspect(record).attrs
    return any(attributes[name].history.has_changes() for name in (*searchable.columns, "deleted_at"))


def _write(connection: Connection, searchable: Searchable, records: Sequence[Record], gone: set[Record]) -> None:
    """Bring the terms of some records up to date; deleted records have none."""
    table = SearchTerm.__table__
    wanted = {
        (record.id, term)
        for record in records
        if record not in gone and record.deleted_at is None
        for term in kept(searchable.terms(record))
    }
    of_these = and_(table.c.resource == searchable.resource, table.c.record_id.in_([one.id for one in records]))
    there = {(row.record_id, row.term) for row in connection.execute(select(table).where(of_these))}
    if there - wanted:
        that = (table.c.record_id == bindparam("of"), table.c.term == bindparam("word"))
        statement = table.delete().where(table.c.resource == searchable.resource, *that)
        connection.execute(statement, [{"of": number, "word": term} for number, term in sorted(there - wanted)])
    if wanted - there:
        resource = searchable.resource
        rows = [{"resource": resource, "record_id": number, "term": term} for number, term in sorted(wanted - there)]
        connection.execute(table.insert(), rows)


def reindex(session: Session) -> dict[str, int]:
    """Make the index anew out of the records; return how many of each kind are in it."""
    counts = {}
    connection = session.connection()
    for searchable in _searchables.values():
        table = SearchTerm.__table__
        connection.execute(table.delete().where(table.c.resource == searchable.resource))
        counts[searchable.resource] = sum(
            _write_new(connection, searchable, batch) for batch in _batches(session, searchable)
        )
    return counts


def _batches(session: Session, searchable: Searchable) -> Iterable[Sequence[Any]]:
    """Give the living records, some at a time, each as a row with the columns that its terms are made of."""
    model = searchable.model
    columns = [model.id, *(getattr(model, name) for name in searchable.columns)]
    last = 0
    while True:
        statement = select(*columns).where(model.id > last, model.deleted_at.is_(None)).order_by(model.id).limit(BATCH)
        rows = session.execute(statement).all()
        if not rows:
            return
        yield rows
        last = rows[-1].id


def _write_new(connection: Connection, searchable: Searchable, rows: Sequence[Any]) -> int:
    write_terms(
        connection, searchable.resource, [(row.id, term) for row in rows for term in kept(searchable.terms(row))]
    )
    return len(rows)


def write_terms(connection: Connection, resource: str, terms: Sequence[tuple[int, str]]) -> None:
    """Write terms that are not there, each with its record's id, as fast as the driver takes them."""
    if not terms:
        return
    if connection.dialect.name == "postgresql":
        ids, words = zip(*sorted(terms), strict=True)
        statement = (
            "INSERT INTO search_term (resource, record_id, term) SELECT %s, * FROM unnest(%s::int[], %s::text[])"
        )
        connection.exec_driver_sql(statement, (resource, list(ids), list(words)))
    else:
        statement = "INSERT INTO search_term (resource, record_id, term) VALUES (?, ?, ?)"
        connection.exec_driver_sql(statement, [(resource, number, term) for number, term in sorted(terms)])
