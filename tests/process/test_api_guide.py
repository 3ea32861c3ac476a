"""Each command of the API guide, run as it stands there by a shell with curl against the running product."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
import requests

from tests.process.running import PASSWORD, Demo

pytestmark = pytest.mark.process

GUIDE = Path(__file__).resolve().parents[2] / "docs/api/README.md"
BLOCK = re.compile(r"^```bash\n(.*?)^```", re.MULTILINE | re.DOTALL)
# What a guide's call may be answered with beside a 2xx, because the sample data isn't in the state that it speaks of.
REFUSED_BY_STATE = {404, 409, 412}
SHELL = """
set -u
curl() {{
  local out; out=$(command curl -w '\\n%{{http_code}} %{{url_effective}}\\n' "$@" 2>&1)
  printf '%s\\n\\036\\n' "$out" >> "$LOG"
}}
{setting}
AT={at}
TOKEN={token}
{commands}
"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    running = Demo(tmp_path_factory.mktemp("guide"))
    try:
        yield running.start()
    finally:
        running.end()


def blocks() -> list[str]:
    """Return the guide's commands, block by block; the first one sets up the others."""
    return [one.replace("…", "x") for one in BLOCK.findall(GUIDE.read_text())]


@cache
def token(url: str, user: str) -> str:
    given = {"username": user, "password": PASSWORD, "provider": "db"}
    answer = requests.post(f"{url}/api/v1/security/login", json=given, timeout=30)
    return answer.json()["access_token"]


def run(demo: Demo, commands: str, folder: Path, *, user: str = "admin") -> list[tuple[int, str, str]]:
    """Run commands; return status, address and body of each answer."""
    log = folder / "answers"
    log.write_text("")
    script = SHELL.format(setting=blocks()[0], at=demo.url, token=token(demo.url, user), commands=commands)
    environment = {**os.environ, "LOG": str(log)}
    done = subprocess.run(
        ["bash", "-c", script], env=environment, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    answers = []
    for one in [part for part in log.read_text().split("\n\x1e\n") if part.strip()]:
        body, _, last = one.strip("\n").rpartition("\n")
        status, _, address = last.partition(" ")
        answers.append((int(status), address, body))
    return answers


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
def test_the_login_of_the_guide_gives_tokens(demo, tmp_path):
    login = next(one for one in blocks() if "security/login" in one).replace(
        '"password": "x"', f'"password": "{PASSWORD}"'
    )
    ((status, _, body),) = run(demo, login, tmp_path)
    assert status == 200, body
    assert {"access_token", "refresh_token"} <= json.loads(body).keys()


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
@pytest.mark.parametrize("number", range(1, len(blocks())))
def test_each_call_of_the_guide_is_understood(demo, tmp_path, number):
    """The address exists, the body is read and fits; what state the sample data are in, the guide doesn't know."""
    commands = blocks()[number]
    if "security/login" in commands:
        pytest.skip("has a test of its own")
    calls = len(re.findall(r"^(?:api|curl) ", commands, re.MULTILINE))
    answers = run(demo, commands, tmp_path)
    assert len(answers) == calls
    for status, address, body in answers:
        # Customer 2 is deleted by the guide itself, further up.
        gone = status == 422 and set(json.loads(body)["errors"]) == {"customer_id"}
        good = 200 <= status < 300 or status in REFUSED_BY_STATE or gone
        assert good, (status, address, body)
        if status == 404:
            assert json.loads(body)["code"] in ("not_found", "not_linked"), (address, body)
            # The record isn't there; the address is.
            assert _exists(demo, address), address


def _exists(demo: Demo, address: str) -> bool:
    """Tell whether an address is one of the OpenAPI document."""
    headers = {"Authorization": f"Bearer {token(demo.url, 'admin')}"}
    paths = requests.get(f"{demo.url}/api/v1/_openapi", headers=headers, timeout=60).json()["paths"]
    path = address.removeprefix(demo.url).partition("?")[0]
    return any(re.fullmatch(re.sub(r"{\w+}", r"[^/]+", known), path) for known in paths)
