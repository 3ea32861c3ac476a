"""Whatever a person reads is marked for translation where it is written: in templates and in Python."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from tests.web.unmarked import Texts

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted(ROOT.glob("app/*/templates/**/*.html"))
# What the processes tell whoever runs them is English, as the settings and the logs are.
SOURCES = [path for path in sorted(ROOT.glob("app/**/*.py")) if path.name != "supervisor.py"]
# The same in every language.
NAMES = {"CSV", "XLSX"}
TRANSLATES = {"_", "gettext", "ngettext"}
# A word or sentence for people, and no name of a thing in the code.
HUMAN = re.compile(r"[A-Z][a-z']+(?:[ ,.:…?]|$)")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def bare_texts(source: str) -> list[str]:
    """Return the texts of a template that stand outside its expressions."""
    source = re.sub(r"\{#.*?#\}", "", source, flags=re.DOTALL)
    source = re.sub(r"\{%-?\s*trans.*?endtrans\s*-?%\}", "", source, flags=re.DOTALL)
    source = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", source, flags=re.DOTALL)
    parser = Texts()
    parser.feed(source)
    return [text for text in parser.found if re.search(r"[A-Za-z]{2,}", text) and text not in NAMES]


def literal_texts(source: str) -> list[str]:
    """Return the literals of a template's expressions that people read, and that nothing translates."""

    def walk(node: nodes.Node) -> Iterator[str]:
        if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in TRANSLATES:
            return
        if isinstance(node, nodes.Const) and isinstance(node.value, str) and HUMAN.match(node.value):
            yield node.value
        for child in node.iter_child_nodes():
            yield from walk(child)

    return list(walk(Environment(extensions=["jinja2.ext.i18n"]).parse(source)))  # noqa: S701  parsed, not rendered


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_a_template_marks_its_texts(path: Path):
    source = path.read_text(encoding="utf-8")
    assert bare_texts(source) == []
    assert literal_texts(source) == []


def test_an_unmarked_text_of_a_template_is_found():
    assert bare_texts("<p>Hello</p>{# Not this #}<b title='Close'>{{ _('Yes') }}</b>{% if x %}{% endif %}") == [
        "Hello",
        "Close",
    ]
    assert literal_texts("{{ button('Cancel', url) }}{{ x or 'No subject' }}{{ _('Yes') }}") == ["Cancel", "No subject"]


# Python. Errors are for people where they are the business's, or come from a field or a rule.
ERRORS = {
    *("DomainError", "Unreadable", "Unauthenticated", "Forbidden", "NotFound", "Conflict", "Stale", "Invalid"),
    *("VersionRequired", "TooManyRequests", "PasswordComplexityValidationError"),
}
OF_FIELDS = re.compile(r"app/(core/(\w*fields|addresses|money|whole_numbers|codes)|\w+/(rules|fields))\.py")
# The arguments that are texts, by place and by name.
ARGUMENTS: dict[str, tuple[tuple[int, ...], tuple[str, ...]]] = {
    "tell": ((0,), ()),
    "flash": ((0,), ()),
    "Tab": ((1,), ("label",)),
    "Action": ((0,), ("label",)),
    "Figure": ((0,), ("label", "hint")),
    "Resource": ((), ("label", "plural", "add_label", "none_yet")),
    "confirmed": ((), ("title", "text", "submit_label", "done")),
    "tag": ((0,), ()),
}
ATTRIBUTES = {"search_hint", "empty_text", "list_title", "add_title", "edit_title", "show_title", "user_info_title"}
SECTIONS = {"sections", "show_extra", "show_fieldsets"}
MAPPINGS = {"label_columns", "description_columns", "labels", "hints"}
KEYS = {"label", "title", "text", "action_label", "hint", "confirm"}
# What programs and their authors read is English.
FOR_PROGRAMS = re.compile(r"app/web/(openapi|operations)\.py|app/\w+/api\.py|app/web/\w*api\.py|app/\w+/\w+_api\.py")


