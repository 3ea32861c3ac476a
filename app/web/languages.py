"""Which language a request is answered in: the user's, the browser's, what a program accepts, or the instance's."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask, Response, current_app, g, redirect, request
from flask_appbuilder import BaseView, expose
from flask_babel import get_locale, refresh

from app.access.models import StaffUser
from app.core.errors import Invalid
from app.core.unit_of_work import unit_of_work
from app.core.words import say
from app.extensions import db
from app.web.script_words import script_words
from app.web.words import install_in_templates

# Each language with the conventions of its dates, numbers and amounts.
LOCALES = {"en": "en_GB", "de": "de"}
FALLBACK = "en"
COOKIE = "counterpart_language"
_A_YEAR = 365 * 24 * 3600


def default_language() -> str:
    """Return the language of those who have chosen none: the setting's, where the screens speak it."""
    language = str(current_app.config["SETTINGS"].language).replace("_", "-").partition("-")[0].lower()
    return language if language in LOCALES else FALLBACK


def request_language() -> str:
    """Return the language that this request is answered in.

    Programs say it by Accept-Language (RFC 9110, 12.5.4). People choose it once; it stays with them, and with the
    browser, so that the login speaks it too.
    """
    spoken: str | None = g.get("spoken_language")
    if spoken is not None:
        return spoken
    if request.path.startswith("/api/"):
        return request.accept_languages.best_match(list(LOCALES)) or default_language()
    wanted = getattr(g.get("user"), "language", None) or request.cookies.get(COOKIE)
    return wanted if wanted in LOCALES else default_language()


def speak(language: str) -> None:
    """Answer this request in one of the languages that there are: that of whom the page is for, whoever opens it."""
    g.spoken_language = language
    refresh()


class LanguageView(BaseView):
    """The switch in the header. It takes a POST: a link of another page changes nobody's language."""

    route_base = "/language"
    default_view = "choose"

    @expose("", methods=["POST"])
    def choose(self) -> Any:
        """Keep the chosen language with the user and the browser, and go back to the page."""
        language = request.form.get("language", "")
        if language not in LOCALES:
            raise Invalid(say("Choose one of the languages that are offered."), field="language")
        user = g.get("user")
        if user is not None and not user.is_anonymous and getattr(user, "language", None) != language:
            with unit_of_work(db.session) as session:
                own = session.get(StaffUser, user.id)
                if own is not None:
                    own.language = language
        answer = redirect(_own_address(request.form.get("next", "")))
        answer.set_cookie(
            COOKIE,
            language,
            max_age=_A_YEAR,
            httponly=True,
            secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
            samesite="Lax",
        )
        return answer


def _own_address(address: str) -> str:
    """Return an address of this house as it is, and the start page for any other."""
    return address if re.fullmatch(r"/(?![/\\])[^\\\x00-\x20]*", address) else "/"


def init_app(app: Flask) -> None:
    """Choose the language of each request, after Flask-AppBuilder has set up Flask-Babel in its own way."""
    # Flask-AppBuilder's selector writes the session at every request, and takes any language from the address.
    app.extensions["babel"].locale_selector = lambda: LOCALES[request_language()] if request else None
    install_in_templates(app)
    app.context_processor(lambda: {"page_language": get_locale().language, "script_words": script_words()})
    app.after_request(_name_language)


def _name_language(response: Response) -> Response:
    """Say in which language an answer is, and that a program's depends on what it accepts."""
    if request.path.startswith("/api/"):
        response.vary.add("Accept-Language")
        response.content_language.add(request_language())
    elif response.mimetype == "text/html":
        response.content_language.add(get_locale().language)
    return response
