"""Catch every mail on loopback: a real SMTP server, run as a process of its own, that keeps what it gets.

`python -m app.mailer.smtp.catcher --port 2525 --folder instance/catcher`
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from app.mailer.smtp.caught import CaughtMails

HOST = "127.0.0.1"
# RFC 1870: declared in the greeting. What common providers take, 25 MB, leaves room for base64.
SIZE_LIMIT = 35 * 1024 * 1024


class _Handler:
    """What aiosmtpd asks when a mail comes in."""

    def __init__(self, mails: CaughtMails) -> None:
        self.mails = mails

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802  # aiosmtpd's name and parameters
        """Keep a mail and say so, or say that it could not be kept, for the sender to try again."""
        content = envelope.content
        data = content if isinstance(content, bytes) else (content or "").encode()
        try:
            mail_id = self.mails.keep(envelope.mail_from or "", envelope.rcpt_tos, data)
        except OSError as error:
            return f"452 4.3.1 The mail could not be stored: {error.strerror}"
        return f"250 2.0.0 Kept as {mail_id}"


async def serve(mails: CaughtMails, *, port: int, stop: asyncio.Event) -> None:
    """Take mails on loopback until told to stop; raises OSError when the port is taken."""

    def session() -> SMTP:
        return SMTP(
            _Handler(mails), data_size_limit=SIZE_LIMIT, enable_SMTPUTF8=True, hostname="localhost", ident="Counterpart"
        )

    server = await asyncio.get_running_loop().create_server(session, HOST, port)
    async with server:
        await stop.wait()


async def _until_signal(mails: CaughtMails, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await serve(mails, port=port, stop=stop)


def main(arguments: list[str] | None = None) -> int:
    """Run the catcher until SIGTERM; the exit code is 1 when its port is taken."""
    parser = argparse.ArgumentParser(
        prog="python -m app.mailer.smtp.catcher", description="Keep every mail, deliver none."
    )
    parser.add_argument("--port", type=int, required=True, help="the port on loopback to listen on")
    parser.add_argument("--folder", type=Path, required=True, help="the folder to keep the mails in")
    options = parser.parse_args(arguments)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_until_signal(CaughtMails(options.folder), options.port))
    except OSError as error:
        print(f"The mail catcher can't listen on {HOST}:{options.port}: {error.strerror}.", file=sys.stderr)  # noqa: T201  # a process of its own
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
