"""The page of Verify Password, and how often it may be tried, on the screen and over REST."""

from __future__ import annotations

from flask import make_response, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access
from flask_wtf import FlaskForm
from limits import RateLimitItemPerMinute
from wtforms import PasswordField

from app.contacts import queries
from app.contacts.passwords import verify_password
from app.core.actor import Actor
from app.core.errors import DomainError
from app.core.unit_of_work import unit_of_work
from app.core.words import say
from app.extensions import db
from app.web.current import current_actor
from app.web.form_pages import Answer
from app.web.rate_limits import count_try
from app.web.request_filters import id_or_404

# A caller may mistype; nobody guesses with so few tries a minute.
_PER_CONTACT = RateLimitItemPerMinute(5)
_PER_USER = RateLimitItemPerMinute(20)


def verified_by(actor: Actor, *, contact_id: int, password: object, version: int | None = None) -> bool:
    """Tell whether a password is the contact's, unless it was tried too often.

    Raises Forbidden, NotFound, Stale, Invalid, TooManyRequests.
    """
    # What is out of sight can't be tried, and isn't counted: not even that is told of it.
    contact = queries.contact(db.session(), actor, contact_id=contact_id)
    limits = {f"contact {contact.id}": _PER_CONTACT, f"user {actor.user_id}": _PER_USER}
    count_try("verify_password", limits)
    with unit_of_work(db.session) as session:
        return verify_password(session, actor, contact_id=contact_id, password=password, version=version)


class PasswordForm(FlaskForm):
    """What the caller says."""

    password = PasswordField(render_kw={"autocomplete": "off", "maxlength": 128})


class VerifyPasswordView(BaseView):
    """Verify Password, of a contact's Actions menu."""

    route_base = "/contacts"
    class_permission_name = "contact"
    method_permission_name = {"verify_password": "verify_password"}
    default_view = "verify_password"

    @expose("/<pk>/verify-password", methods=["GET", "POST"])
    @has_access
    def verify_password(self, pk: str) -> Answer:
        """Ask what the caller says, and answer yes or no."""
        actor, number = current_actor(), id_or_404(pk)
        name = queries.contact(db.session(), actor, contact_id=number).name
        form = PasswordForm()
        form.password.label.text = say("Password that the caller says")
        verified: bool | None = None
        error: DomainError | None = None
        if request.method == "POST":
            try:
                verified = verified_by(actor, contact_id=number, password=form.password.data)
            except DomainError as refusal:
                error = refusal
                form.password.errors = error.errors.get("password", [])
        page = self.render_template(
            "contacts/verify_password.html",
            title=say("Verify the password of {name}", name=name),
            form=form,
            verified=verified,
            error=error.message if error else None,
            back_url=url_for("ContactView.show", pk=number),
        )
        answer = make_response(page, error.status if error else 200)
        if error and "retry_after" in error.detail:
            answer.headers["Retry-After"] = str(error.detail["retry_after"])
        return answer
