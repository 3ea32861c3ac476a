"""The mails that came in and are no report of another server: what they say, and what became of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.records import Record, UtcDateTime, list_index, trash_index
from app.tickets.models import Ticket, TicketUpdate


class InboundMail(Record):
    """A mail that came in. `state` and `reason` are those of `rules.py`; `identity` tells mails apart for good.

    `from_*` is what it claims. `to_address` is where it was sent, and `answered_id` the message that the token of that
    address names. `ticket_id` is the ticket that this message, or somebody of the staff, says that it belongs to, and
    `ticket_update_id` what it became there. `text` is all that it says, in plain text, and `answer` that without what
    it quotes; `is_cut` tells that the update, or this row, holds less of it. `not_taken` are its files that were
    refused, each with the reason. The mail as it came is the content of `content_digest`.
    """

    __tablename__ = "inbound_mail"
    __table_args__ = (
        Index("ix_inbound_mail_state", "state", "id"),
        Index("ix_inbound_mail_ticket_id", "ticket_id"),
        Index("ix_inbound_mail_ticket_update_id", "ticket_update_id"),
        Index("ix_inbound_mail_from_normalised", "from_normalised"),
        Index(
            "ix_inbound_mail_message_id",
            "message_id",
            sqlite_where=text("message_id <> ''"),
            postgresql_where=text("message_id <> ''"),
        ),
        *(list_index("inbound_mail", name, name) for name in ("created_at", "from_normalised")),
        trash_index("inbound_mail"),
    )

    identity: Mapped[str] = mapped_column(String(64), nullable=False, unique=True)
    state: Mapped[str] = mapped_column(String(10), nullable=False)
    reason: Mapped[str | None] = mapped_column(String(20))
    detail: Mapped[str] = mapped_column(Text, nullable=False, default="")
    message_id: Mapped[str] = mapped_column(String(250), nullable=False, default="")
    from_name: Mapped[str] = mapped_column(String(200), nullable=False, default="")
    from_address: Mapped[str] = mapped_column(String(320), nullable=False, default="")
    from_normalised: Mapped[str] = mapped_column(String(320), nullable=False, default="")
    to_address: Mapped[str] = mapped_column(String(320), nullable=False, default="")
    subject: Mapped[str] = mapped_column(String(300), nullable=False, default="")
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    text: Mapped[str] = mapped_column(Text, nullable=False, default="", deferred=True)
    answer: Mapped[str] = mapped_column(Text, nullable=False, default="", deferred=True)
    is_cut: Mapped[bool] = mapped_column(nullable=False, default=False)
    not_taken: Mapped[list[dict[str, Any]]] = mapped_column(JSON, nullable=False, default=list)
    size: Mapped[int] = mapped_column(nullable=False, default=0)
    answered_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    ticket: Mapped[Ticket | None] = relationship(Ticket)
    ticket_update_id: Mapped[int | None] = mapped_column(ForeignKey("ticket_update.id"))
    ticket_update: Mapped[TicketUpdate | None] = relationship(TicketUpdate)
    note: Mapped[str | None] = mapped_column(Text)
    content_digest: Mapped[str | None] = mapped_column(ForeignKey("content.digest"))

    @property
    def label(self) -> str:
        """Return how staff name the mail: who it says that it is from; its subject may say more than a list should."""
        return self.from_address or f"mail {self.id}"

    def __repr__(self) -> str:
        return self.label
