"""What the pages Send, Send Again and Why, and the command line, ask of ticket updates."""

from __future__ import annotations

from app.core.words import say
from app.mailer.sending_defaults import sending_defaults
from app.mailer.sending_kinds import Sending
from app.tickets import planning, queries, service
from app.tickets.documents import document_of
from app.tickets.service import Copies

SENDING = Sending(
    resource="ticket",
    title=lambda update: say("Send ticket update {number}", number=update.number),
    again_title=lambda update: say("Send ticket update {number} again", number=update.number),
    load=lambda session, actor, number: queries.update(session, actor, update_id=number),
    numbered=lambda session, actor, number: queries.update_numbered(session, actor, number=number),
    document=document_of,
    plan=lambda session, actor, update, choices: planning.plan_update(
        session, actor, update=update, choices=choices, defaults=sending_defaults()
    ),
    plan_again=lambda session, actor, update, addresses: planning.plan_update_again(
        session, actor, update=update, addresses=addresses, defaults=sending_defaults()
    ),
    send=lambda session, actor, number, choices, fingerprint, version: service.send_update(
        session,
        actor,
        update_id=number,
        copies=Copies(defaults=sending_defaults(), choices=choices, fingerprint=fingerprint),
        version=version,
    ),
    send_again=lambda session, actor, number, again, version: service.send_update_again(
        session, actor, update_id=number, again=again, defaults=sending_defaults(), version=version
    ),
)
