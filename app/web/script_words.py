"""The texts that scripts say: pages carry them in the reader's language, scripts look them up by the English."""

from __future__ import annotations

from app.core.words import Words, say
from app.web.words import translated

# A test compares these with what the scripts ask for.
SCRIPT_WORDS: tuple[Words, ...] = (
    say("Continue"),
    say("Menu"),
    say("Nothing matches. Try other words."),
    say("Remove"),
    say("Searching…"),
    say("That did not work. Reload the page and try again."),
    say("The list could not be loaded. Try again."),
    say("The server can't be reached. Try again in a moment."),
)


def script_words() -> dict[str, str]:
    """Return each text of the scripts, by its English."""
    return {str(words): translated(words) for words in SCRIPT_WORDS}
