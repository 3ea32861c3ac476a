"""Django, as both peers need it: one application, the database and the mail server; all else as it ships."""

from __future__ import annotations

import logging

import django
import stage
from django.conf import settings


def set_up(order: stage.Order, app: str, **own: object) -> None:
    named = {"username": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT", "database": "NAME"}
    settings.configure(
        SECRET_KEY="k" * 40,
        INSTALLED_APPS=["django.contrib.contenttypes", app],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                **{named[key]: value for key, value in order.database.items()},
            }
        },
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        MEDIA_ROOT=order.folder,
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=order.port,
        USE_TZ=True,
        **own,
    )
    django.setup()
    # What a mailer says of each batch goes to no terminal, and to no file.
    logging.getLogger("post_office").setLevel(logging.WARNING)
