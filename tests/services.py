"""Whether PostgreSQL, Redis and RabbitMQ answer, and what tests start themselves is there: without, they fail."""

from __future__ import annotations

import os
import socket
import sys
from urllib.parse import urlsplit

ADDRESSES = {
    "PostgreSQL": ("COUNTERPART_TEST_DATABASE_URL", "postgresql://127.0.0.1:5432", 5432),
    "Redis": ("COUNTERPART_TEST_REDIS_URL", "redis://127.0.0.1:6379", 6379),
    "RabbitMQ": ("COUNTERPART_TEST_BROKER_URL", "amqp://127.0.0.1:5672", 5672),
}


# Tests start servers of their own of these packages: brokers that are stopped, and a mail server that returns mails.
PROGRAMS = {
    "/usr/sbin/postfix": "postfix",
    "/usr/sbin/dovecot": "dovecot-imapd",
    "/usr/sbin/rabbitmq-server": "rabbitmq-server",
    "/usr/bin/redis-server": "redis-server",
    "/usr/bin/openssl": "openssl",
}


def ensure() -> None:
    """Exit with plain words when one of them does not answer."""
    missing = []
    for name, (variable, default, port) in ADDRESSES.items():
        parts = urlsplit(os.environ.get(variable) or default)
        try:
            socket.create_connection((parts.hostname or "127.0.0.1", parts.port or port), timeout=5).close()
        except OSError as error:
            missing.append(f"{name} does not answer at {parts.hostname}:{parts.port or port} ({error})")
    packages = [package for program, package in PROGRAMS.items() if not os.access(program, os.X_OK)]
    if packages:
        missing.append(f"Packages are missing: sudo apt-get install {' '.join(packages)}")
    if missing:
        sys.exit("\n".join([*missing, "Start them, or name them by the variables COUNTERPART_TEST_…_URL."]))
