"""Why messages fail, in the mail server's words without what is one message's own, so that many share one cause."""

from __future__ import annotations

import re

# As long as the column, and short enough for the address of a list.
LONGEST = 90
NO_ANSWER = "no answer"
_CODES = re.compile(r"(?P<code>[245]\d\d)(?:[ -]+|$)(?:(?P<enhanced>[245]\.\d{1,3}\.\d{1,3})(?:\s+|$))?")
# Whatever stands in brackets or quotes, addresses, hosts, and all that has a digit in it: numbers, queue ids, times.
_OWN = re.compile(r"<[^<>]*>|\"[^\"]*\"|'[^']*'|\S*@\S*|\S*\w\.\w\S*|\S*://\S*|\S*\d\S*|\([^()]*\)|\[[^\[\]]*\]")


def cause_of(answer: str | None) -> str:
    """Return the cause of a failure: reply code, enhanced code (RFC 3463) and words, at most 90 characters.

    Addresses, hosts, numbers and quotations become an ellipsis: what is left says nothing about anybody.
    """
    text = " ".join((answer or "").split())
    codes = _CODES.match(text)
    kept = [one for one in (codes["code"], codes["enhanced"]) if one] if codes else []
    said = " ".join([*kept, without_own(text[codes.end() :] if codes else text)])
    if len(said) > LONGEST:
        said = said[: LONGEST - 1].rstrip() + "…"
    return said.strip() or NO_ANSWER


def without_own(text: str) -> str:
    """Return a server's words without addresses, hosts, numbers and quotations."""
    words = " ".join(_OWN.sub("…", text).split())
    return re.sub(r"…(?:[\s,;:.]*…)+", "…", words)
