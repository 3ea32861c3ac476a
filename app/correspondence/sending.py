"""What the pages Send, Send Again and Why, and the command line, ask of letters."""

from __future__ import annotations

from app.core.words import say
from app.correspondence import dispatch, queries, service
from app.correspondence.resource import planned
from app.mailer.sending_defaults import sending_defaults
from app.mailer.sending_kinds import Sending

SENDING = Sending(
    resource="correspondence",
    resource_of=lambda letter: letter.resource,
    title=lambda letter: say("Send letter {number}", number=letter.number),
    again_title=lambda letter: say("Send letter {number} again", number=letter.number),
    load=lambda session, actor, number: queries.letter(session, actor, letter_id=number),
    numbered=lambda session, actor, number: queries.letter_numbered(session, actor, number=number),
    document=service.document_of,
    takes_files=True,
    plan=planned,
    plan_again=lambda session, actor, letter, addresses: dispatch.plan_letter_again(
        session, actor, letter=letter, addresses=addresses, defaults=sending_defaults()
    ),
    send=lambda session, actor, number, choices, fingerprint, version: dispatch.send_letter(
        session,
        actor,
        letter_id=number,
        choices=choices,
        fingerprint=fingerprint,
        defaults=sending_defaults(),
        version=version,
    ),
    send_again=lambda session, actor, number, again, version: dispatch.send_letter_again(
        session, actor, letter_id=number, again=again, defaults=sending_defaults(), version=version
    ),
)
