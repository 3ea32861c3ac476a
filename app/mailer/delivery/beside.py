"""What a worker has done beside its sending, so that the mail server needn't wait for the database."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from flask import Flask, has_app_context
from sqlalchemy.orm import scoped_session

from app.mailer.delivery.claims import Sessions
from app.web.current import this_app


class Beside:
    """Does one thing at a time in a thread with a session of its own; on SQLite, where one writes at a time, at once.

    An error is raised when the next thing is to be done, or at the end.
    """

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._app: Flask | None = None
        # Another context of the application is what gives a thread another session.
        if isinstance(sessions, scoped_session) and has_app_context() and _is_shared(sessions):
            self._app = this_app()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="beside")
        self._under_way: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        try:
            self.wait()
        finally:
            self._thread.shutdown()

    def do(self, act: Callable[[Sessions], None]) -> None:
        """Begin one thing, when the one before is done."""
        self.wait()
        if self._app is None:
            act(self._sessions)
        else:
            self._under_way = self._thread.submit(self._in_context, self._app, act)

    def wait(self) -> None:
        """Wait until nothing is under way."""
        under_way, self._under_way = self._under_way, None
        if under_way is not None:
            under_way.result()

    def _in_context(self, app: Flask, act: Callable[[Sessions], None]) -> None:
        with app.app_context():
            act(self._sessions)


def _is_shared(sessions: scoped_session) -> bool:
    return sessions.get_bind().dialect.name == "postgresql"
