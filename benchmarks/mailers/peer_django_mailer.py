"""django-mailer, as `mail.py` runs it: its email backend, and `send_mail`, with the settings that it ships."""

from __future__ import annotations

import peers
import stage
from django.core.mail import EmailMessage
from django.core.management import call_command


def made(order: stage.Order) -> list[EmailMessage]:
    """Return the mails: to make them is no part of what is timed."""
    attachments = [(stage.PDF_NAME, stage.pdf(), stage.PDF_TYPE)] if order.pdf else []
    return [
        EmailMessage(stage.SUBJECT, stage.BODY, stage.SENDER, [address], attachments=attachments)
        for address in order.addresses
    ]


def main() -> None:
    order = stage.order()
    # As it ships, one process of a host drains; its own lock of rows is what lets several.
    lock = {"MAILER_USE_FILE_LOCK": False} if order.workers > 1 else {"MAILER_LOCK_PATH": f"{order.folder}/send_mail"}
    peers.set_up(order, "mailer", **lock)
    import mailer.backend
    import mailer.engine

    mails = made(order) if order.act == "enqueue" else []
    stage.perform(
        order,
        prepare=lambda: call_command("migrate", verbosity=0),
        enqueue=lambda: mailer.backend.DbBackend().send_messages(mails),
        drain=lambda: call_command("send_mail"),
    )


if __name__ == "__main__":
    main()
