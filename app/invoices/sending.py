"""What the pages Send, Send Again and Why, and the command line, ask of invoices."""

from __future__ import annotations

from app.core.words import Words, say
from app.invoices import queries, service
from app.invoices.models import Invoice
from app.invoices.resource import planned
from app.mailer.sending_defaults import sending_defaults
from app.mailer.sending_kinds import Sending


def _title(invoice: Invoice) -> Words:
    if invoice.credits_id is not None:
        return say("Send credit note {number}", number=invoice.number)
    return say("Send invoice {number}", number=invoice.number)


def _again_title(invoice: Invoice) -> Words:
    if invoice.credits_id is not None:
        return say("Send credit note {number} again", number=invoice.number)
    return say("Send invoice {number} again", number=invoice.number)


SENDING = Sending(
    resource="invoice",
    title=_title,
    again_title=_again_title,
    load=lambda session, actor, number: queries.invoice(session, actor, invoice_id=number),
    numbered=lambda session, actor, number: queries.invoice_numbered(session, actor, number=number),
    document=service.document_of,
    plan=planned,
    plan_again=lambda session, actor, invoice, addresses: service.plan_invoice_again(
        session, actor, invoice=invoice, addresses=addresses, defaults=sending_defaults()
    ),
    send=lambda session, actor, number, choices, fingerprint, version: service.send_invoice(
        session,
        actor,
        invoice_id=number,
        choices=choices,
        fingerprint=fingerprint,
        defaults=sending_defaults(),
        version=version,
    ),
    send_again=lambda session, actor, number, again, version: service.send_invoice_again(
        session, actor, invoice_id=number, again=again, defaults=sending_defaults(), version=version
    ),
)
