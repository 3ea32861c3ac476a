"""The one command: prepares the database, then runs the mail catcher, the outbox worker and the web server.

`python run.py [--demo] [--host H] [--port P]` ends all of them on SIGTERM or Ctrl-C.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from app.core.schema import is_current
from app.core.supervisor import (
    AlreadyRunning,
    GivingUp,
    InstanceLock,
    Program,
    StopRequest,
    Supervisor,
    end,
    spawn,
)
from config import LOOPBACK, ROOT, ConfigurationError, Settings, secret_key

UPGRADE = ("db", "upgrade")
DEMO = ("demo",)
START_SECONDS = 120.0
_EVERY_INTERFACE = {"0.0.0.0": LOOPBACK, "::": "::1"}  # noqa: S104  # compared with, not bound to


class NotStarted(Exception):
    """A reason why Counterpart can't start, in plain words."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to stop; the exit code is 0 after a stop, 1 when it can't start or go on, 2 for bad settings."""
    options = _options(arguments)
    try:
        settings = Settings.from_environment(os.environ)
        settings.instance.mkdir(mode=0o700, parents=True, exist_ok=True)
        secret_key(settings)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 2
    if options.prepare:
        _run_flask_commands([UPGRADE, DEMO] if options.demo else [UPGRADE])
        return 0
    stop = StopRequest().listen()
    try:
        with InstanceLock(settings.instance / "run.lock"):
            _run(settings, options, stop=stop)
    except AlreadyRunning as error:
        print(f"Counterpart runs already on {settings.instance} (process {error}). Stop that one first, or choose")
        print("another folder with COUNTERPART_INSTANCE.")
        return 1
    except (GivingUp, NotStarted) as error:
        print(error)
        return 1
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Run Counterpart: database, mail catcher, worker and web server.")
    parser.add_argument("--demo", action="store_true", help="fill an empty database with sample data")
    parser.add_argument("--host", default=LOOPBACK, help="the address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=8080, help="the port to listen on (default: %(default)s)")
    # The first half of a start, in a process that gives its memory back.
    parser.add_argument("--prepare", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def _port(text: str) -> int:
    """Read a port; 0 stands for any free one."""
    if not text.isdigit() or int(text) > 65535:  # noqa: PLR2004  # TCP's ports have 16 bits
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return int(text)


def _run(settings: Settings, options: argparse.Namespace, *, stop: StopRequest) -> None:
    """Start everything, tell where it is, watch it, and stop it."""
    port = _free_port(options.host, options.port)
    environment = {**os.environ, "COUNTERPART_INSTANCE": str(settings.instance)}
    if settings.uses_catcher:
        environment["COUNTERPART_CATCHER_PORT"] = str(_free_port(LOOPBACK, 0))
    current = is_current(settings.database_url, migrations=ROOT / "migrations")
    if not current:
        _prepare(environment, demo=options.demo, stop=stop)
    supervisor = Supervisor(_say)
    try:
        for program in _programs(settings, environment, host=options.host, port=port):
            if not stop.requested:
                supervisor.start(program)
        if current and options.demo:
            # Beside the start of the others: most of the time there is nothing left to fill.
            _prepare(environment, demo=True, stop=stop)
        if _wait_for_health(supervisor, _EVERY_INTERFACE.get(options.host, options.host), port=port, stop=stop):
            _tell(settings, options.host, port)
        supervisor.watch(stop)
    finally:
        supervisor.stop()


def _programs(settings: Settings, environment: dict[str, str], *, host: str, port: int) -> list[Program]:
    """Return what runs, the catcher first: it is stopped last, when nobody sends any more."""
    python = sys.executable
    commands: list[tuple[str, list[str]]] = []
    if settings.uses_catcher:
        catcher = ["--port", environment["COUNTERPART_CATCHER_PORT"], "--folder", str(settings.catcher_folder)]
        commands.append(("mail catcher", [python, "-m", "app.mailer.smtp.catcher", *catcher]))
    commands.append(("outbox worker", [python, "-m", "flask", "--app", "app:create_app", "worker"]))
    if settings.imap_server:
        reader = [python, "-m", "flask", "--app", "app:create_app", "inbound", "--every", "60"]
        commands.append(("mail reader", reader))
    commands.append(("web server", _web_command(host, port)))
    return [
        Program(name=name, command=tuple(command), environment=environment, folder=ROOT) for name, command in commands
    ]


def _web_command(host: str, port: int) -> list[str]:
    """Return gunicorn's command: one process with threads, which share what the embedded defaults keep in memory."""
    shared_memory = Path("/dev/shm")  # noqa: S108  # for gunicorn's heartbeat: a busy disk would look like a hung worker
    command = [sys.executable, "-m", "gunicorn", "app:create_app()", "--bind", _authority(host, port)]
    command += ["--workers", "1", "--worker-class", "gthread", "--threads", "8", "--graceful-timeout", "10"]
    command += ["--timeout", "60", "--log-level", "warning", "--no-control-socket"]
    command += ["--logger-class", "app.web.gunicorn_logs.GunicornLogger"]
    # What proxies say is judged by the application alone, by COUNTERPART_PROXIES.
    command += ["--forwarded-allow-ips", ""]
    if shared_memory.is_dir():
        command += ["--worker-tmp-dir", str(shared_memory)]
    return command


