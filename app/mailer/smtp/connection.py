"""Send stored mails over SMTP, with timeouts, verified TLS, one connection for many, and the server's answer kept."""

from __future__ import annotations

import contextlib
import functools
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from email.utils import parseaddr
from types import TracebackType
from typing import Any, Self

import flask_mail
from flask import Flask

from app.mailer.bounces.verp import ReturnPaths
from app.mailer.smtp.answers import (
    LOGIN_CODES,
    SHUTTING_DOWN,
    Answer,
    ConnectionTrouble,
    Deferred,
    Refused,
    Timeouts,
    Undelivered,
    Unknown,
    words,
)
from app.mailer.smtp.wire import wire_address

_START_DATA = 354


class Connection(flask_mail.Connection):
    """One connection to the mail server, opened when first needed and again when it was lost; for one thread.

    `redirect_all` takes the place of every envelope recipient. `context` decides which certificates are trusted; by
    default those that the system trusts, with the server's name checked (RFC 6125).
    """

    def __init__(
        self,
        mail: Any,  # noqa: ANN401  # Flask-Mail's state has no public type
        *,
        redirect_all: str | None = None,
        return_paths: ReturnPaths | None = None,
        timeouts: Timeouts | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(mail)
        self.redirect_all = redirect_all
        self.return_paths = return_paths
        self.timeouts = timeouts or Timeouts()
        self.context = context

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()

    def open(self) -> None:
        """Connect, unless connected.

        Raises:
            ConnectionTrouble: when the server can't be reached, can't be trusted or refuses the login.

        """
        if self.host is None:
            with self._connecting():
                self.host = self.configure_host()
            self.num_emails = 0

    def close(self) -> None:
        """Say goodbye and hang up; never raises."""
        host, self.host = self.host, None
        if host is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                host.quit()
            host.close()

    @property
    def size_limit(self) -> int | None:
        """The largest mail in octets that the server takes (RFC 1870); None while unconnected, or if it told none."""
        declared = self.host.esmtp_features.get("size", "") if self.host is not None else ""
        return int(declared) or None if declared.isdigit() else None

    def configure_host(self) -> smtplib.SMTP:
        """Connect, greet, secure and log in, as Flask-Mail's own does, but with timeouts and checked certificates."""
        connect, context = self.timeouts.connect, self.context or _trusting_the_system(self.mail)
        where = (self.mail.server, self.mail.port, _own_name(self.mail.server))
        if self.mail.use_ssl:
            host: smtplib.SMTP = smtplib.SMTP_SSL(*where, timeout=connect, context=context)
        else:
            host = smtplib.SMTP(*where, timeout=connect)
        try:
            _socket_of(host).settimeout(self.timeouts.command)
            # A mail's last segment must not wait for the acknowledgement of the one before.
            _socket_of(host).setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            host.ehlo_or_helo_if_needed()
            if self.mail.use_tls:
                host.starttls(context=context)
                host.ehlo()
            if self.mail.username and self.mail.password:
                host.login(self.mail.username, self.mail.password)
        except BaseException:
            host.close()
            raise
        return host

    def envelope_sender(self, sender: str, message_id: int) -> str:
        """Return who a bounce of a message goes to; that of a redirected mail says nothing of its recipient."""
        if self.return_paths is None or self.redirect_all:
            return sender
        return self.return_paths.of(sender, message_id)

    def send_bytes(self, envelope_sender: str, recipient: str, data: bytes) -> Answer:
        """Send one mail, as it is stored, to one address; return the server's acceptance.

        `data` is a whole mail in CRLF lines (RFC 5322); `envelope_sender` may be empty (RFC 5321 section 4.5.5).

        Raises:
            Refused, Deferred, ConnectionTrouble, Unknown: see there.
            ValueError: when an address is none, or `data` has lines that don't end with CRLF.

        """
        if not data.count(b"\r") == data.count(b"\n") == data.count(b"\r\n"):
            # Servers disagree on what a bare CR or LF means, and a mail could smuggle a second one past them.
            raise ValueError("Each line of a mail ends with CRLF (RFC 5321 section 2.3.8).")
        sender = wire_address(envelope_sender) if envelope_sender else ""
        receiver = wire_address(self.redirect_all or recipient)
        if self.mail.max_emails and self.num_emails >= self.mail.max_emails:
            self.close()
        used = self.host is not None
        try:
            answer = self._transaction(sender, receiver, data)
        except ConnectionTrouble as trouble:
            # Servers hang up on idle connections, which shows at the first command of the next mail.
            if not used or trouble.step != "mail":
                raise
            answer = self._transaction(sender, receiver, data)
        self.num_emails += 1
        return answer

    def send(self, message: flask_mail.Message, envelope_from: str | tuple[str, str] | None = None) -> None:
        """Send one of Flask-Mail's messages by the same road: `redirect_all` and the timeouts hold for it too."""
        if message.has_bad_headers():
            raise flask_mail.BadHeaderError
        sender = envelope_from or message.sender
        sender = sender[1] if isinstance(sender, tuple) else parseaddr(sender)[1]
        for recipient in sorted(flask_mail.sanitize_addresses(message.send_to)):
            self.send_bytes(sender, parseaddr(recipient)[1], message.as_bytes())

    def _transaction(self, sender: str, receiver: str, data: bytes) -> Answer:
        """Run one mail transaction (RFC 5321 section 3.3), and leave the connection ready for the next."""
        self.open()
        host = self._host
        options = self._options(sender, receiver, data)
        self._command("mail", lambda: host.mail(sender, options))
        self._command("rcpt", lambda: host.rcpt(receiver))
        self._command("data", lambda: host.docmd("DATA"), wanted=_START_DATA)
        return self._content(data)

    def _options(self, sender: str, receiver: str, data: bytes) -> list[str]:
        """Return what MAIL FROM declares; raise Refused for what the server has said it can't take."""
        host, limit = self._host, self.size_limit
        if limit is not None and len(data) > limit:
            raise Refused(f"The mail has {len(data)} bytes; the mail server takes {limit}.", step="size")
        options = [f"SIZE={len(data)}"] if host.has_extn("size") else []
        header = data.partition(b"\r\n\r\n")[0]
        if not (sender.isascii() and receiver.isascii() and header.isascii()):
            if not host.has_extn("smtputf8"):
                raise Refused(
                    "The mail server can't carry an address with letters beyond ASCII before the @ (no SMTPUTF8).",
                    step="rcpt",
                )
            options += ["SMTPUTF8", "BODY=8BITMIME"]
        elif not data.isascii() and host.has_extn("8bitmime"):
            options.append("BODY=8BITMIME")
        return options

    def _command(self, step: str, command: Callable[[], tuple[int, bytes]], *, wanted: int | None = None) -> None:
        """Give one command and judge its answer."""
        try:
            code, reply = command()
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise ConnectionTrouble(words(error), step=step) from error
        if code == wanted or (wanted is None and code // 100 == 2):  # noqa: PLR2004  # 2yz: done
            return
        raise self._failure(Answer.of(code, reply), step=step)

    def _content(self, data: bytes) -> Answer:
        """Send the mail itself, and wait for the one answer that counts."""
        host = self._host
        try:
            # The timeout of a send is for the whole of it, and a large mail takes its time.
            _socket_of(host).settimeout(self.timeouts.answer)
            host.send(_dot_stuffed(data))
        except (OSError, smtplib.SMTPException) as error:
            # The end of the mail was in the part that couldn't be sent, so the server can't have accepted it.
            self.close()
            raise ConnectionTrouble(words(error), step="data") from error
        answer = self._await_answer()
        if answer.code // 100 == 2:  # noqa: PLR2004  # 2yz: accepted
            return answer
        if answer.code // 100 not in {4, 5}:
            self.close()
            raise Unknown(f"An answer that means nothing after a mail: {answer}", step="data", answer=answer)
        raise self._failure(answer, step="data")

    def _await_answer(self) -> Answer:
        """Return what the server says to a mail that it has got; without it nobody knows."""
        try:
            code, reply = self._host.getreply()
            _socket_of(self._host).settimeout(self.timeouts.command)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise Unknown(f"No answer after the mail was sent: {words(error)}", step="data") from error
        return Answer.of(code, reply)

    def _failure(self, answer: Answer, *, step: str) -> Undelivered:
        """Return what a refusal means; make the connection ready for the next mail, or hang up."""
        if answer.code == SHUTTING_DOWN or answer.code in LOGIN_CODES or answer.code // 100 not in {4, 5}:
            self.close()
            return ConnectionTrouble(str(answer), step=step, answer=answer)
        try:
            if self._host.rset()[0] // 100 != 2:  # noqa: PLR2004  # 2yz: done
                self.close()
        except (OSError, smtplib.SMTPException):
            self.close()
        kind = Deferred if answer.code // 100 == 4 else Refused  # noqa: PLR2004  # 4yz: not now
        return kind(str(answer), step=step, answer=answer)

    @property
    def _host(self) -> smtplib.SMTP:
        if self.host is None:
            raise ConnectionTrouble("There is no connection to the mail server.", step="connect")
        return self.host

    @contextlib.contextmanager
    def _connecting(self) -> Iterator[None]:
        """Turn whatever can go wrong before the first mail into ConnectionTrouble."""
        try:
            yield
        except smtplib.SMTPResponseException as error:
            reply = error.smtp_error if isinstance(error.smtp_error, bytes) else str(error.smtp_error).encode()
            answer = Answer.of(error.smtp_code, reply)
            raise ConnectionTrouble(str(answer), step="connect", answer=answer) from error
        except (OSError, smtplib.SMTPException) as error:
            where = f"{self.mail.server}:{self.mail.port}"
            raise ConnectionTrouble(f"No connection to {where}: {words(error)}", step="connect") from error


def connect(app: Flask, *, timeouts: Timeouts | None = None) -> Connection:
    """Return a connection to the server of an application's settings; it opens with the first mail."""
    settings = app.config["SETTINGS"]
    paths = ReturnPaths(
        secret=app.config["SECRET_KEY"],
        base=settings.bounce_address,
        own_senders=settings.imap_server is not None or settings.uses_catcher,
    )
    return Connection(
        app.extensions["mail"], redirect_all=settings.redirect_all, return_paths=paths, timeouts=timeouts
    )


@functools.cache
def _own_name(server: str) -> str:
    """Return the name to greet a server with; asked for once, because name servers can be slow."""
    return "localhost" if server in {"127.0.0.1", "::1", "localhost"} else socket.getfqdn()


def _trusting_the_system(mail: Any) -> ssl.SSLContext | None:  # noqa: ANN401  # Flask-Mail's state has no public type
    return ssl.create_default_context() if mail.use_ssl or mail.use_tls else None


def _socket_of(host: smtplib.SMTP) -> socket.socket:
    if host.sock is None:
        raise smtplib.SMTPServerDisconnected("The server has hung up.")
    return host.sock


def _dot_stuffed(data: bytes) -> bytes:
    """Return a mail as DATA sends it: a dot before each that opens a line, and the lone dot that ends it all."""
    stuffed = data.replace(b"\r\n.", b"\r\n..") if b"\r\n." in data else data
    if stuffed.startswith(b"."):
        stuffed = b"." + stuffed
    return stuffed + (b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n")
