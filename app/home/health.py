"""Whether the database, the worker and the outbox are well, and nothing else about them."""

from __future__ import annotations

from datetime import timedelta

from flask import Response, current_app, jsonify
from flask_appbuilder import BaseView, expose
from sqlalchemy import text

from app.core import clock
from app.core.events import Event, log_event
from app.extensions import db
from app.mailer import queries
from app.mailer.watching.breaches import breaches

WORKER_SILENCE = timedelta(seconds=90)


class HealthView(BaseView):
    """What a monitor asks, without a login."""

    route_base = "/health"
    default_view = "health"

    @expose("")
    def health(self) -> Response:
        """Answer 200 when all is well, 503 otherwise."""
        checks = {"database": False, "worker": False, "outbox": False}
        try:
            session = db.session()
            session.execute(text("SELECT 1"))
            checks["database"] = True
            now = clock.now()
            beat = queries.last_heartbeat(session)
            checks["worker"] = beat is not None and now - beat < WORKER_SILENCE
            resend = current_app.config["SETTINGS"].uncertain == "resend"
            checks["outbox"] = not breaches(session, now=now, resend=resend)
        except Exception as error:  # noqa: BLE001  whatever it is, something is not well
            log_event(Event.HEALTH_FAILING, error=error)
        words = {name: "ok" if well else "failing" for name, well in checks.items()}
        answer = jsonify(status="ok" if all(checks.values()) else "failing", **words)
        answer.status_code = 200 if all(checks.values()) else 503
        return answer
