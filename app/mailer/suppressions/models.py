"""The table of suppressed addresses."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.records import Record, list_index, trash_index


class Suppression(Record):
    """An address that gets nothing until somebody lifts it; compared normalised, and one living row for each.

    `kind` says why: see `suppressions/rules.py`. `message_id` is the message that came back, where one did, and
    `diagnostic` what the server said about it. Lifting deletes the row softly; `reason` is why it was suppressed.
    """

    __tablename__ = "suppression"
    __table_args__ = (
        Index(
            "uq_suppression_living_address",
            "address_normalised",
            unique=True,
            sqlite_where=text("deleted_at IS NULL"),
            postgresql_where=text("deleted_at IS NULL"),
        ),
        *(list_index("suppression", name, name) for name in ("address_normalised", "created_at")),
        trash_index("suppression"),
    )

    address: Mapped[str] = mapped_column(String(320), nullable=False)
    address_normalised: Mapped[str] = mapped_column(String(320), nullable=False, index=True)
    kind: Mapped[str] = mapped_column(String(20), nullable=False, default="by_hand", server_default="by_hand")
    reason: Mapped[str] = mapped_column(Text, nullable=False)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"), index=True)
    diagnostic: Mapped[str | None] = mapped_column(Text)

    @property
    def label(self) -> str:
        """Return how staff name the suppression: the address."""
        return self.address

    def __repr__(self) -> str:
        return self.label
