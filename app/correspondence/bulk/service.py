"""The verbs of bulk letters that people use: write, choose and plan, leave out, start, pause, resume, delete, purge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from app.access.ask import ensure, may
from app.access.table import Operation
from app.core.actor import Actor
from app.core.errors import FieldErrors, Forbidden, Invalid
from app.core.words import say, say_count
from app.correspondence.bulk import queries
from app.correspondence.bulk.fields import BULK_FIELDS, kept
from app.correspondence.bulk.kind import KIND
from app.correspondence.bulk.models import BulkLetter
from app.correspondence.bulk.planning import planned
from app.correspondence.bulk.rules import MAX_LETTERS
from app.correspondence.fields import letter_errors
from app.correspondence.linked import choosings
from app.correspondence.rules import ensure_bulk
from app.lookups.editing import Edit, prepare_new
from app.lookups.models import CorrespondenceType, CustomerStatus
from app.lookups.queries import dealer_by_code
from app.lookups.rules import CorrespondenceClass
from app.mailer.planning.facts import Defaults
from app.runs import service as shared
from app.runs.fields import named_dealer
from app.runs.planning import Planned
from app.runs.rules import AnyState

pause_run = partial(shared.pause_run, KIND)
delete_run = partial(shared.delete_run, KIND)
restore_run = partial(shared.restore_run, KIND)
purge_run = partial(shared.purge_run, KIND)


def create_run(session: Session, actor: Actor, *, values: Mapping[str, object], defaults: Defaults) -> BulkLetter:
    """Write a letter for many, choose its customers, and plan it; no letter is made, and nothing is sent.

    Raises Forbidden, Invalid (each field and filter at its name, unknown account numbers named; nobody matches; too
    many; a type that is not for bulk), Conflict (`no_public_url`).
    """
    ensure(actor, Operation.CREATE, KIND.name)
    edit, customer_ids = _checked(session, actor, values)
    given = {name: new for name, (_, new) in edit.changes.items()}
    kind = session.get_one(CorrespondenceType, given["correspondence_type"])
    filters, numbers = given.get("filters") or {}, given.get("account_numbers") or []
    run = BulkLetter(
        correspondence_type_id=kind.id,
        correspondence_class=kind.correspondence_class,
        subject=given["subject"],
        body=given["body"],
        send=bool(given.get("send")),
        link_invoices=bool(given.get("link_invoices")),
        filters=kept(filters),
        account_numbers=numbers,
    )
    _ensure_may_write(actor, run, kind)
    _ensure_bulk(run, kind, defaults)
    if not filters and not numbers:
        words = say("Choose by at least one filter, or name account numbers: without any, it would be every customer.")
        raise Invalid(words, field="filters")
    chosen = queries.chosen_customers(
        session,
        actor,
        filters=filters,
        customer_ids=customer_ids,
        language=defaults.language,
        limit=MAX_LETTERS + 1,
    )
    _ensure_some(chosen)
    plans = _plans(session, actor, run, chosen, filters, defaults)
    # By what customers were chosen, and who they are, is no matter of the trail: it would outlive a purge.
    told = {"correspondence_type": kind.id, "send": run.send}
    shared.keep_run(KIND, session, actor, run, plans, told=told)
    return run


def plan_run_again(
    session: Session, actor: Actor, *, run_id: int, defaults: Defaults, version: int | None = None
) -> BulkLetter:
    """Plan anew what has not been made: all of it before the start, and of finished ones what has changed or failed.

    They then wait for their start. Raises Forbidden, NotFound, Stale, Conflict (`not_possible`, `nothing_left`).
    """
    run = shared.run_to_plan(KIND, session, actor, run_id=run_id, version=version)
    customer_ids = queries.not_left(session, actor, run.id)
    filters: Any = BULK_FIELDS["filters"].clean(run.filters)
    _ensure_sees_groups(actor, filters if run.link_invoices else {})
    shared.keep_run_again(KIND, session, actor, run, _plans(session, actor, run, customer_ids, filters, defaults))
    return run


def choose_customers(
    session: Session,
    actor: Actor,
    *,
    run_id: int,
    tick: Sequence[int] = (),
    untick: Sequence[int] = (),
    untick_accounts: object = None,
    version: int | None = None,
) -> BulkLetter:
    """Leave customers out by their ids or account numbers, and take others in again.

    Ids of customers that are not among them change nothing. Raises Forbidden, NotFound, Stale, Invalid (unknown
    account numbers named), Conflict (`not_possible`).
    """
    run = shared.run_to_choose(KIND, session, actor, run_id=run_id, version=version)
    named = shared.customers_named(session, actor, untick_accounts)
    out = queries.row_ids(session, actor, run.id, AnyState.WAITING, [*untick, *named])
    back = queries.row_ids(session, actor, run.id, AnyState.UNTICKED, tick)
    shared.choose_rows(KIND, session, actor, run, out=out, back=back)
    return run


def start_run(
    session: Session, actor: Actor, *, run_id: int, defaults: Defaults, version: int | None = None
) -> BulkLetter:
    """Have the worker make the letters, and send them where they are to be sent, in the actor's name.

    Raises Forbidden, NotFound, Stale, Invalid, Conflict (`not_possible`, `nothing_left`, `no_public_url`).
    """
    _ensure_still_bulk(session, actor, run_id, defaults)
    nothing_left = say("Every customer is left out. Tick one, then start them.")
    return shared.start_run(KIND, session, actor, run_id=run_id, version=version, nothing_left=nothing_left)


def resume_run(
    session: Session, actor: Actor, *, run_id: int, defaults: Defaults, version: int | None = None
) -> BulkLetter:
    """Have paused ones go on, in the actor's name. Raises as `start_run` does."""
    _ensure_still_bulk(session, actor, run_id, defaults)
    return shared.resume_run(KIND, session, actor, run_id=run_id, version=version)


