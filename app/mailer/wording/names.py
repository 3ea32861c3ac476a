"""What people call the kinds of documents that mails are about, and the languages that they are written in."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from app.core.words import Words, say
from app.mailer.planning.plan_model import DocumentKind

KIND_NAMES: Mapping[DocumentKind, Words] = MappingProxyType(
    {
        DocumentKind.INVOICE: say("Invoice mail"),
        DocumentKind.CORRESPONDENCE: say("Letter mail"),
        DocumentKind.TICKET_UPDATE: say("Ticket update mail"),
    }
)
LANGUAGE_NAMES: Mapping[str, Words] = MappingProxyType({"en": say("English"), "de": say("German")})
FIELD_NAMES: Mapping[str, Words] = MappingProxyType(
    {"subject": say("Subject"), "text": say("Plain text"), "html": say("HTML")}
)
