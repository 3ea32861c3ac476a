"""What people call the kinds of mail templates, and the languages that they are written in."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from app.core.words import Words, say
from app.mailer.wording.template_kinds import TemplateKind

KIND_NAMES: Mapping[TemplateKind, Words] = MappingProxyType(
    {
        TemplateKind.INVOICE: say("Invoice mail"),
        TemplateKind.CREDIT_NOTE: say("Credit note mail"),
        TemplateKind.CORRESPONDENCE_BILLING: say("Letter mail (billing)"),
        TemplateKind.CORRESPONDENCE_CREDIT_CONTROL: say("Letter mail (credit control)"),
        TemplateKind.CORRESPONDENCE_CUSTOMER_SERVICES: say("Letter mail (customer services)"),
        TemplateKind.CORRESPONDENCE_MARKETING: say("Letter mail (marketing)"),
        TemplateKind.TICKET_UPDATE: say("Ticket update mail"),
    }
)
LANGUAGE_NAMES: Mapping[str, Words] = MappingProxyType({"en": say("English"), "de": say("German")})
FIELD_NAMES: Mapping[str, Words] = MappingProxyType(
    {"subject": say("Subject"), "text": say("Plain text"), "html": say("HTML")}
)