def _checked(session: Session, actor: Actor, values: Mapping[str, object]) -> tuple[Edit, Sequence[int]]:
    """Return what was given, checked, and the customers of the account numbers. Raises Invalid, all errors at once."""
    found: list[int] = []

    def rule(given: Mapping[str, Any]) -> FieldErrors:
        errors = letter_errors(given)
        ids, unknown = shared.known_customers(session, actor, given.get("account_numbers") or [])
        found.extend(ids)
        if unknown:
            errors["account_numbers"] = [unknown]
        filters = given.get("filters") or {}
        status = filters.get("customer_status")
        if status is not None and session.get(CustomerStatus, status) is None:
            errors["filters.customer_status"] = [say("There is no customer status with this id.")]
        dealer = named_dealer(values.get("filters"))
        if dealer and dealer_by_code(session, dealer) is None:
            errors["filters.dealer_code"] = [say("There is no dealer with this code.")]
        if given.get("link_invoices") and not set(filters) & set(choosings()):
            errors["link_invoices"] = [say("Choose customers by their invoices, to tie these to the letters.")]
        return errors

    edit = prepare_new(session, actor, resource=KIND.name, fields=BULK_FIELDS, given=values, rule=rule)
    _ensure_sees_groups(actor, (edit.changes.get("filters") or (None, {}))[1])
    return edit, found


def _ensure_sees_groups(actor: Actor, filters: Mapping[str, Any]) -> None:
    """Raise Forbidden for filters of records that the actor may not see."""
    for name, group in choosings().items():
        if name in filters and not may(actor, Operation.READ, group.resource):
            text = say("Your role may not choose by these.")
            raise Forbidden(text, code="field_forbidden", errors={f"filters.{name}": [text]})


def _ensure_may_write(actor: Actor, run: BulkLetter, kind: CorrespondenceType) -> None:
    wanted = [Operation.CREATE, *([Operation.SEND] if run.send else [])]
    if not all(may(actor, operation, run.letter_resource) for operation in wanted):
        text = say("Your role may not write letters of the type {name}.", name=kind.name)
        raise Forbidden(text, code="field_forbidden", errors={"correspondence_type": [text]})


def _ensure_bulk(run: BulkLetter, kind: CorrespondenceType, defaults: Defaults) -> None:
    marketing = run.send and run.correspondence_class == CorrespondenceClass.MARKETING
    ensure_bulk(kind_bulk=kind.bulk, marketing=marketing, public_url=defaults.public_url)


def _ensure_still_bulk(session: Session, actor: Actor, run_id: int, defaults: Defaults) -> None:
    ensure(actor, Operation.SEND, KIND.name)
    run = queries.run(session, actor, run_id=run_id)
    _ensure_bulk(run, session.get_one(CorrespondenceType, run.correspondence_type_id), defaults)


def _ensure_some(chosen: Sequence[int]) -> None:
    if not chosen:
        raise Invalid(say("No customer matches this. Change what you choose by."), code="nothing_matches")
    if len(chosen) > MAX_LETTERS:
        words = say_count(
            "Bulk letters go to at most {count} customer at once. Choose fewer, and write several times.",
            "Bulk letters go to at most {count} customers at once. Choose fewer, and write several times.",
            MAX_LETTERS,
        )
        raise Invalid(words, code="too_many")


def _plans(
    session: Session,
    actor: Actor,
    run: BulkLetter,
    customer_ids: Sequence[int],
    filters: Mapping[str, Any],
    defaults: Defaults,
) -> list[Planned]:
    invoices = queries.invoices_of(session, actor, filters, customer_ids) if run.link_invoices else {}
    return list(planned(session, run, customer_ids, invoices, defaults=defaults))
