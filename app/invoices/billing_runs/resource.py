"""What the screens and REST of billing runs have in common."""

from __future__ import annotations

from typing import Any

from app.core.words import say
from app.invoices.billing_runs import queries, service
from app.invoices.billing_runs.fields import RUN_FIELDS
from app.invoices.billing_runs.models import BillingRun
from app.invoices.billing_runs.rules import RunStatus
from app.mailer.sending_defaults import sending_defaults
from app.web.day_filters import DaysFilter
from app.web.list_filters import ListFilter, choice
from app.web.resource import Resource

LABELS = {
    "id": say("Billing run"),
    "status": say("Status"),
    "filters": say("Filters"),
    "account_numbers": say("Account numbers"),
    "invoice_count": say("Invoices"),
    "created_by": say("Made by"),
    "planned_at": say("Planned"),
    "started_by": say("Started by"),
    "started_at": say("Started"),
    "finished_at": say("Finished"),
}
FILTERS: tuple[ListFilter, ...] = (
    choice("status", LABELS["status"], BillingRun.status, {one.value: one.words for one in RunStatus}),
    DaysFilter(name="created_at", label=say("Created"), column=BillingRun.created_at),
)


def _plain(name: str) -> Any:  # a function of the run
    return lambda run: getattr(run, name)


BILLING_RUN = Resource(
    name="billing_run",
    label=say("Billing run"),
    plural=say("Billing runs"),
    add_label=say("Plan a billing run"),
    none_yet=say("No billing runs yet"),
    labels=LABELS,
    model=BillingRun,
    fields=RUN_FIELDS,
    rows=queries.runs,
    get=lambda session, actor, number: queries.run(session, actor, run_id=number),
    orders={"id": BillingRun.id, "created_at": BillingRun.created_at, "status": BillingRun.status},
    default_order="-created_at",
    list_filters=FILTERS,
    filters={
        "id": BillingRun.id,
        "status": BillingRun.status,
        "created_at": BillingRun.created_at,
        "created_by": BillingRun.created_by,
    },
    matching=queries.matching,
    read_only={
        name: _plain(name)
        for name in (
            "status",
            "invoice_count",
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
