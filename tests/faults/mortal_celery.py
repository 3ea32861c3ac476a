"""A Celery worker like the product's, for tests: with a timer of their choice, and processes that kill themselves.

`python -m tests.faults.mortal_celery --processes 2 --timer 5 [--plans FOLDER]`. Each file in the folder holds
`step count`, see mortal_worker.py; each process takes one, and dies by it.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from celery import signals

from app import create_app
from app.mailer import jobs
from app.mailer.delivery import sending
from tests.faults.mortal_worker import BATCH, die_at


def take(folder):
    """Take the first plan that nobody has; return its step and count."""
    for plan in sorted(folder.glob("*.plan")):
        mine = plan.with_suffix(f".{os.getpid()}")
        try:
            plan.rename(mine)
        except FileNotFoundError:
            continue
        step, _, number = mine.read_text().strip().rpartition(" ")
        return step, int(number)
    return None


def main() -> int:
    """Work until told to stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--timer", type=float, default=jobs.TIMER_SECONDS)
    parser.add_argument("--plans", type=Path)
    options = parser.parse_args()
    jobs.TIMER_SECONDS = options.timer
    app = create_app()
    if options.plans:
        sending.BATCH = BATCH

        def doom(**_):
            plan = take(options.plans)
            if plan:
                die_at(*plan)

        signals.worker_process_init.connect(doom, weak=False)
    with app.app_context():
        return jobs.run_celery(app, processes=options.processes)


if __name__ == "__main__":
    sys.exit(main())
