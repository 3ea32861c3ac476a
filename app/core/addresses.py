"""Mail addresses: how they are compared, split and checked."""

import unicodedata

import idna
from email_validator import EmailNotValidError, validate_email

# RFC 5321 section 4.5.3.1.3 allows a path of 256 octets, of which two are its angle brackets.
MAX_OCTETS = 254


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
        raise ValueError("Enter an email address.")
    # Checked first, because reading a domain of a megabyte takes its time.
    if len(text.encode("utf-8", "surrogatepass")) > MAX_OCTETS:
        raise ValueError(f"The email address is too long: at most {MAX_OCTETS} characters.")
    try:
        validate_email(text, check_deliverability=False, strict=True)
    except EmailNotValidError as error:
        raise ValueError(str(error)) from error
    except UnicodeError as error:
        raise ValueError("The email address contains characters that no address can have.") from error
    return text


def _lower(text: str) -> str:
    """Lower the case and compose. casefold() would go too far: it makes ß and ss one, which are two mailboxes."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())


def _a_labels(domain: str) -> str:
    """Return a domain as lower-case A-labels, or as it is when IDNA knows no such name."""
    try:
        return idna.encode(domain, uts46=True).decode("ascii").lower()
    except UnicodeError:
        return domain
