"""What Celery is told: a broker that carries wake-ups and nothing else, each a hint that may be lost at any time."""

from __future__ import annotations

import ssl
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from kombu import Exchange, Queue
from sqlalchemy.engine import make_url

from app.extensions import celery
from app.mailer.delivery.recovery import LONGEST_SENDING
from app.mailer.engines.wakeups import Wakeups
from app.mailer.engines.work import WAKEUPS
from config import Settings

# A wake-up that is older says nothing: whoever drains finds what is due by the timer meanwhile.
WAKE_UP_SECONDS = 60
# A queue that nobody has used for so long goes; whoever comes next makes it anew.
_QUEUE_SECONDS = 24 * 60 * 60
_ROUND_SECONDS = 5 * 60


def init_app(app: Flask) -> None:
    """Configure Celery for an application whose settings name a broker, and have its commits publish wake-ups."""
    settings = app.config["SETTINGS"]
    if settings.broker_url:
        celery.conf.update(celery_config(settings))
        app.extensions[WAKEUPS] = Wakeups(celery, wake_up_queue(settings), lifetime=WAKE_UP_SECONDS)


def wake_up_queue(settings: Settings) -> Queue:
    """Return the queue of an outbox: named after its database, so that installations may share a broker."""
    name = f"counterpart.{make_url(settings.database_url).database}"
    return Queue(name, Exchange(""), routing_key=name, expires=_QUEUE_SECONDS)


def celery_config(settings: Settings) -> dict[str, Any]:
    """Return Celery's configuration: it stores nothing and hoards nothing, and waits for a broker that is away."""
    queue = wake_up_queue(settings)
    return {
        "broker_url": settings.broker_url,
        "broker_use_ssl": _verified(settings.broker_url or ""),
        "broker_connection_timeout": 4,
        "broker_heartbeat": 30,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        # A round in hand goes on while the broker is away: it needs the database and the mail server alone.
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "task_queues": [queue],
        "task_default_queue": queue.name,
        # Durable queues hold transient messages: nothing is written to disk for a hint.
        "task_default_delivery_mode": "transient",
        "task_ignore_result": True,
        "task_store_errors_even_if_ignored": False,
        "result_backend": None,
        "task_serializer": "json",
        "accept_content": ["json"],
        # Acknowledged before it is done: a wake-up that dies with its worker is missed by nobody.
        "task_acks_late": False,
        "worker_prefetch_multiplier": 1,
        # A soft limit would cut a mail in two. What is not done by then hangs, and its process is ended.
        "task_time_limit": LONGEST_SENDING.total_seconds() + _ROUND_SECONDS,
        "worker_enable_remote_control": False,
        "worker_send_task_events": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "enable_utc": True,
    }


def _verified(broker_url: str) -> dict[str, Any] | None:
    """Return what TLS to the broker asks for: a certificate that the system trusts, with the broker's name in it."""
    parts = urlsplit(broker_url)
    if parts.scheme == "amqps":
        trusted = ssl.get_default_verify_paths()
        where = {"ca_certs": trusted.cafile} if trusted.cafile else {"ca_cert_dir": trusted.capath}
        return {**where, "cert_reqs": ssl.CERT_REQUIRED, "server_hostname": parts.hostname}
    if parts.scheme == "rediss":
        return {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True}
    return None
