"""Which status a ticket gets: the one that was chosen, or the first of its list that fits."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.core.errors import Invalid
from app.core.whole_numbers import clean_id
from app.core.words import said, say
from app.tickets import queries
from app.tickets.rules import Status, closing_error, default_status, opening_error

_FIELD = "ticket_status"


def status_to_open(session: Session, status_id: int | None) -> Status:
    """Return the status that a ticket is opened with. Raises Invalid."""
    if status_id is None:
        return _default(session, closed=False)
    return _fitting(queries.status(session, status_id), closed=False)


def chosen_status(session: Session, raw: object, *, closed: bool) -> Status:
    """Return the status of a closing, or of a reopening: what was given, or the first that fits. Raises Invalid."""
    if raw is None or raw == "":
        return _default(session, closed=closed)
    try:
        number = clean_id(raw)
    except ValueError as error:
        raise Invalid(said(error), field=_FIELD) from error
    found = next((one for one in queries.statuses(session) if one.id == number and one.active), None)
    if found is None:
        raise Invalid(say("There is no active ticket status with the id {id}.", id=number), field=_FIELD)
    return _fitting(found, closed=closed)


def _fitting(status: Status, *, closed: bool) -> Status:
    refused = closing_error(status) if closed else opening_error(status)
    if refused:
        raise Invalid(refused, field=_FIELD)
    return status


def _default(session: Session, *, closed: bool) -> Status:
    found = default_status(queries.statuses(session), closed=closed)
    if found is None:
        missing = (
            say("No ticket status is closed. An administrator adds one under Lists.")
            if closed
            else say("There is no open ticket status. An administrator adds one under Lists.")
        )
        raise Invalid(missing, field=_FIELD)
    return found
