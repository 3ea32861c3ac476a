"""What the three mailers have in common: the same mails, and the word from the benchmark on which they begin.

Each runs in a process of its own, with an order as JSON for its argument. It says when it is ready, waits for a line,
does what the order asks, and prints what came of it; only the time between these two lines counts.
"""

from __future__ import annotations

import json
import random
import resource
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

SENDER = "invoices@issuer.example"
SUBJECT = "Your copy of a document"
BODY = ("A line of words that a mail could well say, and some more. " * 2)[:77] + "\n"
BODY *= 2054 // len(BODY) + 1
PDF_NAME, PDF_TYPE = "document.pdf", "application/pdf"


class Order(NamedTuple):
    """What a process is to do: `prepare` a database, `enqueue` mails into it, or `drain` it."""

    act: str
    database: dict[str, Any]
    folder: str
    port: int = 0
    count: int = 0
    pdf: bool = False
    workers: int = 1
    first: int = 1
    addresses_each: int | None = None
    threads: int | None = None

    @property
    def addresses(self) -> list[str]:
        """The recipients, each another."""
        return [f"person{number}@customer.example" for number in range(self.first, self.first + self.count)]


def pdf() -> bytes:
    """Return the 100,000 bytes that go along: the same in each process, and of no pattern."""
    return random.Random(1).randbytes(100_000)  # noqa: S311  no secret


def order() -> Order:
    return Order(**json.loads(sys.argv[1]))


def perform(wanted: Order, **acts: Callable[[], object]) -> None:
    """Say that all is ready, wait for the word, do what is wanted, and tell how much memory it took."""
    print("ready", flush=True)
    if not sys.stdin.readline():
        sys.exit("The benchmark is gone.")
    acts[wanted.act]()
    print(json.dumps({"memory": _peak()}), flush=True)


def _peak() -> int:
    """Return the most bytes that were resident in this process, or in a larger one that it has forked."""
    with open("/proc/self/status") as status:  # noqa: PTH123  no file of ours
        own = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    return 1024 * max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