def is_bare(node: ast.AST | None) -> bool:
    """Tell whether an expression is a text that was written down, or put together, without a mark."""
    if isinstance(node, ast.JoinedStr):
        return True
    if isinstance(node, ast.BinOp):
        return is_bare(node.left) or is_bare(node.right)
    if isinstance(node, ast.IfExp):
        return is_bare(node.body) or is_bare(node.orelse)
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(HUMAN.match(node.value))


def called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def unmarked(tree: ast.AST, name: str) -> Iterator[int]:  # noqa: C901  a list of cases
    """Give the lines of a module that hold a text for people without a mark."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            kind = called(node.exc)
            if kind in ERRORS or (kind == "ValueError" and OF_FIELDS.fullmatch(name)):
                yield from (node.lineno for text in node.exc.args[:1] if is_bare(text))
        elif isinstance(node, ast.Call) and called(node) in ARGUMENTS:
            places, names = ARGUMENTS[called(node)]
            texts = [node.args[place] for place in places if place < len(node.args)]
            texts += [one.value for one in node.keywords if one.arg in names]
            yield from (text.lineno for text in texts if is_bare(text))
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            target = node.targets[0].id
            if target in ATTRIBUTES and is_bare(node.value):
                yield node.lineno
            elif target in MAPPINGS and isinstance(node.value, ast.Dict):
                yield from (value.lineno for value in node.value.values if is_bare(value))
            elif target in ("sections", "show_extra", "show_fieldsets") and isinstance(
                node.value, ast.Tuple | ast.List
            ):
                firsts = [one.elts[0] for one in node.value.elts if isinstance(one, ast.Tuple) and one.elts]
                yield from (first.lineno for first in firsts if is_bare(first))
        elif isinstance(node, ast.List):
            yield from (one.lineno for one in node.elts if is_bare(one) and ends_a_sentence(one))
        elif isinstance(node, ast.Dict) and not FOR_PROGRAMS.fullmatch(name):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value in KEYS and is_bare(value):
                    yield value.lineno


def ends_a_sentence(node: ast.AST) -> bool:
    """Tell whether a text is a whole sentence, as the errors of fields are."""
    last = node.values[-1] if isinstance(node, ast.JoinedStr) else node
    return isinstance(last, ast.Constant) and str(last.value).endswith(".")


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_python_marks_its_texts(path: Path):
    source = path.read_text(encoding="utf-8")
    name = name_of(path)
    assert [f"{name}:{line}" for line in sorted(set(unmarked(ast.parse(source), name)))] == []


def test_messages_are_told_in_one_way():
    flashing = [name_of(path) for path in SOURCES if re.search(r"import .*\bflash\b", path.read_text(encoding="utf-8"))]
    assert set(flashing) <= {"app/web/words.py", "app/web/undo.py"}


@pytest.mark.parametrize(
    "source",
    [
        'raise Conflict("This is so.", code="x")',
        'raise Invalid(say("Fine."), errors={name: ["This is needed."]})',
        'raise NotFound(f"There is no {x}.")',
        'tell("Saved.")',
        'errors[name] = ["This is needed."]',
        'register_tab("contact", Tab("why", "Why", "message"))',
        'self.confirmed(title=f"Delete {name}", text=say("Sure?"))',
        'label_columns = {"active": "Active"}',
        'sections = (("Details", ("name",)),)',
        'menu = [{"label": "Edit", "url": url}]',
        'search_hint = "Name or address."',
    ],
)
def test_an_unmarked_text_of_python_is_found(source):
    assert list(unmarked(ast.parse(source), "app/x/views.py")) == [1]


def test_a_marked_text_is_left_alone():
    marked = 'raise Conflict(say("This is so."), code="x")\nmenu = [{"label": say("Edit"), "title": name}]\ntell(words)'
    assert list(unmarked(ast.parse(marked), "app/x/views.py")) == []
