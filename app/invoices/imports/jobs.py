"""What screen and command line do with a file: check it whole, chunk by chunk; and the sweep of what is left behind."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import BinaryIO

from sqlalchemy.orm import Session, scoped_session

from app.core.actor import Actor
from app.core.errors import Conflict
from app.core.unit_of_work import unit_of_work
from app.core.words import say_count
from app.invoices.imports import invoice_rows, service, usage_rows
from app.invoices.imports.reading import read_rows
from app.invoices.imports.rules import FORMATS, MAX_INVOICES, Fault, ImportKind, Row
from app.invoices.imports.service import File

# So many rows are staged in one transaction: on SQLite, nobody else writes meanwhile.
CHUNK = 2_000
# So much a page removes of what others have left: it is a person that waits.
PAGE_SWEEPS = 20
_BLOCK = 1 << 20

Sessions = Session | scoped_session[Session]


@dataclass(slots=True, kw_only=True)
class Check:
    """The check of one file: by whom, what they asked for, and what it has come to.

    `said` puts what is wrong into words of whoever handed it over; `most_rows` is what they may hand over at once.
    """

    sessions: Sessions
    actor: Actor
    default_currency: str
    approve: bool = False
    reason: str | None = None
    most_rows: int | None = None
    said: Callable[[str], str] = str
    progress: Callable[[int], None] = lambda _bytes: None
    import_id: int = 0
    rows: int = 0
    invoices: int = 0
    faults: int = 0
    sums: dict[str, Decimal] = field(default_factory=dict)

    def run(self, stream: BinaryIO, *, kind: ImportKind, name: str) -> int:
        """Check a file from its beginning, and stage what it holds; return the import's id.

        Raises Forbidden, Invalid, Conflict (`imported_already`, `not_checking`).
        """
        digest, size = _measured(stream)
        sweep(self.sessions, most=self._sweeps)
        with unit_of_work(self.sessions) as session:
            file = File(kind=kind, name=name, sha256=digest, size=size)
            run = service.begin_import(session, self.actor, file=file, approve=self.approve, reason=self.reason)
            self.import_id = run.id
        try:
            rows = self._counted(read_rows(stream, FORMATS[kind]), stream)
            if kind is ImportKind.INVOICES:
                self._check_invoices(rows)
            else:
                self._check_usage(rows)
            with unit_of_work(self.sessions) as session:
                service.finish_check(
                    session,
                    self.actor,
                    import_id=self.import_id,
                    rows=self.rows,
                    invoices=self.invoices,
                    sums=self.sums,
                )
        except BaseException:
            give_up(self.sessions, self.actor, import_id=self.import_id, most=self._sweeps)
            raise
        if self.faults:
            sweep(self.sessions, most=self._sweeps)
        return self.import_id

    @property
    def _sweeps(self) -> int | None:
        return None if self.most_rows is None else PAGE_SWEEPS

    def _counted(self, rows: Iterator[Row | Fault], stream: BinaryIO) -> Iterator[Row | Fault]:
        """Give the rows, count them, and end with a fault where they are too many for this door."""
        for row in rows:
            if isinstance(row, Row):
                self.rows += 1
                if self.most_rows is not None and self.rows > self.most_rows:
                    words = say_count(
                        "This page takes {count} row at most. The command flask import takes any number.",
                        "This page takes {count} rows at most. The command flask import takes any number.",
                        self.most_rows,
                    )
                    yield Fault(row.line, "", words)
                    return
                if self.rows % CHUNK == 0:
                    self.progress(stream.tell())
            yield row

    def _check_invoices(self, rows: Iterator[Row | Fault]) -> None:
        gathered: list[invoice_rows.Gathered] = []
        held = 0
        for one in invoice_rows.Gathering().gather(rows):
            if isinstance(one, Fault):
                self._note([one])
                continue
            gathered.append(one)
            held += len(one.rows)
            self.invoices += 1
            if self.invoices > MAX_INVOICES:
                self._note([Fault(one.rows[0].line, "", usage_rows.too_many())])
                break
            if held >= CHUNK:
                self._stage_invoices(gathered)
                gathered, held = [], 0
        self._stage_invoices(gathered)

    def _stage_invoices(self, gathered: list[invoice_rows.Gathered]) -> None:
        if not gathered:
            return
        session = self.sessions() if isinstance(self.sessions, scoped_session) else self.sessions
        staged, faults = invoice_rows.checked(
            session,
            self.actor,
            gathered,
            default_currency=self.default_currency,
            again=self.reason is not None,
        )
        # A long look keeps the database from tidying up behind it.
        session.rollback()
        for one in staged:
            self._add(one["staged"]["currency"], Decimal(one["staged"]["total"]))
        self._note(faults)
        if not self.faults:
            with unit_of_work(self.sessions) as session:
                service.stage_invoices(session, self.actor, import_id=self.import_id, staged=staged)

    def _check_usage(self, rows: Iterator[Row | Fault]) -> None:
        reading = usage_rows.Reading(self.actor)
        while chunk := list(islice(rows, CHUNK)):
            self._note([one for one in chunk if isinstance(one, Fault)])
            session = self.sessions() if isinstance(self.sessions, scoped_session) else self.sessions
            read = reading.read(session, [one for one in chunk if isinstance(one, Row)])
            session.rollback()
            for currency, amount in read.costs.items():
                self._add(currency, amount)
            self._note(read.faults)
            if not self.faults:
                with unit_of_work(self.sessions) as session:
                    service.stage_usage(
                        session, self.actor, import_id=self.import_id, records=read.rows, counts=read.counts
                    )
            if len(reading.invoices) > MAX_INVOICES:
                break
        self.invoices = len(reading.invoices)

    def _add(self, currency: str, amount: Decimal) -> None:
        self.sums[currency] = self.sums.get(currency, Decimal(0)) + amount

    def _note(self, faults: list[Fault]) -> None:
        """Keep what is wrong, in the words of whoever handed the file over."""
        if not faults:
            return
        self.faults += len(faults)
        told = [Fault(one.line, one.column, self.said(one.message)) for one in faults]
        with unit_of_work(self.sessions) as session:
            service.stage_faults(session, self.actor, import_id=self.import_id, faults=told)


def publish(sessions: Sessions, actor: Actor, *, import_id: int) -> None:
    """Publish an import in one transaction. Raises what `publish_import` does."""
    with unit_of_work(sessions) as session:
        service.publish_import(session, actor, import_id=import_id)


def give_up(sessions: Sessions, actor: Actor, *, import_id: int, most: int | None = None) -> None:
    """Discard an import, and remove what it has staged; one that is published stays. Raises Forbidden, NotFound."""
    try:
        with unit_of_work(sessions) as session:
            service.discard_import(session, actor, import_id=import_id)
    except Conflict as refusal:
        if refusal.code != "published":
            raise
    sweep(sessions, most=most)


def sweep(sessions: Sessions, *, most: int | None = None) -> int:
    """Remove what refused, discarded and abandoned imports have staged, `most` portions of it; return how many went.

    Each portion is a unit of work of its own. What is left is found again by the next sweep.
    """
    gone, portions = 0, 0
    while most is None or portions < most:
        with unit_of_work(sessions) as session:
            number = service.next_to_clear(session)
        if number is None:
            break
        with unit_of_work(sessions) as session:
            gone += not service.clear_some(session, import_id=number)
        portions += 1
    left = True
    while left and (most is None or portions < most):
        with unit_of_work(sessions) as session:
            left = service.clear_old_faults(session)
        portions += 1
    return gone


def _measured(stream: BinaryIO) -> tuple[str, int]:
    """Return the SHA-256 and the size of a stream, which is then at its beginning again."""
    digest, size = hashlib.sha256(), 0
    stream.seek(0)
    while block := stream.read(_BLOCK):
        digest.update(block)
        size += len(block)
    stream.seek(0)
    return digest.hexdigest(), size
