"""Brokers of the tests' own, to be stopped and started as they like: a RabbitMQ node, and a Redis server."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

# Debian's own command changes to the user rabbitmq, who may not write into a test's folder.
RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Broker:
    """A broker as a process of its own, with its data in a folder of its own."""

    program = ""

    def __init__(self, folder):
        self.folder, self.port, self.process = Path(folder), free_port(), None

    def start(self):
        """Start it, and wait until it takes connections."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                env={"PATH": os.environ["PATH"], "HOME": str(self.folder), **self.environment()},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + 60
        while not self.answers():
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < end, f"{self.program} did not start: {(self.folder / 'log').read_text()}"
            time.sleep(0.1)
        return self

    def answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as talk:
                talk.settimeout(5)
                talk.sendall(self.greeting)
                return bool(talk.recv(16))
        except OSError:
            return False

    def stop(self):
        """End it at once, connections and all."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(30)
            self.process = None
        while self.answers():
            time.sleep(0.1)

    def wipe(self):
        """Remove all that it has kept."""
        shutil.rmtree(self.folder)

    def command(self):
        raise NotImplementedError

    def environment(self):
        return {}


class RabbitMQ(Broker):
    """A RabbitMQ node beside the system's."""

    program, greeting = "rabbitmq-server", b"AMQP\x00\x00\x09\x01"

    @property
    def url(self):
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def command(self):
        assert RABBITMQ.exists(), f"these tests start a RabbitMQ of their own, and {RABBITMQ} is missing"
        return [RABBITMQ]

    def environment(self):
        return {
            "RABBITMQ_NODENAME": f"counterpart{self.port}@localhost",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(self.folder),
            "RABBITMQ_LOG_BASE": str(self.folder),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": str(self.folder / "none"),
        }


class Redis(Broker):
    """A Redis server beside the system's; it keeps nothing when it ends."""

    program, greeting = "redis-server", b"PING\r\n"

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self):
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)]
        return ["redis-server", *options]
