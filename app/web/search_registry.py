"""What the header's search looks through: the kinds of record that features have registered, in its reader's sight."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, SelectBase, bindparam, case, select, union_all
from sqlalchemy.orm import Session, raiseload

from app.access.ask import may
from app.access.table import Operation
from app.core.actor import Actor
from app.core.search_index import numbered
from app.core.search_words import Asked, asked
from app.core.words import Words, say_count
from app.web.keyset import gathered
from app.web.listing import sort_of
from app.web.resource import Resource

# A group counts so far, and says so when there is more.
FOUND_CAP = 1_000
# A record is found once for each of its words that match.
REPEATED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Findable:
    """A kind of record that the header's search finds: `findings` gives selections of ids for a text.

    With `has_number`, one whose number is exactly what was typed comes first. `list_url` is asked without a query.
    """

    resource: Resource
    findings: Callable[[str], Sequence[SelectBase]]
    page: Callable[[Any], str]
    list_url: Callable[[], str]
    hint: Callable[[Any], str]
    has_number: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A record that was found: what it is called, what is said beside it, and its page."""

    text: str
    hint: str
    url: str
    is_exact: bool


@dataclass(frozen=True, slots=True)
class FoundGroup:
    """What was found of one kind: the first rows, and how many there are, up to FOUND_CAP."""

    name: str
    label: str
    rows: Sequence[Found]
    count: int
    capped: bool
    list_url: str

    @property
    def counted(self) -> Words:
        """Return how many there are, in words."""
        if self.capped:
            return say_count("more than {count}", "more than {count}", self.count)
        return say_count("{count} found", "{count} found", self.count)


_findables: dict[str, Findable] = {}


def register_findable(findable: Findable) -> None:
    """Have the header's search look through a kind of record; they are shown in the order of registration."""
    _findables[findable.resource.name] = findable


def search(session: Session, actor: Actor, text: str, *, rows: int) -> list[FoundGroup]:
    """Return what `text` finds, by kind and with at most so many rows each; a group with an exact number comes first.

    A text of fewer than three letters finds nothing but a number that is exactly this.
    """
    ask = asked(text)
    seen = [one for one in _findables.values() if may(actor, Operation.READ, one.resource.name)]
    groups = [_group(session, actor, one, text, ask, rows) for one in seen]
    found = [group for group in groups if group.rows]
    return sorted(found, key=lambda group: not group.rows[0].is_exact)


def _group(session: Session, actor: Actor, findable: Findable, text: str, ask: Asked, rows: int) -> FoundGroup:
    resource = findable.resource
    key = resource.model.id
    in_sight = resource.rows(actor)
    exact: list[int] = []
    if findable.has_number and ask.number:
        number = select(numbered(resource.name, ask).subquery())
        exact = list(session.scalars(in_sight.where(key.in_(number)).with_only_columns(key).limit(rows)))
    ids: list[int] = []
    if ask.is_long_enough:
        ids = _first_ids(session, in_sight, key, findable.findings(text))
    every = dict.fromkeys((*exact, *ids))
    return FoundGroup(
        name=resource.name,
        label=resource.plural,
        rows=_rows(session, actor, findable, list(every), set(exact), rows) if every else (),
        count=min(len(every), FOUND_CAP),
        capped=len(every) > FOUND_CAP,
        list_url=findable.list_url(),
    )


def _first_ids(session: Session, in_sight: Select[Any], key: Any, ways: Sequence[SelectBase]) -> list[int]:
    """Return the ids that some selections give and that are in sight, up to one more than are counted.

    They are joined and cut off as they come: to make each of them single first, a database would read every match.
    """
    if not ways:
        return []
    found = (union_all(*ways) if len(ways) > 1 else ways[0]).subquery()
    statement = in_sight.where(found.c[0] == key).with_only_columns(key).order_by(None)
    limit = REPEATED * (FOUND_CAP + 1)
    while True:
        rows = session.scalars(statement.limit(limit)).all()
        ids = list(dict.fromkeys(rows))
        if len(ids) > FOUND_CAP or len(rows) < limit:
            return ids[: FOUND_CAP + 1]
        limit *= 10


def _rows(
    session: Session, actor: Actor, findable: Findable, ids: Sequence[int], exact: set[int], rows: int
) -> list[Found]:
    resource = findable.resource
    key = resource.model.id
    sort = sort_of(resource)
    # Numbers as such, since a thousand parameters cost more than what is done with them.
    these = key.in_(bindparam("these", ids, expanding=True, literal_execute=True))
    statement = resource.rows(actor).where(these).options(raiseload("*"))

    def ordered(columns: Sequence[Any]) -> list[Any]:
        first = [case((columns[-1].in_(exact), 0), else_=1)] if exact else []
        return first + [column.desc() if sort.descending else column for column in columns]

    found = gathered(session, statement, (*sort.columns, sort.key), ordered, limit=rows)
    return [Found(str(record), findable.hint(record), findable.page(record), record.id in exact) for record, _ in found]
