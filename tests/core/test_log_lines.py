"""Log lines: one an event, in one shape whoever writes it, with a stack and without anybody's values."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.events import FIELDS, Event, log_event
from app.core.log_lines import set_up_logs

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def lines(capsys):
    set_up_logs("json")
    capsys.readouterr()
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    set_up_logs(None)


def test_an_event_is_a_line_of_json(lines):
    log_event(Event.MESSAGES_SENT, message_ids=[7, 8], worker="w", code="250")
    (line,) = lines()
    assert (line["event"], line["message_ids"], line["worker"], line["level"]) == ("messages_sent", [7, 8], "w", "info")
    assert line["timestamp"].endswith("Z")


def test_an_event_says_nothing_but_what_the_list_allows():
    for name in ("address", "name", "subject", "password", "answer", "reason", "username"):
        assert name not in FIELDS
        with pytest.raises(ValueError, match=name):
            log_event(Event.MESSAGES_SENT, **{name: "bob"})


def test_an_error_has_its_stack_and_causes_and_not_its_words(lines):
    def refuse() -> None:
        try:
            {}["bob@x.example"]
        except KeyError as error:
            raise ValueError("the secret of bob@x.example") from error

    try:
        refuse()
    except ValueError as error:
        log_event(Event.REQUEST_FAILED, error=error)
        logging.getLogger("somebody").exception("It went wrong for %s", "bob@x.example")
    ours, theirs = lines()
    for line in (ours, theirs):
        assert line["error"] == "builtins.ValueError"
        assert line["causes"][0]["error"] == "builtins.KeyError"
        assert "test_log_lines.py" in line["stack"][-1]
        assert "bob" not in json.dumps(line)
        assert "secret" not in json.dumps(line)
    assert theirs["event"] == "It went wrong for …"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('to <bob@x.example>, "eve@y.example"', 'to <…>, "…"'),
        ("GET /customers/list/?q=bob failed", "GET /customers/list/… failed"),
        ("Authorization: Bearer abc.def-ghi", "Authorization: …"),
        ("key cp_abcdefghij123", "key …"),
        ("amqp://user:pass@host/", "amqp://…host/"),
        ("Worker exiting (pid: 12)", "Worker exiting (pid: 12)"),
    ],
)
def test_what_others_log_loses_addresses_queries_and_secrets(lines, text, shown):
    logging.getLogger("gunicorn.error").warning(text)
    (line,) = lines()
    assert (line["event"], line["logger"]) == (shown, "gunicorn.error")


def test_it_is_text_for_people(capsys):
    set_up_logs("text")
    log_event(Event.BATCH_CLAIMED, count=3)
    text = capsys.readouterr().err
    assert "batch_claimed" in text
    assert "count=3" in text
    set_up_logs(None)


def test_gunicorn_logs_in_the_same_shape(tmp_path):
    program = (
        "from gunicorn.config import Config\n"
        "from app.web.gunicorn_logs import GunicornLogger\n"
        "GunicornLogger(Config()).warning('Worker of %s', 'bob@x.example')\n"
    )
    environment = {"COUNTERPART_INSTANCE": str(tmp_path), "PATH": "/usr/bin", "COUNTERPART_LOG_FORMAT": "json"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    (line,) = [json.loads(one) for one in done.stderr.splitlines()]
    assert (line["event"], line["logger"], line["level"]) == ("Worker of …", "gunicorn.error", "warning")
