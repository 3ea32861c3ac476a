"""What Prometheus scrapes: for administrators, and for whoever shows the token of the settings."""

from __future__ import annotations

import hmac

from flask import Response, current_app, request
from flask_appbuilder import BaseView, expose
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from app.access.ask import ensure
from app.access.table import Operation
from app.core.errors import Forbidden, Unauthenticated
from app.core.words import say
from app.extensions import db
from app.mailer.watching.metrics import Metrics
from app.web.current import current_actor

_BEARER = "bearer "


class MetricsView(BaseView):
    """The metrics, in Prometheus's text format."""

    route_base = "/metrics"
    default_view = "metrics"

    def __init__(self) -> None:
        super().__init__()
        self._metrics = Metrics()

    @expose("")
    def metrics(self) -> Response:
        """Give the figures. Raises Unauthenticated, Forbidden."""
        _let_in()
        text = self._metrics.text(db.session(), db.engine)
        return Response(text, content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _let_in() -> None:
    """Let in the token of the settings, and administrators who see all customers: the figures are everybody's."""
    shown = request.headers.get("Authorization", "")
    if shown:
        token = current_app.config["SETTINGS"].metrics_token
        given = shown[len(_BEARER) :].strip() if shown.lower().startswith(_BEARER) else ""
        # Compared in a time that says nothing about where they differ.
        if token is None or not hmac.compare_digest(given.encode(), token.encode()):
            raise Unauthenticated(say("This token is not valid."))
        return
    actor = current_actor()
    ensure(actor, Operation.READ, "metrics")
    if actor.dealer_code is not None:
        raise Forbidden(say("The outbox is everybody's: its figures are not for staff of one dealer."))
