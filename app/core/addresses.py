"""Mail addresses: how they are compared, split and checked."""

import unicodedata

import idna
from email_validator import EmailNotValidError, validate_email

from app.core.words import Words, say

# RFC 5321 section 4.5.3.1.3 allows a path of 256 octets, of which two are its angle brackets.
MAX_OCTETS = 254

# What email-validator has against an address, by a mark of its English sentence.
_REASONS = {
    "special-use": say("The domain after the @-sign is kept for special use; nothing is delivered there."),
    "bracketed": say("A server's number in brackets can't be used; give a domain after the @-sign."),
    "Quoting": say("A part in quotation marks before the @-sign can't be used."),
    "too long": say("The part before or after the @-sign is too long."),
    "hyphen": say("A hyphen stands in the wrong place: at an end of a part of the domain."),
    "characters": say("The email address contains characters that no address can have."),
    "period": say("A dot stands in the wrong place: at an end, or beside another one or the @-sign."),
}


def normalise(address: str) -> str:
    """Return the form of an address by which two spellings of one mailbox are found equal.

    Space around it goes, Unicode is composed (NFC), case goes, and an international domain (RFC 5890) becomes its
    A-labels by UTS 46 with IDNA 2008. The local part keeps all but its case: RFC 5321 leaves its case to the receiver,
    and no mailbox of this world differs from another by case alone; an international one (RFC 6531) likewise.
    Never raises: what is no address is folded as text, so that it still equals itself.
    """
    text = _lower(address.strip())
    local, at, domain = text.rpartition("@")
    if not at or domain.isascii():
        return text
    return f"{local}@{_a_labels(domain)}"


def domain_of(normalised: str) -> str:
    """Return the domain of a normalised address, as A-labels where it has them; empty for what is no address."""
    return normalised.rpartition("@")[2] if "@" in normalised else ""


def split_addresses(text: str) -> list[str]:
    """Return the addresses of a comma list in their order and spelling, trimmed, without the empty ones."""
    return [part for part in (piece.strip() for piece in text.split(",")) if part]


def check_address(address: str) -> str:
    """Return one address as it is to be stored: trimmed and composed (NFC), its spelling otherwise kept.

    Follows RFC 5321 and RFC 6531 as email-validator reads them; asks no name server.

    Raises:
        ValueError: in plain words, when nothing could be delivered to it.

    """
    text = unicodedata.normalize("NFC", address.strip())
    if not text:
        raise ValueError(say("Enter an email address."))
    # Checked first, because reading a domain of a megabyte takes its time.
    if len(text.encode("utf-8", "surrogatepass")) > MAX_OCTETS:
        raise ValueError(say("The email address is too long: at most {limit} characters.", limit=MAX_OCTETS))
    try:
        validate_email(text, check_deliverability=False, strict=True)
    except EmailNotValidError as error:
        raise ValueError(_why_not(text, str(error))) from error
    except UnicodeError as error:
        raise ValueError(say("The email address contains characters that no address can have.")) from error
    return text


def _why_not(text: str, reason: str) -> Words:
    """Say in our own words, which can be translated, what email-validator has against an address."""
    shape = _wrong_shape(*text.rpartition("@"))
    if shape is not None:
        return shape
    if ": " in reason and "@-sign" in reason:
        found = reason.rpartition(": ")[2].rstrip(".")
        if "before the" in reason:
            return say("There are characters before the @-sign that can't be there: {characters}.", characters=found)
        return say("There are characters after the @-sign that can't be there: {characters}.", characters=found)
    fitting = (words for mark, words in _REASONS.items() if mark in reason)
    return next(fitting, say("This is no email address that a mail could be delivered to."))


def _wrong_shape(local: str, at: str, domain: str) -> Words | None:
    """Say which part of an address is missing, or too much."""
    if not at:
        return say("An email address needs an @-sign.")
    if not local:
        return say("Something is missing before the @-sign.")
    if not domain:
        return say("Something is missing after the @-sign.")
    if "@" in local:
        return say("An email address has one @-sign; separate several addresses by commas.")
    if "." not in domain:
        return say("The part after the @-sign is no domain: it needs a dot.")
    return None


def _lower(text: str) -> str:
    """Lower the case and compose. casefold() would go too far: it makes ß and ss one, which are two mailboxes."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())


def _a_labels(domain: str) -> str:
    """Return a domain as lower-case A-labels, or as it is when IDNA knows no such name."""
    try:
        return idna.encode(domain, uts46=True).decode("ascii").lower()
    except UnicodeError:
        return domain
