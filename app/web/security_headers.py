"""Send the headers that keep pages to themselves: content policy, frames, referrers, cookies and caches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response, request
from flask_talisman import Talisman

View = TypeVar("View", bound=Callable[..., Any])

CONTENT_SECURITY_POLICY = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    # Tabler draws its select arrows and check marks from data: images.
    "img-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'self'",
    "frame-src": "'self'",
}
PERMISSIONS_POLICY = dict.fromkeys(
    ("accelerometer", "browsing-topics", "camera", "display-capture", "geolocation", "microphone", "payment", "usb"),
    "()",
)


def init_app(app: Flask) -> None:
    """Send the headers with every answer; cookies are Secure where people reach the application by https."""
    secure = (app.config["SETTINGS"].public_url or "").startswith("https://")
    app.config.update(
        SESSION_COOKIE_SECURE=secure,
        REMEMBER_COOKIE_SECURE=secure,
        REMEMBER_COOKIE_HTTPONLY=True,
        REMEMBER_COOKIE_SAMESITE="Lax",
    )
    app.after_request(_keep_out_of_caches)
    Talisman(
        app,
        content_security_policy=CONTENT_SECURITY_POLICY,
        permissions_policy=PERMISSIONS_POLICY,
        # Redirecting to https is the reverse proxy's task; HSTS goes out with secure requests alone.
        force_https=False,
        # Other names below this one are not this application's to decide on.
        strict_transport_security_include_subdomains=False,
        referrer_policy="same-origin",
        frame_options="SAMEORIGIN",
        # Decided above: Talisman would set it at the first request, and never in debug mode.
        session_cookie_secure=False,
        session_cookie_http_only=True,
        session_cookie_samesite="Lax",
    )


def own_policy(policy: dict[str, str]) -> Callable[[View], View]:
    """Give one view a content policy of its own, as for a mail that is shown in its sandboxed frame."""

    def mark(view: View) -> View:
        view.talisman_view_options = {"content_security_policy": policy}  # type: ignore[attr-defined]
        return view

    return mark


def _keep_out_of_caches(response: Response) -> Response:
    """Forbid storing whatever is not an asset; a view that set a rule of its own keeps it."""
    is_asset = (request.endpoint or "").rpartition(".")[2] == "static"
    if not is_asset and "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    return response
