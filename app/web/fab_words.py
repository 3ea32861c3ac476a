"""Flask-AppBuilder's own texts that its catalogues lack: it looks them up by the English, and so finds ours."""

from __future__ import annotations

from app.core.words import Words, say

# A test walks the pages and names what is missing here.
FAB_WORDS: tuple[Words, ...] = (
    say("In"),
    say("Not In"),
    say("The user's password for authentication"),
)
