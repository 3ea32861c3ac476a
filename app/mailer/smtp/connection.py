"""Send stored mails over SMTP, with timeouts, verified TLS, one connection for many, and the server's answer kept."""

from __future__ import annotations

import contextlib
import functools
import smtplib
import socket
import ssl
from collections.abc import Iterator, Sequence
from email.utils import parseaddr
from types import TracebackType
from typing import Any, Self

import flask_mail
from flask import Flask

from app.mailer.bounces.verp import ReturnPaths
from app.mailer.smtp.answers import Answer, ConnectionTrouble, Timeouts, Undelivered, words
from app.mailer.smtp.commands import commands_of, size_limit
from app.mailer.smtp.dialogue import Dialogue, socket_of
from app.mailer.smtp.signing import Signer, signer_of
from app.mailer.smtp.wire import wire_address


class Connection(Dialogue):
    """One connection to the mail server, opened when first needed and again when it was lost; for one thread.

    `redirect_all` takes the place of every envelope recipient. `context` decides which certificates are trusted; by
    default those that the system trusts, with the server's name checked (RFC 6125). `signer` is for whoever makes the
    mails that are sent by it.
    """

    def __init__(
        self,
        mail: Any,  # noqa: ANN401  # Flask-Mail's state has no public type
        *,
        redirect_all: str | None = None,
        return_paths: ReturnPaths | None = None,
        timeouts: Timeouts | None = None,
        context: ssl.SSLContext | None = None,
        signer: Signer | None = None,
    ) -> None:
        super().__init__(mail, timeouts=timeouts)
        self.signer = signer
        self.redirect_all = redirect_all
        self.return_paths = return_paths
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

    @property
    def size_limit(self) -> int | None:
        """The largest mail in octets that the server takes (RFC 1870); None while unconnected, or if it told none."""
        return size_limit(self.host) if self.host is not None else None

    def configure_host(self) -> smtplib.SMTP:
        """Connect, greet, secure and log in, as Flask-Mail's own does, but with timeouts and checked certificates."""
        connect, context = self.timeouts.connect, self.context or _trusting_the_system(self.mail)
        where = (self.mail.server, self.mail.port, _own_name(self.mail.server))
        if self.mail.use_ssl:
            host: smtplib.SMTP = smtplib.SMTP_SSL(*where, timeout=connect, context=context)
        else:
            host = smtplib.SMTP(*where, timeout=connect)
        try:
            socket_of(host).settimeout(self.timeouts.command)
            # A mail's last segment must not wait for the acknowledgement of the one before.
            socket_of(host).setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
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
        begun = self._has_announced(envelope_sender, recipient, data)
        if not begun:
            self.withdraw()
            self._keep_to_its_share()
        used = self.host is not None
        try:
            if begun:
                answer = self._second_half(data)
            else:
                answer = self._transaction(self._commands(envelope_sender, recipient, data), data)
        except ConnectionTrouble as trouble:
            # Servers hang up on idle connections, which shows at the first command of the next mail.
            if not used or trouble.step != "mail":
                raise
            answer = self._transaction(self._commands(envelope_sender, recipient, data), data)
        self.num_emails += 1
        return answer

    def announce(self, envelope_sender: str, recipient: str, data: bytes) -> None:
        """Put the envelope of the next mail on the wire, so that the server answers while the caller does other things.

        None of the mail itself leaves before `send_bytes` is called with the same. It is a head start alone: without an
        open connection or PIPELINING (RFC 2920) nothing happens, and whatever goes wrong is told by `send_bytes`.
        """
        self.withdraw()
        self._keep_to_its_share()
        if self.host is None or not self._pipelines:
            return
        with contextlib.suppress(ValueError, Undelivered):
            self._write("mail", b"".join(line for _, line in self._commands(envelope_sender, recipient, data)))
            self._announced = (envelope_sender, recipient, data)

    def withdraw(self) -> None:
        """Take back what was announced. The server may await the mail, and only hanging up tells it otherwise."""
        if self._announced is not None:
            self._hang_up()

    def send(self, message: flask_mail.Message, envelope_from: str | tuple[str, str] | None = None) -> None:
        """Send one of Flask-Mail's messages by the same road: `redirect_all` and the timeouts hold for it too."""
        if message.has_bad_headers():
            raise flask_mail.BadHeaderError
        sender = envelope_from or message.sender
        sender = sender[1] if isinstance(sender, tuple) else parseaddr(sender)[1]
        for recipient in sorted(flask_mail.sanitize_addresses(message.send_to)):
            self.send_bytes(sender, parseaddr(recipient)[1], message.as_bytes())

    def _keep_to_its_share(self) -> None:
        if self.mail.max_emails and self.num_emails >= self.mail.max_emails:
            self.close()

    def _has_announced(self, *mail: object) -> bool:
        return self._announced is not None and self._announced == mail

    def _commands(self, envelope_sender: str, recipient: str, data: bytes) -> Sequence[tuple[str, bytes]]:
        """Return the commands before a mail, on a connection that is open."""
        if not data.count(b"\r") == data.count(b"\n") == data.count(b"\r\n"):
            # Servers disagree on what a bare CR or LF means, and a mail could smuggle a second one past them.
            raise ValueError("Each line of a mail ends with CRLF (RFC 5321 section 2.3.8).")
        sender = wire_address(envelope_sender) if envelope_sender else ""
        receiver = wire_address(self.redirect_all or recipient)
        self.open()
        return commands_of(self._host, sender, receiver, data=data)

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
    return Connection(
        app.extensions["mail"],
        redirect_all=settings.redirect_all,
        return_paths=return_paths(app),
        timeouts=timeouts,
        signer=signer_of(settings.dkim_key, selector=settings.dkim_selector),
    )


def return_paths(app: Flask) -> ReturnPaths:
    """Return which addresses take bounces, by the settings of an application."""
    return _paths(app, app.config["SETTINGS"].bounce_address)


def answer_paths(app: Flask) -> ReturnPaths:
    """Return which addresses take answers, by the settings of an application."""
    return _paths(app, app.config["SETTINGS"].answer_address)


def _paths(app: Flask, base: str | None) -> ReturnPaths:
    settings = app.config["SETTINGS"]
    reads_senders = settings.imap_server is not None or settings.uses_catcher
    return ReturnPaths(secret=app.config["SECRET_KEY"], base=base, own_senders=reads_senders)


@functools.cache
def _own_name(server: str) -> str:
    """Return the name to greet a server with; asked for once, because name servers can be slow."""
    return "localhost" if server in {"127.0.0.1", "::1", "localhost"} else socket.getfqdn()


def _trusting_the_system(mail: Any) -> ssl.SSLContext | None:  # noqa: ANN401  # Flask-Mail's state has no public type
    return ssl.create_default_context() if mail.use_ssl or mail.use_tls else None
