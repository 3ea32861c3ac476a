"""The outbox in Prometheus's words: numbers alone, and no label that could name anybody."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.core import clock
from app.core.events import Event, log_event
from app.mailer.message_states import MessageState
from app.mailer.watching.figures import Figures, figures

# A million messages take a tenth of a second to count; whoever asks sooner gets what was counted last.
KEEP_SECONDS = 10.0


class Metrics:
    """Gives the text of `/metrics`; counts anew when the last count is older than KEEP_SECONDS."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counted: tuple[Engine, float, Figures | None] | None = None

    def text(self, session: Session, engine: Engine) -> bytes:
        """Return the figures in Prometheus's text format."""
        registry = CollectorRegistry()
        # Of this web process alone.
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)
        registry.register(_Outbox(self._figures(session, engine)))
        return generate_latest(registry)

    def _figures(self, session: Session, engine: Engine) -> Figures | None:
        # One counts, and the others wait for what it finds.
        with self._lock:
            known = self._counted
            if known is None or known[0] is not engine or time.monotonic() - known[1] >= KEEP_SECONDS:
                try:
                    found: Figures | None = figures(session, now=clock.now())
                except SQLAlchemyError as error:
                    log_event(Event.FIGURES_UNREADABLE, error=error)
                    session.rollback()
                    found = None
                known = self._counted = (engine, time.monotonic(), found)
            return known[2]


class _Outbox(Collector):
    """The figures as metrics; None stands for a database that can't be read."""

    def __init__(self, found: Figures | None) -> None:
        self._found = found

    def describe(self) -> list[Metric]:
        """Name nothing beforehand: what there is depends on the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Give each metric with its samples."""
        found = self._found
        yield _gauge("counterpart_database_up", "Whether the database can be read.", int(found is not None))
        if found is None:
            return
        states = GaugeMetricFamily("counterpart_messages", "Messages by state.", labels=["state"])
        for state, number in found.states.items():
            states.add_metric([state], number)
        yield states
        tried = CounterMetricFamily("counterpart_attempts", "Attempts by outcome.", labels=["outcome"])
        for outcome, number in found.attempts.items():
            tried.add_metric([outcome], number)
        yield tried
        sent, bounced = found.attempts.get(MessageState.SENT, 0), found.states[MessageState.BOUNCED]
        yield CounterMetricFamily("counterpart_mails_sent", "Mails that a server has accepted.", value=sent)
        yield CounterMetricFamily("counterpart_bounces", "Messages that have bounced.", value=bounced)
        yield _gauge("counterpart_outbox_due", "Messages that are due and in nobody's hand.", found.due)
        yield _gauge("counterpart_outbox_oldest_due_seconds", "For how long the oldest has been due.", found.oldest_due)
        yield _gauge("counterpart_outbox_paused", "Whether a person has paused the outbox.", int(found.paused))
        lanes = GaugeMetricFamily("counterpart_lanes_waiting", "Lanes that wait, by kind.", labels=["kind"])
        for kind, number in found.lanes.items():
            lanes.add_metric([kind], number)
        yield lanes
        beats = GaugeMetricFamily(
            "counterpart_worker_heartbeat_age_seconds", "Since when nothing was heard of a worker.", labels=["worker"]
        )
        for worker, age in found.heartbeats.items():
            beats.add_metric([worker], age)
        yield beats


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)