def _free_port(host: str, port: int) -> int:
    """Return a port that can be listened on; raises NotStarted when it can't be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host, port), family=family) as listener:
            return int(listener.getsockname()[1])
    except PermissionError:
        raise NotStarted(f"Port {port} is for the system's own services: choose another with --port.") from None
    except OSError as error:
        if isinstance(error, socket.gaierror):
            raise NotStarted(f"The address {host} is not known here: choose another with --host.") from None
        raise NotStarted(
            f"Counterpart can't listen on {_authority(host, port)} ({os.strerror(error.errno or 0)}): "
            "choose another port with --port, or end what uses this one."
        ) from None


def _prepare(environment: dict[str, str], *, demo: bool, stop: StopRequest) -> None:
    """Bring the database up to date, and fill an empty one if asked to; raises NotStarted when that fails."""
    command = [sys.executable, str(ROOT / "run.py"), "--prepare", *(["--demo"] if demo else [])]
    process = spawn(Program(name="preparation", command=command, environment=environment, folder=ROOT))
    try:
        while process.poll() is None and not stop.requested:
            time.sleep(0.02)
        if not stop.requested and process.returncode:
            raise NotStarted("Counterpart can't start: the database could not be prepared. The reason is above.")
    finally:
        end(process, seconds=10.0)


def _run_flask_commands(commands: Sequence[Sequence[str]]) -> None:
    """Run commands of the application one after the other, in this process, with one application for all."""
    from flask.cli import FlaskGroup

    from app import create_app

    application = create_app()
    group = FlaskGroup(create_app=lambda: application, load_dotenv=False, add_version_option=False)
    for command in commands:
        group.main(args=list(command), standalone_mode=False)


def _wait_for_health(supervisor: Supervisor, host: str, *, port: int, stop: StopRequest) -> bool:
    """Wait until the application answers; False when told to stop meanwhile; raises NotStarted and GivingUp."""
    end_time = time.monotonic() + START_SECONDS
    while not stop.requested:
        supervisor.look()
        if _answers(host, port):
            return True
        if time.monotonic() > end_time:
            raise NotStarted(f"The web server has not answered within {START_SECONDS:.0f} s.")
        time.sleep(0.05)
    return False


def _answers(host: str, port: int) -> bool:
    """Ask the application how it is; any answer shows that it serves."""
    connection = http.client.HTTPConnection(host, port, timeout=10)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/health")
        connection.getresponse().read()
        return True
    return False


def _tell(settings: Settings, host: str, port: int) -> None:
    """Say where everything is."""
    address = f"http://{_authority(_EVERY_INTERFACE.get(host, host), port)}"
    _say(f"Counterpart is ready: {address}/")
    if settings.uses_catcher:
        _say(f"No mail server is set: every mail is caught, and shown at {address}/inbox/")
    if settings.redirect_all:
        _say(f"Every mail goes to {settings.redirect_all} instead of its recipient.")
    if settings.broker_url:
        _say("Celery workers drain the outbox, here and on each machine that runs `flask worker`.")
    _say("Ctrl-C stops it.")


def _say(line: str) -> None:
    """Print a line; whoever read them may have gone, which is no reason to stop."""
    with contextlib.suppress(OSError):
        print(line, flush=True)


def _authority(host: str, port: int) -> str:
    """Return host and port as they stand in a URL (RFC 3986)."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


if __name__ == "__main__":
    sys.exit(main())
