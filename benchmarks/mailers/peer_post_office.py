"""django-post_office, as `mail.py` runs it: `send_many`, and `send_queued_mail`, with the settings that it ships."""

from __future__ import annotations

import peers
import stage
from django.core.files.base import ContentFile
from django.core.management import call_command


def enqueue(order: stage.Order) -> None:
    from django.db import transaction
    from post_office import mail
    from post_office.models import Email
    from post_office.utils import create_attachments

    wanted = [
        {"recipients": address, "sender": stage.SENDER, "subject": stage.SUBJECT, "message": stage.BODY}
        for address in order.addresses
    ]
    if not order.pdf:
        mail.send_many(wanted)
        return
    # send_many takes no attachments: it is given the one row that all of them share, which is the best for it.
    with transaction.atomic():
        emails = mail.send_many(wanted)
        file = {"file": ContentFile(stage.pdf()), "mimetype": stage.PDF_TYPE}
        (attachment,) = create_attachments({stage.PDF_NAME: file})
        links = Email.attachments.through
        links.objects.bulk_create(links(email_id=one.id, attachment_id=attachment.id) for one in emails)


def main() -> None:
    order = stage.order()
    threads = {} if order.threads is None else {"THREADS_PER_PROCESS": order.threads}
    peers.set_up(order, "post_office", POST_OFFICE=threads)
    import post_office.mail  # noqa: F401  to import it is no part of what is timed, and only now possible

    lock = f"{order.folder}/post_office"
    stage.perform(
        order,
        prepare=lambda: call_command("migrate", verbosity=0),
        enqueue=lambda: enqueue(order),
        drain=lambda: call_command("send_queued_mail", processes=order.workers, lockfile=lock),
    )


if __name__ == "__main__":
    main()
