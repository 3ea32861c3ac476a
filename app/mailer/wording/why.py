"""The line at the foot of each mail: why it came, in the recipient's language, from the message's own reasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from unicodedata import bidirectional

from app.mailer.planning.plan_model import DocumentKind
from app.mailer.planning.reasons import Reason

FALLBACK = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the line speaks of: the customer as the document names it, and the type of a letter or ticket."""

    kind: DocumentKind
    customer: str
    account_number: str
    type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tongue:
    """How one language says it. `clauses` go with each reason; an invoice's own are under its reason and kind."""

    sentence: str
    joint: str
    clauses: Mapping[str, str]
    formats: Mapping[str, str]


_TONGUES = {
    "en": _Tongue(
        sentence="You receive this copy because {clauses}.",
        joint=", and because ",
        clauses={
            "customer_email invoice": "the bills of {who} go to your address",
            "customer_email": "yours is the main address of {who}",
            "copy_email_bill": "you are a contact of {who} for whom {format} bills were chosen",
            "copy_correspondence": "you are a contact of {who} for whom letters of the type {type} were chosen",
            "copy_ticket_updates": "you are a contact of {who} for whom updates on {type} tickets were chosen",
            "requester": "this ticket of {who} was raised from your address",
            "typed_in": "it was sent to your address by name, on behalf of {who}",
        },
        formats={"short": "short", "long": "long", "full": "full"},
    ),
    "de": _Tongue(
        sentence="Sie erhalten diese Kopie, weil {clauses}.",
        joint=", und weil ",
        clauses={
            "customer_email invoice": "die Rechnungen von {who} an Ihre Adresse gehen",
            "customer_email": "Ihre Adresse die Hauptadresse von {who} ist",
            "copy_email_bill": "Sie Kontakt von {who} sind und {format} Rechnungen für Sie gewählt wurden",
            "copy_correspondence": "Sie Kontakt von {who} sind und Schreiben der Art {type} für Sie gewählt wurden",
            "copy_ticket_updates": "Sie Kontakt von {who} sind und Ticketmeldungen ({type}) für Sie gewählt wurden",
            "requester": "dieses Ticket von {who} von Ihrer Adresse aus eröffnet wurde",
            "typed_in": "Ihre Adresse beim Versand für {who} eigens angegeben wurde",
        },
        formats={"short": "kurze", "long": "lange", "full": "vollständige"},
    ),
}
LANGUAGES = tuple(_TONGUES)


def why_line(reasons: Iterable[Mapping[str, Any]], *, about: About, language: str) -> str:
    """Return the sentence for a message's reasons, as the outbox keeps them: all of them, each once.

    It names the customer and what was chosen; no address, and nobody else's name.

    Raises:
        KeyError: when a reason has no words.

    """
    tongue = _TONGUES.get(language, _TONGUES[FALLBACK])
    who = f"{_isolated(about.customer)} ({about.account_number})"
    clauses = (
        _clause(tongue, reason, about).format(
            who=who, type=f"“{_isolated(about.type)}”", format=tongue.formats.get(str(reason.get("format")), "")
        )
        for reason in reasons
    )
    return tongue.sentence.format(clauses=tongue.joint.join(dict.fromkeys(clauses)))


def reason_header(reasons: Iterable[Mapping[str, Any]]) -> str:
    """Return the codes of a message's reasons for its header field: ASCII, each once, and nothing of a person."""
    return ", ".join(dict.fromkeys(str(Reason(reason["reason"])) for reason in reasons))


def _isolated(name: str) -> str:
    """Return a name so that one written from right to left leaves the order of the sentence alone (UAX 9)."""
    return f"\u2068{name}\u2069" if any(bidirectional(char) in ("R", "AL") for char in name) else name


def _clause(tongue: _Tongue, reason: Mapping[str, Any], about: About) -> str:
    code = str(reason["reason"])
    own = tongue.clauses.get(f"{code} {about.kind}")
    return own or tongue.clauses[code]
