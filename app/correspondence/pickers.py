"""What is chosen from on a letter's form: types of the classes that one may write, and a customer's invoices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.table import Operation
from app.core.actor import Actor
from app.correspondence import queries
from app.lookups.models import CorrespondenceType
from app.web.pickers import PICKER_ROWS, Option, Picker
from app.web.request_filters import ids_of

LETTER_TYPE, BULK_LETTER_TYPE = "letter_type", "bulk_letter_type"


def letter_type_picker(*, bulk: bool = False) -> Picker:
    """Return the picker of the active types whose letters the actor may write, or may write to many (`bulk`)."""

    def search(session: Session, actor: Actor, text: str, _args: Mapping[str, str]) -> Iterable[Option]:
        model = CorrespondenceType
        mine = queries.classes(actor, Operation.CREATE)
        statement = select(model).where(model.deleted_at.is_(None), model.active, model.correspondence_class.in_(mine))
        if bulk:
            statement = statement.where(model.bulk)
        if text:
            statement = statement.where(model.name.icontains(text, autoescape=True))
        return map(_option, session.scalars(statement.order_by(model.position, model.name).limit(PICKER_ROWS)))

    def chosen(session: Session, _actor: Actor, values: list[str]) -> Iterable[Option]:
        return map(
            _option, session.scalars(select(CorrespondenceType).where(CorrespondenceType.id.in_(ids_of(values))))
        )

    return Picker(search, chosen)


def _option(row: CorrespondenceType) -> Option:
    return Option(str(row.id), row.name)
