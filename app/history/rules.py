"""How two texts differ, word by word: what stayed, what was removed, what was added."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

_TOKENS = re.compile(r"\w+|\s+|[^\w\s]")
# Comparing takes the square of this at worst; what is longer, its common beginning and end apart, is shown as a whole.
MAX_TOKENS = 600


class Fate(StrEnum):
    """What became of a part of a text."""

    KEPT = "kept"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of text, and what became of it. What was kept and added, joined, is the text as it became."""

    fate: Fate
    text: str


def word_difference(before: str, after: str) -> list[Part]:
    """Return how `before` became `after`, in whole words, spaces and marks; removed parts precede added ones."""
    old, new = _TOKENS.findall(before), _TOKENS.findall(after)
    head = _common(zip(old, new, strict=False))
    shorter = min(len(old), len(new)) - head
    tail = _common(zip(reversed(old[len(old) - shorter :]), reversed(new[len(new) - shorter :]), strict=True))
    parts = [
        (Fate.KEPT, old[:head]),
        *_middle(old[head : len(old) - tail], new[head : len(new) - tail]),
        (Fate.KEPT, old[len(old) - tail :]),
    ]
    return _tidy([Part(fate, "".join(tokens)) for fate, tokens in parts if tokens])


def _common(pairs: Iterator[tuple[str, str]]) -> int:
    """Count the pairs that are equal, up to the first that is not."""
    count = 0
    for one, other in pairs:
        if one != other:
            break
        count += 1
    return count


def _middle(old: Sequence[str], new: Sequence[str]) -> list[tuple[Fate, Sequence[str]]]:
    if max(len(old), len(new)) > MAX_TOKENS:
        return [(Fate.REMOVED, old), (Fate.ADDED, new)]
    found: list[tuple[Fate, Sequence[str]]] = []
    # Spaces are in every text: what has only them in common has nothing in common.
    matcher = SequenceMatcher(str.isspace, old, new, autojunk=False)
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            found.append((Fate.KEPT, old[start:end]))
        else:
            found += [(Fate.REMOVED, old[start:end]), (Fate.ADDED, new[new_start:new_end])]
    return found


def _tidy(parts: Sequence[Part]) -> list[Part]:
    """Join neighbours, and make one change of two that only a space keeps apart: fewer, longer marks read better."""
    tidied: list[Part] = []
    removed = added = ""
    for number, part in enumerate(parts):
        between = part.fate is Fate.KEPT and part.text.isspace() and 0 < number < len(parts) - 1
        if part.fate is Fate.KEPT and not between:
            tidied += [*_change(removed, added), part]
            removed = added = ""
            continue
        removed += "" if part.fate is Fate.ADDED else part.text
        added += "" if part.fate is Fate.REMOVED else part.text
    return [*tidied, *_change(removed, added)]


def _change(removed: str, added: str) -> list[Part]:
    parts = (Part(Fate.REMOVED, removed), Part(Fate.ADDED, added))
    return [part for part in parts if part.text]
