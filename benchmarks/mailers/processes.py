"""The processes of a benchmark: one of a mailer, the venv of the peers, and Postfix's test server."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
BUILD = PROJECT / "build"


class Process:
    """One process of a mailer; it waits for the word."""

    def __init__(self, python: Path, script: str, order: Mapping[str, Any]) -> None:
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115  it is closed with the process
        self._process = subprocess.Popen(
            [str(python), str(HERE / script), json.dumps(order)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
        )

    def __enter__(self) -> Self:
        if self._line() != "ready\n":
            self._fail()
        return self

    def __exit__(self, error: object, *_rest: object) -> None:
        if error is not None:
            self._process.kill()
        self._process.communicate()
        self._log.close()

    @property
    def resident(self) -> int:
        """Return the bytes that are resident just now."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return next(1024 * int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))

    @property
    def works(self) -> bool:
        """Tell whether it is still running."""
        return self._process.poll() is None

    def go(self) -> None:
        """Give the word."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def memory(self) -> int:
        """Wait until it is done; return the most memory that it took."""
        told = self._line()
        if not told:
            self._fail()
        return int(json.loads(told)["memory"])

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def _fail(self) -> None:
        self._process.kill()
        self._log.seek(0)
        sys.exit(f"A process of the benchmark failed:\n{self._log.read()[-3000:]}")


def peers() -> Path:
    """Return the interpreter of the venv that the peers are in, made where it is not there as it should be."""
    folder, wanted = BUILD / "bench-venv", HERE / "requirements.txt"
    made, python = folder / "requirements.txt", folder / "bin/python"
    if not made.exists() or made.read_text() != wanted.read_text():
        print(f"Making {folder.relative_to(PROJECT)} for the peers …", file=sys.stderr, flush=True)
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-qq", "--no-deps", "-r", wanted], check=True)
        shutil.copy(wanted, made)
    return python


@contextmanager
def sink() -> Iterator[int]:
    """Start Postfix's test server, which takes every mail and keeps none; hand out its port."""
    program = shutil.which("smtp-sink", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        sys.exit("smtp-sink is missing. Install it first: sudo apt-get install postfix")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    as_user = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen([program, *as_user, f"127.0.0.1:{port}", "1000"])
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()
