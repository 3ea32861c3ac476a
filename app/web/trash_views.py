"""The trash on the screen: deleted records by kind, a page for each, restoring, and purging for good."""

from __future__ import annotations

from typing import Any

from flask import abort, current_app, redirect, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access
from wtforms import StringField

from app.access.ask import ensure, may
from app.access.table import Operation
from app.core import purging, soft_delete
from app.core.actor import Actor
from app.core.errors import DomainError
from app.core.unit_of_work import unit_of_work
from app.core.words import say, say_count
from app.extensions import db
from app.web.admin_view import AdminView, Answer
from app.web.current import current_actor
from app.web.display import moment
from app.web.forms import Needed, RecordForm
from app.web.listing import MAX_SEARCH, Page, Wanted, list_page, sort_of
from app.web.request_filters import id_or_404, whole_number
from app.web.resource import Resource
from app.web.trash import Deletion, as_trash, bin_of, bins, deletions, in_trash, trashed
from app.web.undo import tell_too_late
from app.web.words import tell

NAMED = 20


class PurgeForm(RecordForm):
    """Asks why a record is purged."""

    reason = StringField(
        say("Reason"),
        description=say("It stays in the audit trail for good: write no names or addresses into it."),
        validators=[Needed()],
        render_kw={"maxlength": purging.MAX_REASON, "autocomplete": "off"},
    )


