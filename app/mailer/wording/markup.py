"""What the HTML of a mail may hold: a short list of elements and attributes, all closed, and nothing that loads."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from app.core.words import say
from app.mailer.wording.inlining import MARK, tokenised
from app.mailer.wording.sandbox import Flaw

_VOID = frozenset({"br", "hr", "meta"})
_ELEMENT_NAMES = (
    "html head title style body div span p h1 h2 h3 h4 table thead tbody tfoot tr td th caption a b strong i em u"
    " small sub sup ul ol li dl dt dd blockquote pre code center"
)
_ELEMENTS = _VOID | frozenset(_ELEMENT_NAMES.split())
_ATTRIBUTE_NAMES = (
    "style class id align valign width height bgcolor border cellpadding cellspacing role lang dir title href colspan"
    " rowspan scope charset name content aria-hidden aria-label"
)
_ATTRIBUTES = frozenset(_ATTRIBUTE_NAMES.split())
_META_NAMES = frozenset({"viewport", "color-scheme", "supported-color-schemes", "x-apple-disable-message-reformatting"})
# Values stand there as text, which is escaped.
_TAKES_VALUES = frozenset({"href", "title", "aria-label"})
_LINK = re.compile(r"(https?://[^\s]|mailto:[^\s])", re.IGNORECASE)
_LOADING_CSS = re.compile(
    r"url\s*\(|image\s*\(|image-set\s*\(|@import|@font-face|expression\s*\(|behavior\s*:|\\|/\*", re.IGNORECASE
)
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|(font-size|opacity|max-height)\s*:\s*0(?![.\d]*[1-9])", re.IGNORECASE
)


_CONDITION = re.compile(MARK.pattern.replace("[VC]", "C"))
_A_MARK = re.compile(f"{MARK.pattern}|<!--", re.IGNORECASE)
_PLACES = say("A placeholder stands in the text, or in href or title; a condition around whole elements.")


def flaws(source: str) -> list[Flaw]:
    """Return what a mail's HTML can't hold: anything that runs, loads or asks, and what isn't closed."""
    return _checked(tokenised(source, keep_lines=True).text).flaws


def rendered_flaws(html: str) -> list[Flaw]:
    """Return the same of a rendered mail: what values may have brought about."""
    return _checked(html).flaws


def visible_text(html: str) -> str:
    """Return the text of a rendered mail that its reader sees."""
    return " ".join("".join(_checked(html).seen).split())


def visible_links(html: str) -> list[str]:
    """Return where the links of a rendered mail lead that its reader sees, each with words to press on."""
    return _checked(html).links


def _checked(text: str) -> _Checker:
    checker = _Checker()
    checker.feed(text)
    checker.close()
    checker.finish()
    return checker


class _Checker(HTMLParser):
    """Reads HTML strictly: a short list of elements and attributes, each element closed where it was opened."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.flaws: list[Flaw] = []
        self.seen: list[str] = []
        self.links: list[str] = []
        self._link = ""
        self._open: list[tuple[str, int, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if _A_MARK.search(tag):
            self._say(_PLACES)
        elif tag not in _ELEMENTS:
            self._say(say("A mail has no element {name}.", name=tag))
        hidden = False
        for name, value in attrs:
            self._attribute(tag, name, value or "")
            hidden |= name == "style" and bool(_HIDDEN.search(value or ""))
        if tag == "a":
            self._link = dict(attrs).get("href") or ""
        if tag == "meta":
            self._meta(dict(attrs))
        if tag not in _VOID:
            self._open.append((tag, self.getpos()[0], hidden))
        elif tag in ("br", "hr"):
            self.seen.append(" ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self._say(say("Close {name} by an end tag of its own.", name=tag))
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID or not self._open:
            self._say(say("This end tag ends nothing: {name}.", name=tag))
        elif self._open[-1][0] != tag:
            opened, line, _ = self._open[-1]
            self._say(
                say("{name} ends here, while {opened} of line {line} is open.", name=tag, opened=opened, line=line)
            )
            if any(one[0] == tag for one in self._open):
                while self._open.pop()[0] != tag:
                    pass
        else:
            self._open.pop()
        self.seen.append(" ")

    def handle_data(self, data: str) -> None:
        place = self._open[-1][0] if self._open else ""
        if place == "style":
            self._style(data)
        elif place not in ("title", "head") and not any(hidden for _, _, hidden in self._open):
            self.seen.append(data)
            if data.strip() and self._link and any(name == "a" for name, _, _ in self._open):
                self.links.append(self._link)

    def handle_comment(self, data: str) -> None:
        place = self._open[-1][0] if self._open else ""
        if _CONDITION.fullmatch(data.strip()):
            if place in ("title", "style"):
                self._say(say("A condition can't stand in {name}.", name=place))
        elif MARK.search(data) or data.lstrip().startswith("["):
            self._say(say("A comment holds neither placeholders nor conditions."))

    def handle_pi(self, data: str) -> None:  # noqa: ARG002  the parser's parameters
        self._say(say("A mail has no processing instructions."))

    def unknown_decl(self, data: str) -> None:  # noqa: ARG002  the parser's parameters
        self._say(say("A mail has no such declarations."))

    def finish(self) -> None:
        """Say what was not closed at the end."""
        for name, line, _ in self._open:
            self.flaws.append(Flaw(line, say("{name} is not closed.", name=name)))
        # What the parser could not read as a tag, it leaves.
        if self.rawdata.strip():
            self._say(say("Something that begins here is not closed."))

    def _attribute(self, tag: str, name: str, value: str) -> None:
        if _A_MARK.search(name):
            self._say(_PLACES)
        elif name not in _ATTRIBUTES:
            self._say(say("{tag} has no attribute {name} in a mail.", tag=tag, name=name))
        if (MARK.search(value) and name not in _TAKES_VALUES) or "<!--" in value:
            self._say(_PLACES)
        if name == "style":
            self._style(value)
        if name == "href" and not (_LINK.match(value.strip()) or MARK.match(value)):
            self._say(say("A link begins with https://, http:// or mailto:."))

    def _meta(self, attributes: dict[str, str | None]) -> None:
        name = attributes.get("name")
        if name is not None and name.lower() not in _META_NAMES:
            self._say(say("A mail has no meta element {name}.", name=name))

    def _style(self, css: str) -> None:
        if _LOADING_CSS.search(css):
            self._say(say("Styles load nothing, and have neither comments nor backslashes."))
        if MARK.search(css):
            self._say(say("A placeholder can't stand in styles."))

    def _say(self, what: object) -> None:
        self.flaws.append(Flaw(self.getpos()[0], what))  # type: ignore[arg-type]
