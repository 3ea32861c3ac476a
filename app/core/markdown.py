"""Markdown (CommonMark) as staff write it: parsed, and turned into plain words, or into HTML that is sanitised."""

from __future__ import annotations

import re
from functools import cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

_ALLOWED_LINK = re.compile(r"(https?://|mailto:|tel:)\S", re.IGNORECASE)
_SCHEMES = {"http", "https", "mailto", "tel"}
# Characters that mean something in Markdown; a backslash before any of them makes it a character (CommonMark 2.4).
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_ELEMENTS = set(
    "p br hr h1 h2 h3 h4 strong em s a ul ol li blockquote pre code table thead tbody tr th td".split()  # noqa: SIM905  reads as a line
)
# Lists and quotes in each other; the parser leaves out what is deeper.
MAX_NESTING = 60


def _may_lead(url: str) -> bool:
    return bool(_ALLOWED_LINK.match(url))


@cache
def _parser() -> MarkdownIt:
    # No raw HTML, no pictures, no address that nobody marked as a link; and lines end where the writer ended them.
    made = MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": True, "maxNesting": MAX_NESTING})
    made.enable(["table", "strikethrough"]).disable(["image", "html_block", "html_inline", "entity"])
    made.validateLink = _may_lead  # type: ignore[method-assign]
    return made


def tokens_of(source: str) -> list[Token]:
    """Return the tokens of a text: blocks, and within `inline` ones their children. There is no HTML among them."""
    found = _parser().parse(source)
    for token in found:
        if token.children:
            token.children = _without_empty_links(token.children)
    return found


def is_too_deep(source: str) -> bool:
    """Tell whether a text nests lists and quotes so deeply that some of it would be left out."""
    return max((token.level for token in tokens_of(source)), default=0) >= MAX_NESTING - 2


def _without_empty_links(children: list[Token]) -> list[Token]:
    """Leave the words of a link that leads nowhere, and take its title off one that leads somewhere."""
    kept: list[Token] = []
    leads: list[bool] = []
    for token in children:
        if token.type == "link_open":
            leads.append(bool(token.attrGet("href")))
            token.attrs.pop("title", None)
        if token.type in ("link_open", "link_close"):
            is_kept = leads[-1] if token.type == "link_open" else leads.pop()
            if not is_kept:
                continue
        kept.append(token)
    return kept


def html_of(source: str) -> str:
    """Return a text as HTML: a short list of elements, no attribute but a link's address, and nothing that loads.

    The parser makes no other, and what it makes is sanitised all the same.
    """
    made: str = _parser().renderer.render(_lowered(tokens_of(source)), _parser().options, {})
    return nh3.clean(
        made,
        tags=_ELEMENTS,
        attributes={"a": {"href"}},
        url_schemes=_SCHEMES,
        link_rel=None,
        strip_comments=True,
    )


def plain_text(source: str) -> str:
    """Return a text for a mail program without HTML: what is said, with marks for lists, and links written out."""
    lines: list[str] = []
    lists: list[int | None] = []
    mark = ""
    for token in tokens_of(source):
        kind = token.type
        if kind in ("bullet_list_open", "ordered_list_open"):
            lists.append(int(token.attrGet("start") or 1) if kind.startswith("ordered") else None)
        elif kind in ("bullet_list_close", "ordered_list_close"):
            lists.pop()
            lines += [] if lists else [""]
        elif kind == "list_item_open":
            mark = f"{token.info}{token.markup} " if lists[-1] is not None else "- "
        elif kind == "inline":
            indent = "  " * max(len(lists) - 1, 0)
            lines += [indent + line for line in f"{mark}{inline_text(token)}".split("\n")]
            mark = ""
        elif kind in ("fence", "code_block"):
            lines += [*token.content.rstrip("\n").split("\n"), ""]
        elif kind == "hr":
            lines += ["---", ""]
        elif kind in ("paragraph_close", "heading_close", "tr_close") and not (lists or kind == "tr_close"):
            lines.append("")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def inline_text(token: Token) -> str:
    """Return the text of an `inline` token; a link that doesn't show its address is followed by it."""
    found: list[str] = []
    links: list[tuple[str, int]] = []
    for child in token.children or ():
        if child.type in ("text", "code_inline"):
            found.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            found.append("\n")
        elif child.type == "link_open":
            links.append((str(child.attrGet("href") or ""), len(found)))
        elif child.type == "link_close":
            address, start = links.pop()
            shown = "".join(found[start:])
            if shown not in (address, address.removeprefix("mailto:").removeprefix("tel:")):
                found.append(f" ({address})")
    return "".join(found)


def escaped(text: str) -> str:
    """Return a text that stands for itself in Markdown, whatever it holds, in one line."""
    return _PUNCTUATION.sub(r"\\\1", " ".join(text.split()))


def _lowered(tokens: list[Token]) -> list[Token]:
    """Make headings begin below those of the mail or page that the text stands in."""
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1:]) + 1, 4)}"
    return tokens