class TrashView(BaseView):
    """What was deleted and can be restored."""

    route_base = "/trash"
    class_permission_name = "trash"
    method_permission_name = {"list": "read", "show": "read", "restore": "restore", "purge": "purge"}
    default_view = "list"

    @expose("/list/", methods=["GET"])
    @expose("/", methods=["GET"])
    @has_access
    def list(self) -> Answer:
        """Show the deleted records of one kind, the last deleted first."""
        actor = current_actor()
        offered = bins(actor)
        kind = request.args.get("kind") or offered[0].name
        resource = as_trash(bin_of(kind))
        text = " ".join(request.args.get("q", "").replace("\x00", "").split())[:MAX_SEARCH]
        page = list_page(
            db.session(),
            in_trash(actor, resource, text),
            resource=resource,
            sort=sort_of(resource),
            wanted=Wanted(after=request.args.get("after", ""), before=request.args.get("before", "")),
        )
        told = deletions(db.session(), page.rows)
        return self.render_template(
            "web/trash.html",
            title=say("Trash"),
            kinds=[{"value": one.name, "label": one.plural, "selected": one.name == kind} for one in offered],
            kind=resource,
            q=text,
            rows=[self._row(actor, resource, record, told[record.id]) for record in page.rows],
            pages=_pages(page, kind, text),
            count=page.count,
            count_capped=page.count_capped,
        )

    @expose("/<kind>/<pk>", methods=["GET"])
    @has_access
    def show(self, kind: str, pk: str) -> Answer:
        """Show a deleted record: what it held, who deleted it, and what went along."""
        actor, resource = current_actor(), bin_of(kind)
        record = trashed(db.session(), actor, resource, id_or_404(pk))
        told = deletions(db.session(), [record])[record.id]
        return self.render_template(
            "web/trash_record.html",
            title=str(record),
            subtitle=resource.label,
            sections=_page_of(kind).facts(record),
            trash_url=url_for("TrashView.list", kind=kind),
            along=_named([str(child) for _, child in soft_delete.gone_along(db.session(), record)]),
            **self._row(actor, resource, record, told),
        )

    @expose("/<kind>/<pk>/restore", methods=["POST"])
    @has_access
    def restore(self, kind: str, pk: str) -> Answer:
        """Bring a record back; with `act`, which an Undo button sends, only after that very deletion."""
        resource = bin_of(kind)
        actor, number = current_actor(), id_or_404(pk)
        act = whole_number(request.form["act"]) if "act" in request.form else None
        if resource.restore is None or ("act" in request.form and act is None):
            abort(400)
        try:
            with unit_of_work(db.session) as session:
                record = resource.restore(session, actor, number, None, act)
                done = say("{kind} {name} was restored.", kind=resource.label, name=str(record))
        except DomainError as error:
            if act is None:
                tell(error.message, "danger")
            else:
                tell_too_late(error)
            return redirect(url_for("TrashView.list", kind=kind))
        tell(done)
        return redirect(_page_of(kind).show_url(number))

    @expose("/<kind>/<pk>/purge", methods=["GET", "POST"])
    @has_access
    def purge(self, kind: str, pk: str) -> Answer:
        """Say what goes for good, ask why, and purge on POST alone."""
        actor, resource = current_actor(), bin_of(kind)
        ensure(actor, Operation.PURGE, resource.name)
        number = id_or_404(pk)
        record = _purgeable(actor, resource, number)
        name = str(record)
        form = PurgeForm(data={"version": record.version})
        error: DomainError | None = None
        try:
            if request.method == "POST":
                with unit_of_work(db.session) as session:
                    if resource.purge is None:
                        abort(404)
                    resource.purge(session, actor, number, form.reason.data, form.opened_version())
                tell(say("{kind} {name} was purged.", kind=resource.label, name=name))
                return redirect(_list_url(resource))
            if resource.trash is not None:
                purging.ensure_purgeable(db.session(), record)
        except DomainError as refusal:
            error = refusal
            form.show_errors(refusal)
        page = self.render_template(
            "web/confirm.html",
            title=say("Purge {name}", name=name),
            text=say("This wipes what follows for good. Nothing brings it back."),
            touches=_named(purging.preview(db.session(), actor, record=_purgeable(actor, resource, number))),
            submit_label=say("Purge"),
            danger=True,
            cancel_url=_page_of(kind).show_url(number)
            if resource.trash is None
            else url_for("TrashView.show", kind=kind, pk=number),
            form=form,
            error=error.message if error else None,
        )
        return page if error is None or request.method == "GET" else (page, error.status)

    def _row(self, actor: Actor, resource: Resource, record: Any, told: Deletion) -> dict[str, Any]:
        """Return what the list and the page tell of a deleted record, and what may be done with it."""
        kind, root = resource.name, told.went_with
        may_restore = may(actor, Operation.RESTORE, kind)
        return {
            "name": str(record),
            "url": url_for("TrashView.show", kind=kind, pk=record.id),
            "deleted_at": moment(record.deleted_at),
            "deleted_by": told.by,
            "went_with": root and {"label": root.label, "url": self._root_url(actor, root)},
            "took_along": say_count("{count} other went along", "{count} others went along", told.took_along)
            if told.took_along
            else "",
            # What went along with another comes back with that one alone.
            "restore_url": url_for("TrashView.restore", kind=kind, pk=record.id)
            if may_restore and root is None
            else None,
            "purge_url": url_for("TrashView.purge", kind=kind, pk=record.id)
            if may(actor, Operation.PURGE, kind)
            else None,
        }

    def _root_url(self, actor: Actor, root: Any) -> str | None:
        """Return the page of the record that another went along with, for those who may see it."""
        if not may(actor, Operation.TRASH, root.resource):
            return None
        return url_for("TrashView.show", kind=root.resource, pk=root.record_id)


def _purgeable(actor: Actor, resource: Resource, number: int) -> Any:
    """Return a record from the trash, or one of a kind that has none: messages are purged as they are."""
    if resource.trash is None:
        return resource.get(db.session(), actor, number)
    return trashed(db.session(), actor, resource, number)


def _list_url(resource: Resource) -> str:
    if resource.trash is None:
        return _page_of(resource.name).list_url()
    return url_for("TrashView.list", kind=resource.name)


def _page_of(kind: str) -> AdminView:
    """Return the view that shows the living records of a kind."""
    views = current_app.appbuilder.baseviews  # type: ignore[attr-defined]  # FAB sets it
    return next(one for one in views if isinstance(one, AdminView) and one.resource.name == kind)


def _pages(page: Page, kind: str, text: str) -> dict[str, str | None]:
    given: dict[str, Any] = {"kind": kind, "q": text or None}
    return {
        "previous_url": url_for("TrashView.list", before=page.previous, **given) if page.previous else None,
        "next_url": url_for("TrashView.list", after=page.next, **given) if page.next else None,
    }


def _named(lines: list[str]) -> list[str]:
    """Return so many lines, and how many others there are."""
    others = len(lines) - NAMED
    if others <= 0:
        return lines
    return [*lines[:NAMED], say_count("and {count} other", "and {count} others", others)]
