"""What the tables of each kind of run have in common: the run, its rows, and what each row's plan came to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.records import Record, UtcDateTime
from app.extensions import Model


class Run(Record):
    """Documents that are sent together. `filters` and `account_numbers` are what they were chosen by.

    `dealer_code` is the one of whoever chose them: others of that dealer see the run, and a dealer's staff see no
    other. `planned_at` is when its plan was made. Whoever starts or resumes it is `started_by`; the worker sends in
    their name. `pause_reason` says why it paused by itself.
    """

    __abstract__ = True

    status: Mapped[str] = mapped_column(String(10), nullable=False)
    filters: Mapped[dict[str, Any]] = mapped_column(JSON, nullable=False)
    account_numbers: Mapped[list[str]] = mapped_column(JSON, nullable=False)
    dealer_code: Mapped[str | None] = mapped_column(String(40))
    created_by: Mapped[str] = mapped_column(String(128), nullable=False)
    planned_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    # No key of the users' table: of one who is gone the id stays, so that the run never goes on without a name.
    started_by_id: Mapped[int | None] = mapped_column()
    started_by: Mapped[str | None] = mapped_column(String(128))
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    pause_reason: Mapped[str | None] = mapped_column(String(20))


class RunRow(Model):
    """A row of a run, in a state of its kind; `reason` says why it ended so.

    `fingerprint` is that of the plan that was looked at, `copies` how many messages that has, and `reaches_nobody` what
    it says.
    """

    __abstract__ = True

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(16), nullable=False)
    reason: Mapped[str | None] = mapped_column(String(20))
    fingerprint: Mapped[str] = mapped_column(String(64), nullable=False)
    copies: Mapped[int] = mapped_column(nullable=False)
    reaches_nobody: Mapped[bool] = mapped_column(nullable=False)


class Outcome(Model):
    """How often one thing stands in the plan of a row: a format that goes, or a reason for which none does.

    `outcome` is `gets:` with the format, or the reason's own code.
    """

    __abstract__ = True

    outcome: Mapped[str] = mapped_column(String(30), primary_key=True)
    number: Mapped[int] = mapped_column(nullable=False)
