"""The small language of mail templates: placeholders, conditions and a few filters, in Jinja's sandbox.

A template has no loops, no calls, no attributes and no numbers: how long it takes, and how long its result is, follows
from its own length and that of its values. What is not on the lists below is refused before anything is compiled.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from app.core.markdown import html_of, plain_text
from app.core.words import Words, say

MAX_TAGS = 400
MAX_DEPTH = 24
_EXPRESSIONS = (
    nodes.Name,
    nodes.Const,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Concat,
    nodes.Filter,
)
_ALLOWED = (nodes.Output, nodes.TemplateData, nodes.If, *_EXPRESSIONS)
# Quotes and braces in a text of an expression would hide from whoever looks for the ends of tags.
_NOT_IN_TEXTS = frozenset("{}<>%#\\")
_TAG_BEGINS = re.compile(r"\{[{%#]")


class Flaw(NamedTuple):
    """What is wrong with a template, and in which line (from 1)."""

    line: int
    what: Words

    @property
    def words(self) -> Words:
        """Return both as one text."""
        return say("Line {line}: {what}", line=self.line, what=self.what)


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox with every door shut: no attribute can be read, nothing can be called."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:  # noqa: ARG002, ANN401  Jinja's parameters
        """Refuse every attribute."""
        return False

    def is_safe_callable(self, obj: Any) -> bool:  # noqa: ARG002, ANN401  Jinja's parameters
        """Refuse every call."""
        return False


def _default(value: str, fallback: str = "") -> str:
    return value or fallback


def _lines_in_html(value: str) -> Markup:
    return Markup("<br>").join(escape(line) for line in str(value).split("\n"))


def _markdown_in_html(value: str) -> Markup:
    return Markup(html_of(str(value)))  # noqa: S704  sanitised there


_FILTERS: dict[str, Callable[..., str]] = {
    "capitalize": lambda value: str(value).capitalize(),
    "default": _default,
    "lower": lambda value: str(value).lower(),
    "trim": lambda value: str(value).strip(),
    "upper": lambda value: str(value).upper(),
}
# How many further values a filter takes.
_ARGUMENTS = {"default": 1}
FILTERS = (*sorted(_FILTERS), "lines", "markdown")


@cache
def environment(*, html: bool) -> ImmutableSandboxedEnvironment:
    """Return the environment that templates are compiled in: without globals, tests, extensions or a loader."""
    made = _Sandbox(
        autoescape=html,
        undefined=StrictUndefined,
        loader=None,
        cache_size=0,
        optimized=False,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.clear()
    made.tests.clear()
    made.filters.clear()
    made.filters.update(_FILTERS)
    made.filters["lines"] = _lines_in_html if html else str
    made.filters["markdown"] = _markdown_in_html if html else plain_text
    return made


def parsed(source: str) -> tuple[nodes.Template | None, list[Flaw]]:
    """Return the tree of a template, or what keeps it from being read."""
    try:
        return environment(html=False).parse(source), []
    except TemplateSyntaxError as error:
        return None, [Flaw(error.lineno, _syntax(str(error.message)))]
    except (RecursionError, ValueError, OverflowError, TemplateError):
        return None, [Flaw(1, say("This is nested too deeply, or holds a number; templates have neither."))]


def flaws(source: str, known: frozenset[str]) -> list[Flaw]:
    """Return what is wrong with a template's own language: its syntax, unknown placeholders, what isn't offered."""
    tree, found = parsed(source)
    if tree is None:
        return found
    try:
        places = list(_walk(tree, 0, 1))
    except RecursionError:
        return [Flaw(1, say("This is nested too deeply."))]
    if sum(isinstance(node, nodes.If | nodes.Name) for node, _, _ in places) > MAX_TAGS:
        return [Flaw(1, say("Use {limit} placeholders and conditions at most.", limit=MAX_TAGS))]
    told = [Flaw(line, what) for node, depth, line in places if (what := _refused(node, depth, known))]
    return list(dict.fromkeys(told))


def _walk(node: nodes.Node, depth: int, line: int) -> Iterator[tuple[nodes.Node, int, int]]:
    for child in node.iter_child_nodes():
        # Jinja gives some pieces no line of their own.
        own = child.lineno or line
        yield child, depth, own
        # The first thing that is too deep says enough; what isn't offered isn't looked into.
        if depth <= MAX_DEPTH and isinstance(child, _ALLOWED):
            yield from _walk(child, depth + 1, own)


def _refused(node: nodes.Node, depth: int, known: frozenset[str]) -> Words | None:
    """Return what is wrong with one piece of a template, if anything."""
    if depth > MAX_DEPTH:
        return say("This is nested too deeply.")
    if not isinstance(node, _ALLOWED):
        return say("Templates have placeholders, conditions and a few filters; this is something else.")
    if isinstance(node, nodes.Name) and node.name not in known:
        return _unknown(node.name, known)
    if isinstance(node, nodes.Const):
        if not isinstance(node.value, str):
            return say("Put texts in quotes; there are no numbers here.")
        if _NOT_IN_TEXTS.intersection(node.value):
            return say("A text in quotes can't hold braces, angle brackets, backslashes, % or #.")
    if isinstance(node, nodes.Operand) and node.op not in ("eq", "ne"):
        return say("Values are compared by == and != alone.")
    if isinstance(node, nodes.TemplateData) and _TAG_BEGINS.search(node.data):
        return say("Braces that are no placeholder's can't be shown.")
    return _refused_filter(node) if isinstance(node, nodes.Filter) else None


def _refused_filter(node: nodes.Filter) -> Words | None:
    if node.name not in FILTERS:
        return say("There is no filter {name}. There are: {known}.", name=node.name, known=", ".join(FILTERS))
    extra = node.kwargs or node.dyn_args or node.dyn_kwargs
    if node.node is None or extra or len(node.args) > _ARGUMENTS.get(node.name, 0):
        return say("The filter {name} is not used in this way.", name=node.name)
    return None


def _unknown(name: str, known: frozenset[str]) -> Words:
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    if near:
        return say("There is no placeholder {name}. Did you mean {near}?", name=name, near=near[0])
    return say("There is no placeholder {name}. Those that there are stand below the form.", name=name)


def _syntax(message: str) -> Words:
    """Return what Jinja says of a syntax error in plain words."""
    for start, words in _SYNTAX.items():
        if message.startswith(start):
            return words
    return say("This can't be read: {message}", message=message.rstrip(".") + ".")


_SYNTAX = {
    "Unexpected end of template": say("An {opened} is not closed.", opened="{% if %}"),
    "unexpected end of template": say("A placeholder is not closed."),
    "unexpected 'end of": say("Something is missing before the end of this tag."),
    "unexpected '}'": say("A placeholder is closed by two braces."),
    "Encountered unknown tag": say("The only tags are if, elif, else and endif, each where it belongs."),
    "Expected an expression, got": say("A placeholder is missing between the braces."),
    "expected token 'end of print statement'": say("A placeholder is one word, and ends with two braces."),
    "unexpected char": say("There is a character here that no expression has."),
}
