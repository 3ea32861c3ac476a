"""The screens of API keys, and the picker of the users that one may act as."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from flask import make_response, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from sqlalchemy.orm import Session

from app.access.ask import may
from app.access.models import StaffUser
from app.access.table import Operation
from app.api_keys import queries, service
from app.api_keys.models import ApiKey
from app.api_keys.resource import API_KEY, state
from app.api_keys.rules import KeyState
from app.core import clock
from app.core.actor import Actor
from app.core.errors import DomainError
from app.core.unit_of_work import unit_of_work
from app.core.words import say
from app.extensions import db
from app.web.admin_view import AdminView
from app.web.current import current_actor
from app.web.display import tag
from app.web.form_pages import Answer
from app.web.pickers import PICKER_ROWS, Option, Picker
from app.web.request_filters import id_or_404, ids_of

USUAL_LIFE = timedelta(days=90)
_TONES = {KeyState.GOOD: "success", KeyState.EXPIRED: "warning", KeyState.USER_INACTIVE: "warning"}


class ApiKeyView(AdminView):
    """API keys: the list, a key's page, making one and revoking one. A key that was made is not changed."""

    resource = API_KEY
    route_base = "/api-keys"
    list_columns = ["label", "beginning", "user", "read_only", "expires_at", "last_used_at", "state"]
    list_choices = ["created_at"]
    sections = ((say("API key"), ("label", "user", "read_only", "expires_at")),)
    show_extra = (
        (say("Use"), ("state", "last_used_at", "beginning")),
        (say("System Information"), ("created_at",)),
    )
    description_columns = {
        "label": say("Which program uses it, such as Billing. The audit trail names it."),
        "user": say("The key has this user's role and dealer code. Give each program a user of its own."),
        "read_only": say("With this, the key changes nothing, whatever its user may do."),
        "expires_at": say("A year ahead at most. Make the next key before then."),
    }
    search_hint = say("Label, the key's beginning or user name.")
    empty_text = say("A program shows a key instead of a user name and a password.")

    def cell(self, record: ApiKey, name: str) -> Any:
        """Name the user as the audit trail does, and mark the state."""
        if name == "user":
            return record.user.username
        if name == "state":
            found = state(record)
            return tag(found.words, _TONES[found])
        return super().cell(record, name)

    def starting_values(self) -> dict[str, object]:
        """Begin with a key that only reads, for a quarter of a year."""
        expires_at = (clock.now() + USUAL_LIFE).replace(microsecond=0)
        return {"read_only": True, "expires_at": expires_at.isoformat()}

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self) -> Answer:
        """Make a key, and show it this once: no address leads to it afterwards."""
        actor = current_actor()
        form = self._form(actor, None, {})
        if request.method == "GET":
            return self._form_page(actor, form, None)
        given = form.given()
        try:
            with unit_of_work(db.session) as session:
                record, key = service.create_api_key(session, actor, values=given)
                number = record.id
        except DomainError as error:
            return self._form_page(actor, form, None, error=error, given=given)
        page = self.render_template(
            "api_keys/made.html",
            title=say("API key {label}", label=queries.api_key(db.session(), actor, api_key_id=number).label),
            key=key,
            example=f"curl -H 'Authorization: Bearer {key}' {request.host_url}api/v1/customer/",
            done_url=self.show_url(number),
        )
        answer = make_response(page)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @expose("/delete/<pk>", methods=["GET", "POST"])
    @has_access
    def delete(self, pk: str) -> Answer:
        """Ask first; revoke on POST alone."""
        actor, number = current_actor(), id_or_404(pk)
        record = queries.api_key(db.session(), actor, api_key_id=number)
        label = record.label
        return self.confirmed(
            title=say("Revoke {label}", label=label),
            text=say(
                "Revoke the API key {label}? Its program is refused at once, and it can't be brought back.", label=label
            ),
            submit_label=say("Revoke"),
            record=record,
            run=lambda session, version: service.revoke_api_key(session, actor, api_key_id=number, version=version),
            done=say("The API key {label} was revoked.", label=label),
            after=url_for(f"{self.endpoint}.list"),
            danger=True,
        )

    def _actions_menu(self, actor: Actor, record: ApiKey) -> Sequence[dict[str, Any]]:
        if not may(actor, Operation.DELETE, self.resource.name):
            return []
        url = url_for(f"{self.endpoint}.delete", pk=record.id)
        return [{"label": say("Revoke"), "url": url, "icon": "trash", "danger": True}]


def user_picker() -> Picker:
    """Return the picker of the users that a key may act as."""

    def search(session: Session, actor: Actor, text: str, _args: Mapping[str, str]) -> Iterable[Option]:
        statement = queries.possible_users(actor)
        if text:
            names = (StaffUser.username, StaffUser.first_name, StaffUser.last_name)
            found = names[0].icontains(text, autoescape=True)
            for name in names[1:]:
                found = found | name.icontains(text, autoescape=True)
            statement = statement.where(found)
        return map(_option, session.scalars(statement.order_by(StaffUser.username).limit(PICKER_ROWS)))

    def chosen(session: Session, actor: Actor, values: list[str]) -> Iterable[Option]:
        statement = queries.possible_users(actor).where(StaffUser.id.in_(ids_of(values)))
        return map(_option, session.scalars(statement))

    return Picker(search, chosen)


def _option(user: StaffUser) -> Option:
    return Option(str(user.id), user.username, ", ".join(sorted(role.name for role in user.roles)))
