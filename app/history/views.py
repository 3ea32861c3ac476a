"""The screens of the audit trail: the list with its filters, and a page for each entry."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import abort, current_app, redirect, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access
from sqlalchemy import false
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.core.actor import Actor, Door
from app.core.audit import Verb
from app.core.models import AuditEntry, AuditRecord
from app.core.words import say
from app.extensions import db
from app.history import queries
from app.history.panels import place_in_address
from app.history.queries import Wanted
from app.history.resource import AUDIT
from app.history.shown import shown_entries
from app.history.sight import hidden_verbs
from app.history.subjects import subjects_read_by
from app.history.wording import DOORS, WHAT_HAPPENED
from app.web.current import current_actor
from app.web.listing import MAX_SEARCH
from app.web.request_filters import id_or_404

LIST_PAGE = 50
PARAMETERS = ("q", "resource", "verb", "door", "user", "from", "to")


class AuditView(BaseView):
    """The audit trail, for those who may read it; nobody changes it."""

    resource = AUDIT
    route_base = "/audit"
    default_view = "list"
    class_permission_name = "audit"
    method_permission_name = {"index": "read", "list": "read", "show": "read"}

    @expose("/")
    @has_access
    def index(self) -> Response:
        """Lead to the list."""
        return redirect(url_for("AuditView.list"))

    @expose("/list/")
    @has_access
    def list(self) -> str:
        """Show a page of the trail, newest first, narrowed by the filters of the address."""
        actor, session = current_actor(), db.session()
        asked = {name: " ".join(request.args.get(name, "").replace("\x00", "").split()) for name in PARAMETERS}
        before = place_in_address()
        page = queries.trail(session, actor, _wanted(session, asked), after=before, size=LIST_PAGE)
        narrowed = {name: value for name, value in asked.items() if value}
        return self.render_template(
            "history/list.html",
            title=AUDIT.plural,
            asked=asked,
            filters=_filters(actor),
            entries=shown_entries(session, actor, page.entries, with_changes=False),
            older_url=_address({**narrowed, "before": str(page.next)}) if page.next else None,
            newest_url=_address(narrowed) if before else None,
            empty=_empty(further=page.next is not None),
        )

    @expose("/show/<pk>")
    @has_access
    def show(self, pk: str) -> str:
        """Show one entry with the records that it touched, and what changed on them."""
        actor, session = current_actor(), db.session()
        seen = queries.entry(session, actor, entry_id=id_or_404(pk))
        shown = shown_entries(session, actor, [seen])[0]
        facts = [
            {"label": say("User"), "value": shown["who"]},
            {"label": say("When"), "value": shown["at"]},
            {"label": say("Door"), "value": shown["door"]},
            {"label": say("Reason"), "value": shown["reason"]},
        ]
        return self.render_template("history/show.html", title=shown["what"], entry=shown, facts=facts)


def _wanted(session: Session, asked: dict[str, str]) -> Wanted:
    """Return what the filters of the address ask for; 400 for one that can't be read."""
    for name, known in (("verb", Verb), ("door", Door)):
        if asked[name] and asked[name] not in list(known):
            abort(400)
    indexed: list[Any] = []
    on_entry = [*_between(session, asked, indexed)]
    # The rarer of the two is looked up by its index, the other where that has led.
    if asked["verb"]:
        indexed.append(AuditEntry.verb == asked["verb"])
    if asked["user"]:
        (on_entry if asked["verb"] else indexed).append(AuditEntry.username == asked["user"][:MAX_SEARCH])
    if asked["door"]:
        on_entry.append(AuditEntry.door == asked["door"])
    on_record = []
    if asked["resource"]:
        on_record.append(AuditRecord.resource == asked["resource"][:MAX_SEARCH])
    if asked["q"]:
        on_record.append(AuditRecord.label.icontains(asked["q"][:MAX_SEARCH], autoescape=True))
    return Wanted(indexed=indexed, on_entry=on_entry, on_record=on_record)


def _between(session: Session, asked: dict[str, str], indexed: list[Any]) -> list[Any]:
    """Return the conditions that an entry is of the asked days of the configured zone; adds those on its id."""
    conditions: list[Any] = []
    first, last = _day(asked["from"]), _day(asked["to"])
    if first is not None:
        since = _start_of(first)
        conditions.append(AuditEntry.at >= since)
        indexed.append(_reached(queries.first_id_since(session, since), lambda number: AuditEntry.id >= number))
    if last is not None:
        until = _start_of(last + timedelta(days=1))
        conditions.append(AuditEntry.at < until)
        indexed.append(_reached(queries.last_id_until(session, until), lambda number: AuditEntry.id <= number))
    return conditions


def _reached(number: int | None, condition: Callable[[int], Any]) -> Any:
    return false() if number is None else condition(number)


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        abort(400)
    if not 1900 <= day.year <= 2200:  # noqa: PLR2004  the years that fields take too
        abort(400)
    return day


def _start_of(day: date) -> datetime:
    zone = ZoneInfo(current_app.config["SETTINGS"].timezone)
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _address(parameters: dict[str, str]) -> str:
    return url_for("AuditView.list") + (f"?{urlencode(parameters)}" if parameters else "")


def _filters(actor: Actor) -> list[dict[str, Any]]:
    hidden = hidden_verbs(actor)
    verbs = [(str(verb), words) for verb, words in WHAT_HAPPENED.items() if verb not in hidden]
    return [
        {
            "name": "resource",
            "label": say("Record"),
            "any": say("Any record"),
            "options": [(one.name, one.label) for one in subjects_read_by(actor)],
        },
        {"name": "verb", "label": say("What happened"), "any": say("Anything"), "options": verbs},
        {
            "name": "door",
            "label": say("Door"),
            "any": say("Any door"),
            "options": [(str(door), words) for door, words in DOORS.items()],
        },
    ]


def _empty(*, further: bool) -> dict[str, str]:
    if further:
        text = say("The entries looked through hold nothing that you asked for. Show older to look further back.")
        return {"title": say("Nothing so far"), "text": text}
    return {
        "title": say("Nothing found"),
        "text": say("Every act of people and of the program is kept here. Leave out a filter to see more."),
    }
