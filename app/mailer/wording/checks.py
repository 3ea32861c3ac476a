"""Whether a mail template may be saved: it can be read, says why a mail came, and can show every document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.core.errors import FieldErrors
from app.core.words import Words, say
from app.mailer.wording import markup, sandbox
from app.mailer.wording.compiled import TooLong, Wording, compiled
from app.mailer.wording.placeholders import UNSUBSCRIBE_URL, WHY, names_of
from app.mailer.wording.samples import samples
from app.mailer.wording.sandbox import Flaw
from app.mailer.wording.shipped import Template
from app.mailer.wording.template_kinds import TemplateKind

# As many of a field's flaws as are told at once; they come in the order of their lines.
_TOLD = 8


def template_errors(kind: TemplateKind, template: Template) -> FieldErrors:
    """Return what keeps a template from being saved, by field: subject, text, html."""
    known = names_of(kind)
    found: FieldErrors = {}
    for name, source in zip(Template._fields, template, strict=True):
        wrong = sandbox.flaws(source, known)
        # Until the tags can be read, nobody knows where they end.
        if name == "html" and not wrong:
            wrong = markup.flaws(source)
        if wrong:
            found[name] = _told(wrong, with_lines=name != "subject")
    return found or _shown_errors(kind, template)


def _told(flaws: Iterable[Flaw], *, with_lines: bool) -> list[str]:
    ordered = sorted(flaws, key=lambda flaw: flaw.line)
    texts: dict[str, None] = dict.fromkeys(flaw.words if with_lines else flaw.what for flaw in ordered)
    return list(texts)[:_TOLD]


def _shown_errors(kind: TemplateKind, template: Template) -> FieldErrors:
    """Return what goes wrong where a readable template is filled in."""
    try:
        ready = compiled(template)
    except ValueError:
        return {"html": [say("The styles can't be put at the elements. Is each condition around whole elements?")]}
    except (SyntaxError, RecursionError, MemoryError):
        return {"html": [say("This is nested too deeply.")]}
    found: FieldErrors = {}
    for values in samples(kind):
        try:
            wording = ready.filled(values)
        except TooLong:
            return {"html": [say("The mail comes out too long with very long names.")]}
        for name, what in _wrong_with(wording, values):
            if what not in found.setdefault(name, []):
                found[name].append(what)
    return {name: texts for name, texts in found.items() if texts}


def _wrong_with(wording: Wording, values: Mapping[str, str]) -> Iterable[tuple[str, Words]]:
    if not wording.subject:
        yield "subject", say("The subject would be empty for a document that leaves out all it may.")
    why = " ".join(values[WHY].split())
    missing = say("Put {why} into this body, outside of conditions: each mail says why it came.", why="{{ why }}")
    if why not in " ".join(wording.text.split()):
        yield "text", missing
    if why not in markup.visible_text(wording.html):
        yield "html", missing
    yield from _without_unsubscribing(wording, values.get(UNSUBSCRIBE_URL, ""))
    for flaw in markup.rendered_flaws(wording.html):
        yield "html", say("With values put in, or left out: {what}", what=flaw.what)


def _without_unsubscribing(wording: Wording, url: str) -> Iterable[tuple[str, Words]]:
    """Say which body of a marketing letter's mail doesn't show where to unsubscribe, though there is where to."""
    missing = say(
        "Put {url} into this body, as a link or a text that is always seen: there one unsubscribes.",
        url=f"{{{{ {UNSUBSCRIBE_URL} }}}}",
    )
    if url and url not in wording.text:
        yield "text", missing
    if url and url not in markup.visible_text(wording.html) and url not in markup.visible_links(wording.html):
        yield "html", missing
