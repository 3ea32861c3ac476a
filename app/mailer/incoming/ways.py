"""The ways by which mails come in: a mailbox once or again and again, a file or an mbox, a mail server's pipe."""

from __future__ import annotations

import logging
import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from app.mailer.delivery import loop
from app.mailer.incoming.mailbox import Mailbox, MailboxTroubleError

log = logging.getLogger(__name__)

# sysexits.h EX_TEMPFAIL: a mail server that pipes to us keeps the mail, and comes again.
TRY_AGAIN = 75
# RFC 4155: each mail of an mbox begins with such a line, with an empty one before it.
_FROM_LINE = re.compile(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From [^\n]*\n")


@dataclass(frozen=True, slots=True)
class Reading:
    """What one command does with mails: `take` takes in one and commits; some it is to be given `again` later."""

    take: Callable[[bytes], StrEnum]
    mailbox: Callable[[], Mailbox]
    again: frozenset[StrEnum]

    def read_mails(self, data: bytes) -> Counter[str]:
        """Take in one mail, or those of an mbox; return how many became what."""
        return Counter(self.take(mail).value for mail in mails_in(data))

    def read_mailbox(self) -> Counter[str]:
        """Read the mailbox once; return how many became what. Raises MailboxTroubleError."""
        return self.mailbox().read(self.take)

    def watch_mailbox(self, *, every: float) -> None:
        """Read the mailbox every so many seconds until told to stop; trouble is logged, and the next round tries."""
        mailbox = self.mailbox()

        def round_(_stop: threading.Event) -> int:
            try:
                taken = mailbox.read(self.take)
            except MailboxTroubleError as error:
                log.warning("%s", error)
            else:
                if taken:
                    log.info("mails that came in: %s", dict(taken))
            # Always a rest after a round: nothing here is in a hurry.
            return 0

        loop.run(round_, poll_seconds=every)


def mails_in(data: bytes) -> list[bytes]:
    """Return the mails of an mbox (RFC 4155), or the one mail that it is."""
    if not data.startswith(b"From "):
        return [data] if data.strip() else []
    return [re.sub(rb"(?m)^>(>*From )", rb"\1", mail) for mail in _FROM_LINE.split(data) if mail.strip()]
