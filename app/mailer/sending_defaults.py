"""What the settings of this instance say where records are silent, for the plans and messages of every document."""

from __future__ import annotations

from flask import current_app

from app.mailer.planning.facts import Defaults

# Whom mails come from where neither the settings nor the issuer say so.
NO_SENDER = "counterpart@localhost"


def sending_defaults() -> Defaults:
    """Return what the settings say where records are silent, for plans and messages."""
    settings = current_app.config["SETTINGS"]
    sender = settings.mail_default_sender or ""
    domain = sender.rpartition("@")[2].rstrip(">") or "counterpart.localhost"
    return Defaults(
        language=settings.language,
        usage_module=settings.invoice_usage,
        domain=domain,
        public_url=settings.public_url,
    )
