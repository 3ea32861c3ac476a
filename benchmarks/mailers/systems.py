"""The mailers that are measured, what is measured of them, and what one run comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class System:
    """A mailer: its script, the statement that counts what it has sent, and what it commits when."""

    name: str
    script: str
    sent: str
    commits: str
    own: Mapping[str, object]
    # Several workers are processes of ours; post_office forks its own.
    forks: bool = False
    peer: bool = True


_POST_OFFICE = "SELECT count(*) FROM post_office_email WHERE status = 0"
_PER_BATCH = """\
  nothing before a mail is sent; the outcomes of 100 mails (BATCH_SIZE) at once, after the last of them.
  A crash: up to 100 mails go twice. More workers: a batch is split among processes forked for it.
"""
SYSTEMS = {
    one.name: one
    for one in (
        System(
            "counterpart",
            "ours.py",
            "SELECT count(*) FROM message WHERE state = 'sent'",
            "  per mail: that it is being sent, before it is, in one commit with the outcome of the one before.\n"
            "  per batch of 100: the claim with its lease and the stored mails; then states and the audit trail.\n"
            "  A crash: one mail at most of which nobody knows, and it is marked so. More workers: processes.\n",
            {},
            peer=False,
        ),
        System(
            "post_office",
            "peer_post_office.py",
            _POST_OFFICE,
            f"  5 threads a process, as shipped;\n{_PER_BATCH}",
            {},
            forks=True,
        ),
        System(
            "post_office_1",
            "peer_post_office.py",
            _POST_OFFICE,
            "  the same with THREADS_PER_PROCESS 1\n",
            {"threads": 1},
            forks=True,
        ),
        System(
            "django_mailer",
            "peer_django_mailer.py",
            "SELECT count(*) FROM mailer_messagelog WHERE result = '1'",
            "  per mail: one transaction, open while it is sent: its row goes, its log with the mail comes.\n"
            "  A crash: one mail goes twice. More workers: processes, with MAILER_USE_FILE_LOCK off, since as shipped\n"
            "  one of a host works and the others quit.\n",
            {},
        ),
    )
}


class Case(NamedTuple):
    """What is measured in one run."""

    size: str
    count: int
    workers: int
    addresses_each: int | None


class Figures(NamedTuple):
    """What one run of one system came to."""

    enqueue: float
    drain: float
    enqueue_memory: int
    memory: int
    stored: int
