"""Real SMTP servers in a thread, for tests: they keep what they get, and behave as badly as they are told."""

import asyncio
import threading
from contextlib import contextmanager

from aiosmtpd.smtp import SMTP


class Server:
    """What a server does with mail; each `on_...` may answer in its place, or misbehave."""

    def __init__(self):
        self.mails = []
        self.sessions = set()
        self.senders = []
        self.on_mail = self.on_rcpt = self.on_data = None

    async def handle_EHLO(self, _server, session, _envelope, hostname, responses):  # noqa: N802  # aiosmtpd's name
        session.host_name = hostname
        self.sessions.add(session.peer)
        return responses

    async def handle_MAIL(self, server, _session, envelope, address, options):  # noqa: N802  # aiosmtpd's name
        if self.on_mail and (answer := await self.on_mail(server)):
            return answer
        envelope.mail_from = address
        self.senders.append((address, options))
        return "250 2.1.0 OK"

    async def handle_RCPT(self, server, _session, envelope, address, _options):  # noqa: N802  # aiosmtpd's name
        if self.on_rcpt and (answer := await self.on_rcpt(server)):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, _session, envelope):  # noqa: N802  # aiosmtpd's name
        if self.on_data and (answer := await self.on_data(server)):
            return answer
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 2.0.0 Queued as 17"


def saying(answer):
    async def behave(_server):
        return answer

    return behave


def once(behaviour):
    left = [behaviour]

    async def behave(server):
        return await left.pop()(server) if left else None

    return behave


async def hanging_up(server):
    server.transport.abort()
    await asyncio.sleep(5)


async def silent(_server):
    await asyncio.sleep(30)


@contextmanager
def running(handler, *, wrapped=None, factory=None, **options):
    """Serve on a free port of loopback, which is what this gives; `wrapped` is the context of TLS from the start."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def listen():
        make = factory or (lambda: SMTP(handler, hostname="localhost", loop=loop, **options))
        return await loop.create_server(make, "127.0.0.1", 0, ssl=wrapped)

    async def close():
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result(10)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(close(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
