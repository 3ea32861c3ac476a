"""The mailbox that mails come in by, read by IMAP: what is taken in moves to a folder, all else stays for people."""

from __future__ import annotations

import imaplib
import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError

from config import LOOPBACK, Settings

# Where mails go that were taken in.
DONE = "Counterpart"
_TLS_PORT = 993
_SECONDS = 60.0
Take = Callable[[bytes], StrEnum]


class MailboxTroubleError(Exception):
    """The mailbox can't be read; its text says why in plain words, and never the password."""


class Mailbox:
    """Reads one mailbox, round after round; what it has seen and left for people it doesn't read again.

    Of each mail it reads `octets` at most. What became one of `stays` is not moved; it is read once more in the next
    round if that is among `again`.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        octets: int,
        stays: frozenset[StrEnum],
        again: frozenset[StrEnum],
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._settings = settings
        self._octets = octets
        self._stays = stays
        self._again = again
        self._context = context
        self._left: set[tuple[int, str]] = set()

    def read(self, take: Take) -> Counter[str]:
        """Hand each mail to `take`, move those that it knew, and return how many became what.

        A mail is moved after what follows from it was committed: a death between the two has it read once more, and
        what is read once more does nothing. Raises MailboxTroubleError.
        """
        taken: Counter[str] = Counter()
        with self._open() as mailbox:
            folder = self._settings.imap_folder
            validity = int(mailbox.folder.status(folder, ["UIDVALIDITY"])["UIDVALIDITY"])
            for uid in mailbox.uids("ALL"):
                data = None if (validity, uid) in self._left else self._bytes_of(mailbox, uid)
                if data is None:
                    continue
                became = take(data)
                taken[became.value] += 1
                if became in self._stays - self._again:
                    self._left.add((validity, uid))
                if became not in self._stays:
                    mailbox.move(uid, _folder_for_done(mailbox, folder))
        return taken

    def _bytes_of(self, mailbox: BaseMailBox, uid: str) -> bytes | None:
        """Return a mail as it is, unread as before, and no more of it than is looked at; None when it has gone."""
        _, parts = mailbox.client.uid("FETCH", uid, f"(BODY.PEEK[]<0.{self._octets}>)")
        return next((part[1] for part in parts if isinstance(part, tuple)), None)

    @contextmanager
    def _open(self) -> Iterator[BaseMailBox]:
        settings = self._settings
        where = f"{settings.imap_server}:{settings.imap_port}"
        try:
            with self._unopened().login(
                settings.imap_username or "", settings.imap_password or "", settings.imap_folder
            ) as mailbox:
                yield mailbox
        except (ImapToolsError, imaplib.IMAP4.error, OSError) as error:
            raise MailboxTroubleError(f"The mailbox at {where} can't be read: {_words(error)}") from error

    def _unopened(self) -> BaseMailBox:
        """Return the mailbox by TLS from the start on its port, and by STARTTLS on others; on this machine without."""
        host, port = self._settings.imap_server or "", self._settings.imap_port
        if host in {LOOPBACK, "localhost"} and port != _TLS_PORT and self._context is None:
            return MailBoxUnencrypted(host, port, timeout=_SECONDS)
        # imaplib by itself checks no certificate.
        context = self._context or ssl.create_default_context()
        if port == _TLS_PORT:
            return MailBox(host, port, timeout=_SECONDS, ssl_context=context)
        return MailBoxStartTls(host, port, timeout=_SECONDS, ssl_context=context)


def _folder_for_done(mailbox: BaseMailBox, beside: str) -> str:
    """Return the folder for what was taken in, made when it is missing; some servers want it below the inbox."""
    if mailbox.folder.exists(DONE):
        return DONE
    try:
        mailbox.folder.create(DONE)
    except ImapToolsError:
        delimiter = next((folder.delim for folder in mailbox.folder.list(search_args=beside)), "") or "."
        below = f"{beside}{delimiter}{DONE}"
        if not mailbox.folder.exists(below):
            mailbox.folder.create(below)
        return below
    return DONE


def _words(error: Exception) -> str:
    """Return what the server or the system says, without the bytes around it."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}."
    result = getattr(error, "command_result", None)
    if result is not None:
        said = result[1][-1] if result[1] else b""
        return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return str(error)
