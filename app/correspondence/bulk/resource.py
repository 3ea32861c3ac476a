"""What the screens and REST of bulk letters have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import has_request_context
from sqlalchemy.orm import joinedload

from app.access.ask import may
from app.access.table import Operation
from app.core.words import say
from app.correspondence.bulk import queries, service
from app.correspondence.bulk.fields import BULK_FIELDS, BULK_LABELS, LetterFilters
from app.correspondence.bulk.models import BulkLetter
from app.correspondence.linked import choosings
from app.lookups.queries import filter_rows
from app.lookups.rules import CorrespondenceClass
from app.mailer.sending_defaults import sending_defaults
from app.runs.rules import RunStatus
from app.web.current import current_actor
from app.web.day_filters import DaysFilter
from app.web.list_filters import ListFilter, LookupFilter, choice
from app.web.resource import Resource


def filters_in_sight(filters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the filters without those of records that the reader may not see."""
    hidden: set[str] = set()
    if has_request_context():
        actor = current_actor()
        hidden = {name for name, group in choosings().items() if not may(actor, Operation.READ, group.resource)}
    return {name: value for name, value in filters.items() if name not in hidden}


@dataclass(frozen=True, slots=True)
class _FiltersInSight(LetterFilters):
    """The filters, as far as the reader may know of them."""

    def current(self, record: object, name: str) -> object:
        """Return what the reader may know of the filters that were set."""
        return filters_in_sight(getattr(record, name))


FILTERS: tuple[ListFilter, ...] = (
    choice("status", BULK_LABELS["status"], BulkLetter.status, {one.value: one.words for one in RunStatus}),
    LookupFilter(
        name="correspondence_type",
        label=BULK_LABELS["correspondence_type"],
        column=BulkLetter.correspondence_type_id,
        rows=filter_rows("correspondence_type"),
    ),
    choice(
        "correspondence_class",
        BULK_LABELS["correspondence_class"],
        BulkLetter.correspondence_class,
        {one.value: one.words for one in CorrespondenceClass},
    ),
    DaysFilter(name="created_at", label=say("Created"), column=BulkLetter.created_at),
)


def _plain(name: str) -> Any:  # a function of the record
    return lambda run: getattr(run, name)


BULK_LETTER = Resource(
    name="bulk_letter",
    label=say("Bulk letters"),
    plural=say("Bulk Letters"),
    add_label=say("Write bulk letters"),
    none_yet=say("No bulk letters yet"),
    labels=BULK_LABELS,
    model=BulkLetter,
    fields={**BULK_FIELDS, "filters": _FiltersInSight()},
    rows=queries.runs,
    get=lambda session, actor, number: queries.run(session, actor, run_id=number),
    orders={
        "id": BulkLetter.id,
        "created_at": BulkLetter.created_at,
        "status": BulkLetter.status,
        "subject": BulkLetter.subject,
    },
    default_order="-created_at",
    list_filters=FILTERS,
    filters={
        "id": BulkLetter.id,
        "status": BulkLetter.status,
        "correspondence_type": BulkLetter.correspondence_type_id,
        "correspondence_class": BulkLetter.correspondence_class,
        "created_at": BulkLetter.created_at,
        "created_by": BulkLetter.created_by,
    },
    matching=queries.matching,
    load=(joinedload(BulkLetter.correspondence_type),),
    of_one=("body",),
    read_only={
        name: _plain(name)
        for name in (
            "correspondence_class",
            "status",
            "letter_count",
            "created_by",
            "planned_at",
            "started_by",
            "started_at",
            "finished_at",
            "pause_reason",
        )
    },
    create=lambda session, actor, values: service.create_run(
        session, actor, values=values, defaults=sending_defaults()
    ),
    delete=lambda session, actor, number, version: service.delete_run(session, actor, run_id=number, version=version),
    trash=queries.trash,
    restore=lambda session, actor, number, version, act: service.restore_run(
        session, actor, run_id=number, version=version, act=act
    ),
    purge=lambda session, actor, number, reason, version: service.purge_run(
        session, actor, run_id=number, reason=reason, version=version
    ),
)
