"""Workers that die: a process that makes the application once, and forks a worker for each line that it reads.

A line is `step count`: the worker kills itself by SIGKILL when it comes to that step for the count-th time. `none 0`
lets it live. For each the process prints how the worker ended.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from app import create_app
from app.extensions import db
from app.mailer.delivery import sending
from app.mailer.delivery.journal import Journal
from app.mailer.jobs import run_worker
from app.mailer.smtp.connection import Connection

# Small ones, so that a worker comes to its end often.
BATCH = 10
# Each is a place of the worker's way, in the order in which a mail passes them.
STEPS = (
    "before a commit",
    "after a commit",
    "after claiming",
    "after announcing",
    "before the intent",
    "after the intent",
    "before MAIL",
    "before RCPT",
    "before DATA",
    "before the mail",
    "after the mail",
    "after the answer",
    "before the last outcome",
    "after the last outcome",
    "before settling",
    "after settling",
)


def die_at(step: str, number: int) -> None:
    """Have this process kill itself when it comes to a step for the n-th time."""
    left = [number]

    def come(*_given: object) -> None:
        left[0] -= 1
        if left[0] <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    if step.endswith("a commit"):
        event.listen(Session, f"{step.split(maxsplit=1)[0]}_commit", come)
        return
    owner, name, first = {
        "after claiming": (sending, "claim", False),
        "after announcing": (Connection, "announce", False),
        "before the intent": (Journal, "intend", True),
        "after the intent": (Journal, "intend", False),
        "after the answer": (Connection, "send_bytes", False),
        "before the last outcome": (Journal, "conclude", True),
        "after the last outcome": (Journal, "conclude", False),
        "before settling": (sending, "settle", True),
        "after settling": (sending, "settle", False),
        "before the mail": (Connection, "_content", True),
        "after the mail": (Connection, "_await_answer", True),
    }.get(step, (Connection, "_command", True))
    real: Callable[..., Any] = getattr(owner, name)
    wanted = step.rpartition(" ")[2].lower() if name == "_command" else None

    def mortal(*given: Any, **named: Any) -> Any:
        if first and (wanted is None or given[1] == wanted):
            come()
        result = real(*given, **named)
        if not first:
            come()
        return result

    setattr(owner, name, mortal)


def main() -> None:
    """Fork a worker for each line of standard input."""
    app = create_app()
    sending.BATCH = BATCH
    for line in sys.stdin:
        step, _, number = line.strip().rpartition(" ")
        child = os.fork()
        if child == 0:
            with app.app_context():
                db.engine.dispose(close=False)
                if number != "0":
                    die_at(step, int(number))
                run_worker(app, once=True)
                db.session.remove()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write("killed\n" if os.WIFSIGNALED(status) else f"ended {status}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
