"""What every record has: an id, its times, whether it is deleted, and a version for optimistic locking."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Self

from sqlalchemy import DateTime, Dialect, ForeignKey, Index, Integer, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column
from sqlalchemy.types import TypeDecorator

from app.core import clock
from app.core.errors import Stale
from app.core.words import say
from app.extensions import Model


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC, on every database; a naive one is refused where it is written."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware datetime into what the database keeps."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("Times are kept with their time zone; this one has none.")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn what the database keeps into an aware datetime in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class Record(Model):
    """The columns of every record (product page, section 2).

    `deleted_at` is null while the record lives; `last_deleted_at` outlives a restore. `deletion_id` is the audit entry
    of the act that deleted it, so that restoring brings back exactly what that act took. `purged_at` says since when a
    row holds no personal data, and nobody can bring the record back. `version` counts changes.
    """

    __abstract__ = True

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now, nullable=False)
    last_modified_at: Mapped[datetime] = mapped_column(
        UtcDateTime, default=clock.now, onupdate=clock.now, nullable=False
    )
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    purged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(Integer, nullable=False)

    @declared_attr
    def deletion_id(self) -> Mapped[int | None]:
        """Point to the audit entry of the act that deleted this record."""
        return mapped_column(ForeignKey("audit_entry.id"))

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805  SQLAlchemy calls it on the class
        return {"version_id_col": cls.__table__.c.version} if hasattr(cls, "__table__") else {}


def trash_index(table: str) -> Index:
    """Return the index by which the trash of a table is listed: over its deleted rows alone."""
    deleted = text("deleted_at IS NOT NULL")
    return Index(f"ix_{table}_trash", "deleted_at", sqlite_where=deleted, postgresql_where=deleted)


def list_index(table: str, name: str, *expressions: str) -> Index:
    """Return the index by which living rows are listed in one of the offered orders, the id as its last word.

    The expressions are those that the resource sorts by, letter for letter: otherwise no database uses it.
    """
    living = text("deleted_at IS NULL")
    columns = [text(one) if "(" in one else one for one in (*expressions, "id")]
    return Index(f"ix_{table}_list_{name}", *columns, sqlite_where=living, postgresql_where=living)


class OneOf(int):
    """A version that a change was made from, where any of several will do; as a number it is the highest of them."""

    versions: frozenset[int]

    def __new__(cls, versions: Iterable[int]) -> Self:
        """Make it of so many versions; of none, it is that of no record."""
        given = frozenset(versions)
        made = super().__new__(cls, max(given, default=0))
        made.versions = given
        return made


def check_version(record: Record, version: int | None) -> None:
    """Compare the version that a change was made from with the record's.

    None skips the comparison: verbs take an optional version. Raises Stale.
    """
    if version is None:
        return
    if record.version not in (version.versions if isinstance(version, OneOf) else {version}):
        raise Stale(
            say("Somebody else has changed this record since you opened it. Look at it as it is now."),
            detail={"version": record.version},
        )
