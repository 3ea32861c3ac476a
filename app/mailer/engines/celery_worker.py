"""A Celery worker that drains the outbox: each of its processes has a drainer, which wake-ups set to work at once."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import Any

from billiard.process import current_process
from celery import signals
from flask import Flask

from app.core.supervisor import end_with_parent
from app.extensions import celery, db
from app.mailer.engines.drainer import Drainer, Stop, Work
from app.mailer.engines.wakeups import WAKE_TASK
from app.mailer.engines.work import WAKEUPS

_drainers: list[Drainer] = []


@celery.task(name=WAKE_TASK)
def wake() -> None:
    """Have this process send what is due; it counts as busy meanwhile, so that the next wake-up goes to another."""
    for drainer in _drainers:
        drainer.drain()


def run(app: Flask, *, processes: int, work_as: Callable[[str], Work]) -> int:
    """Run so many processes until told to stop by SIGTERM or SIGINT; return the exit code.

    `work_as` gives the worker's loop by the name of the process, which stays the same when a successor takes its place.
    """
    stop = Stop()

    def begin(**_: object) -> None:
        _begin(app, work=work_as(f"celery-{current_process().index}"), stop=stop)

    def end(**_: object) -> None:
        stop.set()

    # They take any arguments, and are needed for as long as the process lives.
    signals.setup_logging.connect(_leave_logging, weak=False)
    signals.worker_shutting_down.connect(end, weak=False)
    signals.worker_process_init.connect(begin, weak=False)
    signals.worker_process_shutdown.connect(_finish, weak=False)
    worker: Any = celery.Worker(
        pool="prefork",
        concurrency=processes,
        hostname=f"counterpart-{os.getpid()}@{socket.gethostname()}",
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    worker.start()
    return int(worker.exitcode or 0)


def _leave_logging(**_: object) -> None:
    """Leave the logs to the application: Celery sets up none when somebody listens to this signal."""


def _begin(app: Flask, *, work: Work, stop: Stop) -> None:
    """Begin the life of a process: with database connections of its own, and a drainer."""
    # Celery has its processes killed with their main process: they shall finish the mail in hand.
    end_with_parent()
    app.extensions.pop(WAKEUPS, None)
    with app.app_context():
        # Those that were made before the fork are the main process's.
        db.engine.dispose(close=False)
    drainer = Drainer(work, stop=stop)
    _drainers.append(drainer)
    drainer.start()


def _finish(**_: object) -> None:
    """End the life of a process: the mail in hand is finished, and the rest given back."""
    for drainer in _drainers:
        drainer.quit()
