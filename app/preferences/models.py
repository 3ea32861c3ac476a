"""The tables of personal settings: the columns that somebody wants in a list, and views of lists kept by name."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.records import UtcDateTime
from app.extensions import Model


class ListColumns(Model):
    """The columns that a user wants in the list of a resource; no row means the usual ones."""

    __tablename__ = "list_columns"

    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"), primary_key=True)
    resource: Mapped[str] = mapped_column(String(40), primary_key=True)
    columns: Mapped[list[str]] = mapped_column(JSON, nullable=False)


class SavedView(Model):
    """A list as a user has kept it under a name: `query` is the query of its address, filters, order and columns."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("user_id", "resource", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"), nullable=False)
    resource: Mapped[str] = mapped_column(String(40), nullable=False)
    name: Mapped[str] = mapped_column(String(60), nullable=False)
    query: Mapped[str] = mapped_column(Text, nullable=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now, nullable=False)
