"""The page of whoever unsubscribes: a GET asks and changes nothing, the POST of one click ends it (RFC 8058)."""

from __future__ import annotations

from typing import Any

from flask import current_app, make_response, render_template, request
from flask_appbuilder import BaseView, expose
from flask_limiter.util import get_remote_address
from limits import RateLimitItemPerMinute
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from app.core.actor import Actor, Door
from app.core.errors import DomainError, NotFound, Unreadable
from app.core.unit_of_work import unit_of_work
from app.core.words import say
from app.correspondence.unsubscribing import service
from app.correspondence.unsubscribing.links import FIELD, ONE_CLICK, PATH
from app.extensions import csrf, db
from app.issuer import queries as issuers
from app.mailer.models import Message
from app.mailer.wording.letters import mail_language
from app.web.current import take_for_nobody
from app.web.languages import speak
from app.web.rate_limits import count_try

# Some two hundred bytes do, with the boundaries of a multipart form.
MAX_BODY = 8 * 1024
# Mailboxes post for many people from few addresses: only what isn't ours counts by address.
_WRONG_TOKENS = RateLimitItemPerMinute(30)
_PER_MESSAGE = RateLimitItemPerMinute(30)


class UnsubscribeView(BaseView):
    """The one page for people outside: it knows its reader by the signed token alone, and sets no cookie."""

    route_base = PATH
    default_view = "unsubscribe"

    @expose("/<token>", methods=["GET", "POST", "OPTIONS"])
    def unsubscribe(self, token: str) -> Response:
        """Show what would end; by POST, end it."""
        request.max_content_length = MAX_BODY
        take_for_nobody()
        if request.method == "OPTIONS":
            return current_app.make_default_options_response()
        actor = Actor.system(Door.PUBLIC)
        try:
            message = _named(actor, token)
            speak(mail_language(message.language))
            if request.method == "POST":
                _ensure_one_click()
                with unit_of_work(db.session) as session:
                    service.unsubscribe(session, actor, token=token, secret=_secret())
            return _page(message.address, done=request.method == "POST")
        except DomainError as error:
            return _refused(error)
        except RequestEntityTooLarge as error:
            return _refused(Unreadable(say("This request is too large.")), status=error.code)


# A mailbox has no session, and so no token of one; the address itself is the secret.
csrf.exempt(UnsubscribeView.unsubscribe)


def _secret() -> str:
    return str(current_app.config["SECRET_KEY"])


def _named(actor: Actor, token: str) -> Message:
    """Return the message that a token names. Raises NotFound, TooManyRequests."""
    try:
        message = service.marketing_message(db.session(), actor, token=token, secret=_secret())
    except NotFound:
        count_try("unsubscribe", {f"address {get_remote_address()}": _WRONG_TOKENS})
        raise
    # Apart, so that whoever follows links again and again keeps no click from counting.
    count_try("unsubscribe", {f"{request.method} message {message.id}": _PER_MESSAGE})
    return message


def _ensure_one_click() -> None:
    """Raise Unreadable for a POST that isn't what mailboxes send, as a form of either kind (RFC 8058 section 3.2).

    The page's own button sends the same. Raises RequestEntityTooLarge.
    """
    wanted = request.form.get(FIELD, "").strip()
    if request.content_length is None:
        # Of a body that doesn't say how long it is, the form is what stands within the limit; what goes on is refused.
        request.stream.read(1)
    if wanted != ONE_CLICK:
        raise Unreadable(say("This request can't be read."))


def _page(address: str, *, done: bool) -> Response:
    return make_response(
        render_template(
            "correspondence/unsubscribe.html",
            title=say("Marketing letters have ended") if done else say("Stop marketing letters"),
            issuer=issuers.issuer(db.session()).name,
            address=address,
            done=done,
            form={"name": FIELD, "value": ONE_CLICK},
        )
    )


def _refused(error: DomainError, *, status: int | None = None) -> Response:
    """Answer on a page of its own: the house's page of errors is for staff, and begins a session."""
    page = render_template("correspondence/unsubscribe_refused.html", title=_title(error), message=error.message)
    answer = make_response(page, status or error.status)
    more: Any = error.detail.get("retry_after")
    if more is not None:
        answer.headers["Retry-After"] = str(more)
    return answer


def _title(error: DomainError) -> str:
    return say("Not found") if isinstance(error, NotFound) else say("This did not work")
