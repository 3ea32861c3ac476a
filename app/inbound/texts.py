"""The words of a mail as plain text: out of HTML, out of any charset, and without what no text can hold."""

from __future__ import annotations

import codecs
import html
import re
import unicodedata
from email.message import Message

import lxml.html
from inscriptis import get_text
from inscriptis.model.config import ParserConfig
from lxml import etree

from app.core.invisible import without_invisible
from app.mailer.incoming.headers import UNREADABLE

# Of each part so many octets are looked at.
MAX_PART = 1024 * 1024
# Codecs that Python has beside those of charsets; some take a time that grows with the square of the text's length.
_NO_CHARSETS = frozenset({"punycode", "idna", "unicode-escape", "raw-unicode-escape", "undefined", "utf-7"})
_LINE_ENDS = re.compile(r"\r\n?|[\u2028\u2029\x0b\x0c\x85]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_BLANK_LINES = re.compile(r"\n{4,}")
_TAGS = re.compile(r"<[^<>]*>")
_SPACES = re.compile(r"[ \t]{2,}")
# Where mail programs put the mail that they quote; what follows Outlook's mark up to the end is quoted too.
_QUOTED = (
    "//blockquote[@type='cite'] | //*[contains(concat(' ', @class, ' '), ' gmail_quote ')]"
    " | //*[contains(concat(' ', @class, ' '), ' gmail_attr ')] | //*[contains(@class, 'yahoo_quoted')]"
    " | //*[contains(concat(' ', @class, ' '), ' moz-cite-prefix ')] | //*[contains(@class, 'protonmail_quote')]"
)
_OUTLOOK = "//*[@id='divRplyFwdMsg' or @id='appendonsend' or @id='mail-editor-reference-message-container']"
_BROKEN_HTML = (*UNREADABLE, etree.LxmlError, AssertionError)


def line(text: str, limit: int) -> str:
    """Return a text as one line of at most so many characters, without what is no character."""
    plain = without_invisible(_CONTROLS.sub(" ", _LINE_ENDS.sub(" ", text[: 4 * limit])), multiline=False)
    return unicodedata.normalize("NFC", " ".join(plain.split()))[:limit].strip()


def paragraphs(text: str) -> str:
    """Return a text in lines, as the fields of a record take it: NFC, and without what is no character."""
    plain = without_invisible(_CONTROLS.sub("", _LINE_ENDS.sub("\n", text)), multiline=True)
    lines = (one.rstrip() for one in unicodedata.normalize("NFC", plain).split("\n"))
    return _BLANK_LINES.sub("\n\n\n", "\n".join(lines)).strip("\n").rstrip()


def text_of_part(part: Message) -> str:
    """Return the text of a part that holds text: decoded by its charset, and its flowed lines put together."""
    payload = part.get_payload(decode=True)
    data = payload[:MAX_PART] if isinstance(payload, bytes) else b""
    text = _decoded(data, str(part.get_content_charset() or "utf-8"))
    if str(part.get_param("format", "")).lower() == "flowed":
        return unflowed(text, delete_space=str(part.get_param("delsp", "")).lower() == "yes")
    return text


def _decoded(data: bytes, charset: str) -> str:
    try:
        known = codecs.lookup(charset).name
        if known not in _NO_CHARSETS:
            # What calls itself Latin 1 is Windows's superset of it more often than not (WHATWG Encoding).
            return data.decode("cp1252" if known == "iso8859-1" else known)
    except (LookupError, ValueError):
        pass
    try:
        return data.decode("utf-8")
    except UnicodeError:
        return data.decode("cp1252", "replace")


def unflowed(text: str, *, delete_space: bool = False) -> str:
    """Put the lines of a format=flowed text together as its writer saw them (RFC 3676 section 4.2)."""
    done: list[str] = []
    open_depth: int | None = None
    for raw in text.replace("\r\n", "\n").split("\n"):
        content = raw.lstrip(">")
        depth = len(raw) - len(content)
        content = content.removeprefix(" ")
        flows = content.endswith(" ") and content != "-- "
        body = content[:-1] if flows and delete_space else content
        if open_depth == depth and content != "-- ":
            done[-1] += body
        else:
            done.append(">" * depth + (" " if depth else "") + body)
        open_depth = depth if flows else None
    return "\n".join(done)


def text_of_html(markup: str, *, own: bool = False) -> str:
    """Return what HTML says as plain text; with `own`, without the mail that it quotes."""
    try:
        text = _by_tree(markup, own=own)
    except _BROKEN_HTML:
        text = ""
    if text.strip() or own:
        return text
    # A parser gives up where elements are nested hundreds deep.
    return _SPACES.sub(" ", html.unescape(_TAGS.sub(" ", markup)))


def _by_tree(markup: str, *, own: bool) -> str:
    if not markup.strip():
        return ""
    # An encoding that the markup declares says nothing of a text that is decoded.
    tree = lxml.html.document_fromstring(
        markup.encode("utf-8", "replace"), parser=lxml.html.HTMLParser(encoding="utf-8")
    )
    if own:
        for found in tree.xpath(_OUTLOOK):
            for after in list(found.itersiblings()):
                after.getparent().remove(after)
            _remove(found)
        for found in tree.xpath(_QUOTED):
            _remove(found)
    return str(get_text(lxml.html.tostring(tree, encoding="unicode"), ParserConfig(display_links=False)))


def _remove(element: lxml.html.HtmlElement) -> None:
    if element.getparent() is not None:
        element.drop_tree()
