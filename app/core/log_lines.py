"""How log lines look: one an event, JSON for programs or text for people, whoever writes it, and nobody's values."""

from __future__ import annotations

import contextlib
import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any, Literal

import structlog

Line = MutableMapping[str, Any]

# They have handlers of their own, or are made before this is set up.
_OTHERS = ("gunicorn.error", "gunicorn.access", "celery", "celery.task", "celery.redirected", "sqlalchemy", "alembic")
# What these say at their usual level names people: who logged in, whose role is what. The audit trail has it.
_TALKATIVE = ("flask_appbuilder", "flask_limiter", "flask-limiter", "faker", "mail.log", "aiosmtpd")
MOST_CAUSES = 5
_ADDRESS = re.compile(r"[^\s<>\"'(),;:=]+@[^\s<>\"'(),;:]+")
_QUERY = re.compile(r"\?[^\s\"']+")
_SECRET = re.compile(r"(?i)\bbearer\s+\S+|\bcp_[\w-]{8,}|(?<=://)[^/\s@]+@")


class _ToStandardError(logging.Handler):
    """Writes each line to what is standard error at that moment; whoever read it may have gone."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line, at once."""
        # A line that can't be written is no reason to stop.
        with contextlib.suppress(Exception):
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()


def set_up_logs(chosen: Literal["json", "text"] | None) -> None:
    """Have every line of this process go to standard error in one shape; without a choice, text on a terminal alone.

    It may be called again: what was set up before goes. Whoever starts a process that makes no application, or has
    handlers put in place after it was made, such as Celery's workers, calls it at their end.
    """
    as_text = chosen == "text" or (chosen is None and sys.stderr.isatty())
    handler = _ToStandardError()
    handler.setFormatter(_formatter(as_text=as_text))
    root = logging.getLogger()
    for one in [one for one in root.handlers if isinstance(one, _ToStandardError)]:
        root.removeHandler(one)
    root.addHandler(handler)
    # Whoever wants to see more than that has said so before.
    root.setLevel(min(root.level or logging.INFO, logging.INFO))
    for name in _OTHERS:
        other = logging.getLogger(name)
        other.handlers.clear()
        other.propagate = True
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _stack,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _formatter(*, as_text: bool) -> logging.Formatter:
    shown: Any = (
        structlog.dev.ConsoleRenderer(colors=False)
        if as_text
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _stack,
            _without_values,
        ],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, shown],
        keep_exc_info=False,
    )


def _stack(_logger: object, _method: str, line: Line) -> Line:
    """Say where an error came from, by kinds and stacks: its words may hold anybody's values."""
    given = line.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        line["error"] = _kind(error)
        line["stack"] = _frames(error.__traceback__)
        causes: list[dict[str, object]] = []
        cause = error.__cause__ or error.__context__
        while cause is not None and len(causes) < MOST_CAUSES:
            causes.append({"error": _kind(cause), "stack": _frames(cause.__traceback__)})
            cause = cause.__cause__ or cause.__context__
        if causes:
            line["causes"] = causes
    return line


def _kind(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}"


def _frames(start: TracebackType | None) -> list[str]:
    return [f"{one.filename}:{one.lineno} {one.name}" for one in traceback.extract_tb(start)]


def _without_values(_logger: object, _method: str, line: Line) -> Line:
    """Take addresses, queries and secrets out of what others log."""
    text = str(line.get("event", ""))
    # A line that somebody else has made a stack part of: its last line has the error's words.
    text = text.partition("\nTraceback ")[0]
    for pattern in (_SECRET, _ADDRESS, _QUERY):
        text = pattern.sub("…", text)
    line["event"] = text
    return line
