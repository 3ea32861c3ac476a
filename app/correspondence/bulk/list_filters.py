"""The filter of the letters' list that leads to the letters of one run of bulk letters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import NotFound
from app.core.whole_numbers import MAX_ID, is_whole
from app.core.words import say
from app.correspondence.bulk import queries
from app.web.list_filters import Chip, Given, ListFilter, Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkLetterFilter(ListFilter):
    """The letters that bulk letters in sight have made, which a link sets and nobody chooses."""

    control: ClassVar[str] = "given"

    def read(self, session: Session, actor: Actor, given: Given) -> Reading:
        """Read which bulk letters are asked for. Raises NotFound."""
        value = given.get(self.name)
        if value is None:
            return Reading()
        if not is_whole(value, digits=10) or not 1 <= int(value) <= MAX_ID:
            raise NotFound(say("There are no bulk letters with this id."))
        run = queries.run(session, actor, run_id=int(value))
        return Reading(queries.letters_made(run.id), [Chip(self.name, self.label, str(run.id))])


BULK_LETTER_FILTER = BulkLetterFilter(name="bulk_letter", label=say("Bulk letters"))
