"""The screens of the lists, one each, and the pickers that choose from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.words import say
from app.lookups import queries
from app.lookups.models import LOOKUP_MODELS, Dealer, Lookup
from app.lookups.resource import LOOKUP_RESOURCES
from app.lookups.usage_reports.views import ProfilePages
from app.web.admin_view import AdminView
from app.web.pickers import PICKER_ROWS, Option, Picker
from app.web.request_filters import ids_of
from app.web.resource import Resource

_HINTS = {
    "active": say("One that isn't active can't be newly chosen, and stays where it is chosen."),
    "position": say("Lists are sorted by this number first, then by name."),
    "code": say("Given once: customers, contacts and users carry this code."),
    "bulk": say("May be sent to many customers at once."),
    "template_subject": say("Stands in a new letter of this type; placeholders as in letters."),
    "template_body": say("The same, in Markdown: its headings are the letter's sections."),
    "allows_correspondence": say("Without this, customers of this status get no document."),
    "closed": say("Tickets of this status are done."),
    "report": say("What the report has a row for."),
    "columns": say("In the order in which the file has them. Without any, the usual ones of the report."),
    "file_format": say("What it is attached to the mail as."),
    "available_to": say("Who may have it. Where it is chosen already, it stays; to others it does not go."),
    "customers": say("Count while it is available to some customers."),
    "dealers": say("Count while it is available to customers of some dealers."),
}

_NO_COLUMNS = ("position", "template_subject", "template_body")

# Which rows a form is offered, by the parameters that it gives its picker.
Condition = Callable[[Session, Actor, Mapping[str, str]], ColumnElement[bool]]
_BASES: dict[str, type[AdminView]] = {"usage_report_profile": ProfilePages}


def _view(resource: Resource) -> type[AdminView]:
    plural = resource.plural.lower().replace(" ", "-")
    base = _BASES.get(resource.name, AdminView)
    columns = list(getattr(base, "profile_columns", [name for name in resource.fields if name not in _NO_COLUMNS]))
    others = [name for name in resource.fields if name not in columns and name != "template_body"]
    attributes = {
        "__module__": __name__,
        "__doc__": f"The screens of {resource.plural.lower()}.",
        "resource": resource,
        "route_base": f"/{plural}",
        "list_columns": columns,
        "list_choices": [*others, "created_at", "last_modified_at"],
        "sections": ((say("Details"), tuple(resource.fields)),),
        "show_extra": ((say("System Information"), ("created_at", "last_modified_at")),),
        "description_columns": {name: hint for name, hint in _HINTS.items() if name in resource.fields},
        "empty_text": say("An administrator fills this list; forms then offer its rows."),
    }
    return type(f"{resource.model.__name__}View", (base,), attributes)


LOOKUP_VIEWS: dict[str, type[AdminView]] = {name: _view(resource) for name, resource in LOOKUP_RESOURCES.items()}


def lookup_picker(resource: str, only: Condition | None = None) -> Picker:
    """Return the picker of a list: its active rows by position and name, perhaps `only` some for its form."""
    model = LOOKUP_MODELS[resource]

    def search(session: Session, actor: Actor, text: str, args: Mapping[str, str]) -> Iterable[Option]:
        statement = queries.rows(actor, resource=resource).where(model.active)
        if only is not None:
            statement = statement.where(only(session, actor, args))
        if text:
            statement = statement.where(model.name.icontains(text, autoescape=True))
        return map(_option, session.scalars(statement.order_by(model.position, model.name).limit(PICKER_ROWS)))

    def chosen(session: Session, _actor: Actor, values: list[str]) -> Iterable[Option]:
        return map(_option, session.scalars(select(model).where(model.id.in_(ids_of(values)))))

    return Picker(search, chosen)


def dealer_picker() -> Picker:
    """Return the picker of dealers by code; a dealer's own staff choose among one."""

    def search(session: Session, actor: Actor, text: str, _args: Mapping[str, str]) -> Iterable[Option]:
        statement = queries.rows(actor, resource="dealer").where(Dealer.active)
        if actor.dealer_code is not None:
            statement = statement.where(Dealer.code == actor.dealer_code)
        if text:
            statement = statement.where(
                Dealer.name.icontains(text, autoescape=True) | Dealer.code.icontains(text, autoescape=True)
            )
        rows = session.scalars(statement.order_by(Dealer.position, Dealer.name).limit(PICKER_ROWS))
        return [Option(row.code, row.name, row.code) for row in rows]

    def chosen(session: Session, _actor: Actor, values: list[str]) -> Iterable[Option]:
        rows = session.scalars(select(Dealer).where(Dealer.code.in_(values)))
        return [Option(row.code, _words(row), row.code) for row in rows]

    return Picker(search, chosen)


def _option(row: Lookup) -> Option:
    return Option(str(row.id), _words(row))


def _words(row: Lookup) -> str:
    """Return the name of a row, and that it stays only where it is chosen."""
    return row.name if row.active and row.deleted_at is None else say("{name} (no longer active)", name=row.name)
