"""django-post_office, as `mail.py` runs it: `send_many`, and `send_queued_mail`, with the settings that it ships."""

from __future__ import annotations

from typing import Any

import stage
from peers import set_up
from django.core.files.base import ContentFile
from django.core.management import call_command


def enqueue(order: stage.Order) -> dict[str, Any]:
    from django.db import transaction
    from post_office import mail
    from post_office.models import Email
    from post_office.utils import create_attachments

    wanted = [
        {"recipients": address, "sender": stage.SENDER, "subject": stage.SUBJECT, "message": stage.BODY}
        for address in order.addresses
    ]
    if not order.pdf:
        return {"done": len(mail.send_many(wanted))}
    # send_many takes no attachments: it is given the one row that all of them share, which is the best for it.
    with transaction.atomic():
        emails = mail.send_many(wanted)
        file = {"file": ContentFile(stage.pdf()), "mimetype": stage.PDF_TYPE}
        (attachment,) = create_attachments({stage.PDF_NAME: file})
        links = Email.attachments.through
        links.objects.bulk_create(links(email_id=one.id, attachment_id=attachment.id) for one in emails)
    return {"done": len(emails)}


def drain(order: stage.Order) -> dict[str, Any]:
    from post_office.models import STATUS, Email

    call_command("send_queued_mail", processes=order.workers, lockfile=f"{order.folder}/post_office")
    return {"done": Email.objects.filter(status=STATUS.sent).count()}


def main() -> None:
    order = stage.order()
    own = {} if order.threads is None else {"THREADS_PER_PROCESS": order.threads}
    set_up(order, "post_office", POST_OFFICE=own)
    acts = {"prepare": lambda: call_command("migrate", verbosity=0) or {}}
    acts |= {"enqueue": lambda: enqueue(order), "drain": lambda: drain(order)}
    stage.perform(acts[order.act])


if __name__ == "__main__":
    main()
