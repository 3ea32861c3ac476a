"""The one command as a process of its own, as a newcomer starts it."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import requests

from app.mailer.smtp.caught import CaughtMails

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "Demo-walk-2026x"
START_SECONDS = 180.0


class Demo:
    """`run.py --demo` on a folder of its own."""

    def __init__(self, folder, port=None, **settings):
        self.folder = Path(folder)
        self.settings = settings
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = self.folder / "run.log"
        self.process = None
        self.first_page_seconds = 0.0

    def start(self):
        """Start it, and wait until all is well."""
        self.folder.mkdir(parents=True, exist_ok=True)
        told = self.said().count("Ctrl-C stops it.") if self.log.exists() else 0
        began = time.monotonic()
        self.process = run(self.folder, "--demo", "--port", self.port, output=self.log.open("ab"), **self.settings)
        wait_until(self._shows_a_page, why=self.said, seconds=START_SECONDS)
        self.first_page_seconds = time.monotonic() - began
        wait_until(lambda: self.health() == "ok", why=self.said, seconds=START_SECONDS)
        wait_until(lambda: self.said().count("Ctrl-C stops it.") > told, why=self.said, seconds=START_SECONDS)
        return self

    def _shows_a_page(self):
        assert self.process.poll() is None, self.said()
        with suppress(requests.ConnectionError):
            return requests.get(f"{self.url}/login/", timeout=30).status_code == 200

    def health(self):
        """Return what /health says, or None while nobody answers."""
        with suppress(requests.ConnectionError, requests.Timeout):
            return requests.get(f"{self.url}/health", timeout=10).json()["status"]
        return None

    def said(self):
        """Return what it has printed."""
        return self.log.read_text()

    def family(self):
        """Return the ids of its processes by a word of their command line: web, worker, catcher."""
        words = {"gunicorn": "web", "worker": "worker", "app.mailer.smtp.catcher": "catcher"}
        found = {}
        for pid in descendants(self.process.pid):
            command = command_line(pid)
            for word, name in words.items():
                if word in command:
                    found.setdefault(name, pid)
                    break
        return found

    def stop(self):
        """Stop it by SIGTERM: it ends well, and leaves nobody behind."""
        members = descendants(self.process.pid)
        assert members, "nothing was running"
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(40)
        assert code == 0, f"exit code {code}: {self.said()}"
        assert [pid for pid in members if lives(pid)] == []

    def end(self):
        """End it in any case, at the end of a test that failed."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(20)

    def mails(self):
        """Return the mails that the catcher has kept."""
        return CaughtMails(self.folder / "catcher")


def run(folder, *arguments, output=subprocess.PIPE, **settings):
    """Start run.py with these arguments and settings, and nothing of this machine's."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TZ", "VIRTUAL_ENV") if name in os.environ}
    environment = {**kept, "COUNTERPART_INSTANCE": str(folder), "COUNTERPART_DEMO_PASSWORD": PASSWORD, **settings}
    command = [sys.executable, str(ROOT / "run.py"), *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT, text=True)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def wait_until(condition, *, seconds=30.0, why=lambda: "it did not happen in time"):
    """Wait until a condition holds, and return what it gave."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, why()
        time.sleep(0.05)
    return found


def descendants(pid):
    """Return the ids of a process's children, and theirs."""
    children = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            children.setdefault(int(entry.read_text().rpartition(")")[2].split()[1]), []).append(int(entry.parent.name))
    found = list(children.get(pid, []))
    for one in found:
        found += children.get(one, [])
    return found


def command_line(pid):
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return ""


def lives(pid):
    """Tell whether a process runs; a dead one that nobody has collected yet does not."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
