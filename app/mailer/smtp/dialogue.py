"""What is said on an open connection, mail by mail: commands one by one or in a group, the mail, and each answer."""

from __future__ import annotations

import contextlib
import smtplib
import socket
from collections.abc import Sequence
from typing import Any

import flask_mail

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
from app.mailer.smtp.commands import START_DATA, dot_stuffed

# After a server has failed at a group of commands that it had offered to take.
_MAILS_ONE_BY_ONE = 1_000


class Dialogue(flask_mail.Connection):
    """The part of a connection that speaks of mails, once the connection is open."""

    def __init__(self, mail: Any, *, timeouts: Timeouts | None = None) -> None:  # noqa: ANN401  # Flask-Mail's state
        super().__init__(mail)
        self.timeouts = timeouts or Timeouts()
        self._announced: tuple[str, str, bytes] | None = None
        self._one_by_one = 0

    def close(self) -> None:
        """Say goodbye and hang up; never raises."""
        if self._announced is not None:
            # Its goodbye would be taken for the mail.
            self._hang_up()
        host, self.host = self.host, None
        if host is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                host.quit()
            host.close()

    @property
    def _pipelines(self) -> bool:
        """Whether commands go in one write: the server offers it (RFC 2920), and has not failed at it lately."""
        return self._one_by_one == 0 and self._host.has_extn("pipelining")

    def _transaction(self, commands: Sequence[tuple[str, bytes]], data: bytes) -> Answer:
        """Run one mail transaction (RFC 5321 section 3.3), and leave the connection ready for the next."""
        if self._pipelines:
            self._write("mail", b"".join(line for _, line in commands))
            return self._second_half(data)
        self._one_by_one = max(self._one_by_one - 1, 0)
        for step, line in commands:
            self._write(step, line)
            answer = self._command(step)
            if not _succeeds(answer, step):
                raise self._failure(answer, step=step)
        return self._content(data)

    def _second_half(self, data: bytes) -> Answer:
        """Read the answers to commands that went in one write, and send the mail if it is awaited by one who takes it.

        Every answer counts, whatever the others say (RFC 2920 section 3.1). The first refusal is the mail's; those
        after it only tell how the connection is made ready for the next.
        """
        self._announced = None
        answers: dict[str, Answer] = {}
        refused: str | None = None
        for step in ("mail", "rcpt", "data"):
            try:
                answers[step] = self._command(step)
            except ConnectionTrouble:
                if step != "mail" or self.num_emails == 0:
                    # It may be a server that offers what it can't do, so the next mails go without.
                    self._one_by_one = _MAILS_ONE_BY_ONE
                if refused is None:
                    raise
                break
            if refused is None and not _succeeds(answers[step], step):
                refused = step
            if _ends_all(answers[step]):
                break
        if refused is None:
            return self._content(data)
        last = answers.get("data")
        if last is None or last.code // 100 not in {4, 5} or _ends_all(last):
            # The server awaits a mail nevertheless, or ends, or makes no sense. The lone dot that RFC 2920 advises
            # would be an empty mail, which some servers take; hanging up delivers nothing anywhere.
            self._hang_up()
        raise self._failure(answers[refused], step=refused)

    def _write(self, step: str, commands: bytes) -> None:
        """Put commands on the wire."""
        try:
            self._host.send(commands)
        except (OSError, smtplib.SMTPException) as error:
            self._hang_up()
            raise ConnectionTrouble(words(error), step=step) from error

    def _command(self, step: str) -> Answer:
        """Return the answer to one command."""
        try:
            return Answer.of(*self._host.getreply())
        except (OSError, smtplib.SMTPException) as error:
            self._hang_up()
            raise ConnectionTrouble(words(error), step=step) from error

    def _content(self, data: bytes) -> Answer:
        """Send the mail itself, and wait for the one answer that counts."""
        host = self._host
        try:
            # The timeout of a send is for the whole of it, and a large mail takes its time.
            socket_of(host).settimeout(self.timeouts.answer)
            host.send(dot_stuffed(data))
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
            socket_of(self._host).settimeout(self.timeouts.command)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise Unknown(f"No answer after the mail was sent: {words(error)}", step="data") from error
        return Answer.of(code, reply)

    def _failure(self, answer: Answer, *, step: str) -> Undelivered:
        """Return what a refusal means; make the connection ready for the next mail, or hang up."""
        if _ends_all(answer) or answer.code // 100 not in {4, 5}:
            self.close()
            return ConnectionTrouble(str(answer), step=step, answer=answer)
        if self.host is not None:
            try:
                if self.host.rset()[0] // 100 != 2:  # noqa: PLR2004  # 2yz: done
                    self.close()
            except (OSError, smtplib.SMTPException):
                self._hang_up()
        kind = Deferred if answer.code // 100 == 4 else Refused  # noqa: PLR2004  # 4yz: not now
        return kind(str(answer), step=step, answer=answer)

    def _hang_up(self) -> None:
        """End the connection without a word: in the middle of a mail, no command would be taken for one."""
        host, self.host, self._announced = self.host, None, None
        if host is not None:
            host.close()

    @property
    def _host(self) -> smtplib.SMTP:
        if self.host is None:
            raise ConnectionTrouble("There is no connection to the mail server.", step="connect")
        return self.host


def socket_of(host: smtplib.SMTP) -> socket.socket:
    """Return the socket of a host that has not hung up."""
    if host.sock is None:
        raise smtplib.SMTPServerDisconnected("The server has hung up.")
    return host.sock


def _succeeds(answer: Answer, step: str) -> bool:
    """Tell whether a command did what it should (RFC 5321 section 4.3.2)."""
    return answer.code == START_DATA if step == "data" else answer.code // 100 == 2  # noqa: PLR2004  # 2yz: done


def _ends_all(answer: Answer) -> bool:
    """Tell whether an answer says that no mail would fare better on this connection."""
    return answer.code == SHUTTING_DOWN or answer.code in LOGIN_CODES
