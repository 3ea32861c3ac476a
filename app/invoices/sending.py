"""What the pages Send, Send Again and Why, and the command line, ask of invoices."""

from __future__ import annotations

from app.core.words import say
from app.invoices import queries, service
from app.invoices.resource import planned
from app.mailer.sending_defaults import sending_defaults
from app.mailer.sending_kinds import Sending

SENDING = Sending(
    resource="invoice",
    title=lambda invoice: say("Send invoice {number}", number=invoice.number),
    again_title=lambda invoice: say("Send invoice {number} again", number=invoice.number),
    load=lambda session, actor, number: queries.invoice(session, actor, invoice_id=number),
    numbered=lambda session, actor, number: queries.invoice_numbered(session, actor, number=number),
    document=service.document_of,
    plan=planned,
    plan_again=lambda session, actor, invoice, addresses: service.plan_invoice_again(
        session, actor, invoice=invoice, addresses=addresses, defaults=sending_defaults()
    ),
    send=lambda session, actor, number, choices, fingerprint: service.send_invoice(
        session,
        actor,
        invoice_id=number,
        choices=choices,
        fingerprint=fingerprint,
        defaults=sending_defaults(),
    ),
    send_again=lambda session, actor, number, again: service.send_invoice_again(
        session, actor, invoice_id=number, again=again, defaults=sending_defaults()
    ),
)
