"""django-mailer, as `mail.py` runs it: its email backend, and `send_mail`, with the settings that it ships."""

from __future__ import annotations

from typing import Any

import stage
from peers import set_up
from django.core.mail import EmailMessage, get_connection
from django.core.management import call_command


def made(order: stage.Order) -> list[EmailMessage]:
    attachments = [(stage.PDF_NAME, stage.pdf(), stage.PDF_TYPE)] if order.pdf else []
    return [
        EmailMessage(stage.SUBJECT, stage.BODY, stage.SENDER, [address], attachments=attachments)
        for address in order.addresses
    ]


def enqueue(mails: list[EmailMessage]) -> dict[str, Any]:
    return {"done": get_connection("mailer.backend.DbBackend").send_messages(mails)}


def drain() -> dict[str, Any]:
    from django.db import connection

    before = _handled()
    call_command("send_mail")
    # One that others had in hand is left to them.
    connection.close()
    return {"done": _handled() - before, "of_all": True}


def _handled() -> int:
    from mailer.models import RESULT_SUCCESS, MessageLog

    return MessageLog.objects.filter(result=RESULT_SUCCESS).count()


def main() -> None:
    order = stage.order()
    # As it ships, one process of a host drains; its own lock of rows is what lets several.
    lock = {"MAILER_USE_FILE_LOCK": False} if order.workers > 1 else {"MAILER_LOCK_PATH": f"{order.folder}/send_mail"}
    set_up(order, "mailer", **lock)
    mails = made(order) if order.act == "enqueue" else []
    acts = {"prepare": lambda: call_command("migrate", verbosity=0) or {}}
    acts |= {"enqueue": lambda: enqueue(mails), "drain": drain}
    stage.perform(acts[order.act])


if __name__ == "__main__":
    main()
