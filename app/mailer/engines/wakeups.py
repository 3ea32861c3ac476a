"""Wake-ups: published after commits by a thread of its own, so that no request ever waits for a broker."""

from __future__ import annotations

import atexit
import contextlib
import logging
import threading
from typing import Any

from celery import Celery
from kombu import Producer, Queue

log = logging.getLogger(__name__)

WAKE_TASK = "counterpart.wake"
# What is queued within so many seconds goes with one publication.
GATHER_SECONDS = 0.2
# While the broker is away, it is tried no sooner than after so many seconds.
AWAY_SECONDS = 5.0
# One process is woken for so many messages, a batch; so many wake-ups at most lie in the queue.
MESSAGES_PER_WAKE_UP = 100
MOST = 8
_CLOSE_SECONDS = 2.0
# For the publisher's connection alone; a worker's waits for work as long as it likes.
_TIMEOUTS = {
    "amqp": {"read_timeout": 4, "write_timeout": 4},
    "redis": {"socket_timeout": 4, "socket_connect_timeout": 4},
}


class Wakeups:
    """Tells workers that there is work. What can't be told is forgotten: workers find it by their timer.

    It starts with the first message, and starts again in a process that was forked.
    """

    def __init__(self, celery: Celery, queue: Queue, *, lifetime: float) -> None:
        self._celery, self._queue, self._lifetime = celery, queue, lifetime
        self._lock = threading.Lock()
        self._asked, self._closing = threading.Event(), threading.Event()
        self._messages = 0
        self._thread: threading.Thread | None = None
        self._connection: Any = None
        self._away = False

    def ask(self, messages: int) -> None:
        """Have workers woken for so many messages, and return at once."""
        with self._lock:
            self._messages += messages
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, daemon=True, name="wake-ups")
                self._thread.start()
                atexit.register(self.close)
        self._asked.set()

    def close(self) -> None:
        """Publish what was asked for, wait a moment for that, and end."""
        atexit.unregister(self.close)
        self._closing.set()
        self._asked.set()
        if self._thread is not None:
            self._thread.join(_CLOSE_SECONDS)

    def _run(self) -> None:
        while True:
            self._asked.wait()
            self._asked.clear()
            with self._lock:
                messages, self._messages = self._messages, 0
            if messages:
                self._publish(min(MOST, -(-messages // MESSAGES_PER_WAKE_UP)))
            if self._closing.wait(AWAY_SECONDS if self._away else GATHER_SECONDS) and not self._asked.is_set():
                self._hang_up()
                return

    def _publish(self, count: int) -> None:
        """Publish some wake-ups, or give up; said once when the broker goes, and once when it is back."""
        # A connection that broke while it was idle shows so when it is used.
        tries = 2 if self._connection is not None else 1
        for left in reversed(range(tries)):
            try:
                self._send(count)
            except Exception as error:  # noqa: BLE001  whatever a broker does, the outbox has the messages
                self._hang_up()
                if left == 0 and not self._away:
                    self._away = True
                    log.warning(
                        "The broker can't be told that there is work (%s); workers find it by their timer.", error
                    )
            else:
                if self._away:
                    self._away = False
                    log.warning("The broker is back, and is told of work again.")
                return

    def _send(self, count: int) -> None:
        if self._connection is None:
            kind = "redis" if (self._celery.conf.broker_url or "").startswith("redis") else "amqp"
            connection = self._celery.connection_for_write(transport_options=_TIMEOUTS[kind])
            connection.connect()
            self._connection = connection
        with self._connection.channel() as channel:
            # So many hints lie there already, unread: one more would only keep a worker busy.
            waiting = self._queue.bind(channel).queue_declare().message_count
            producer = Producer(channel, auto_declare=False)
            for _ in range(count - waiting):
                self._send_one(producer)

    def _send_one(self, producer: Producer) -> None:
        self._celery.send_task(WAKE_TASK, queue=self._queue, producer=producer, retry=False, expires=self._lifetime)

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                connection.release()
