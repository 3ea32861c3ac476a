"""The rules of the house, read off the source: sizes, purity, who commits, who reads settings, words in comments."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted([*ROOT.glob("app/**/*.py"), ROOT / "config.py", ROOT / "run.py"])
MAX_FILE = 300
MAX_FUNCTION = 40

# Where one is longer, a line with this mark in the module or function says why.
EXCUSE = re.compile(r"longer than the house's rule", re.IGNORECASE)

# The furniture of a feature; see docs/developer/tour.md for what each file is for.
PURE = [
    *ROOT.glob("app/**/rules.py"),
    ROOT / "app/mailer/planning/roads.py",
    ROOT / "app/mailer/planning/plan_model.py",
    ROOT / "app/mailer/planning/plan_output.py",
    ROOT / "app/mailer/planning/reasons.py",
    ROOT / "app/mailer/planning/receives.py",
    ROOT / "app/mailer/message_states.py",
    ROOT / "app/mailer/delivery/backoff.py",
    ROOT / "app/mailer/planning/lost_reasons.py",
    ROOT / "app/mailer/planning/plan_again.py",
]
IMPURE_CALLS = {"open", "print", "input", "exec", "eval"}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def code_lines(function: Function) -> int:
    """Count a function's lines without its docstring: saying more about it makes it no longer."""
    length = (function.end_lineno or 0) - function.lineno + 1
    first = function.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        length -= (first.end_lineno or 0) - first.lineno + 1
    return length


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_file_stays_small(path: Path):
    text = path.read_text()
    if len(text.splitlines()) > MAX_FILE:
        assert EXCUSE.search(text), f"{name_of(path)} has more than {MAX_FILE} lines, and does not say why"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_function_stays_small(path: Path):
    text = path.read_text()
    lines = text.splitlines()
    long = [
        f"{function.name} ({code_lines(function)} lines)"
        for function in functions(ast.parse(text))
        if code_lines(function) > MAX_FUNCTION
        and not EXCUSE.search("\n".join(lines[function.lineno - 1 : function.end_lineno]))
    ]
    assert not long


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_module_opens_with_one_sentence(path: Path):
    docstring = ast.get_docstring(ast.parse(path.read_text()))
    assert docstring
    assert docstring.splitlines()[0].endswith((".", "?"))


@pytest.mark.parametrize("path", PURE, ids=name_of)
def test_rules_are_pure(path: Path):
    tree = ast.parse(path.read_text())
    standard = __import__("sys").stdlib_module_names
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
        else:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in IMPURE_CALLS
            continue
        for module in modules:
            own = module.startswith("app.core") or any(ROOT / f"{module.replace('.', '/')}.py" == one for one in PURE)
            assert own or module.split(".")[0] in standard, f"{name_of(path)} imports {module}"


def test_nobody_commits_but_the_unit_of_work():
    commits = re.compile(r"\.commit\(\)")
    found = [name_of(path) for path in SOURCES if commits.search(path.read_text())]
    # The journal's commits are one statement each, and come between those of the units of work.
    assert found == ["app/core/unit_of_work.py", "app/mailer/delivery/journal.py"]


def test_nobody_reads_the_environment_but_the_settings():
    reads = re.compile(r"os\.environ|os\.getenv|environ\[")
    found = {name_of(path) for path in SOURCES if reads.search(_without_strings(path.read_text()))}
    # create_app hands it to the settings; run.py and its supervisor hand it on to the processes that they start.
    assert found <= {"config.py", "run.py", "app/__init__.py", "app/core/supervisor.py"}


def _without_strings(text: str) -> str:
    return re.sub(r'""".*?"""', "", text, flags=re.DOTALL)


def test_services_and_queries_do_not_know_the_request():
    web = re.compile(r"^(from|import) (flask|app\.web)\b", re.MULTILINE)
    paths = [*ROOT.glob("app/*/service.py"), *ROOT.glob("app/*/queries.py"), *ROOT.glob("app/*/models.py")]
    assert paths
    assert [name_of(path) for path in paths if web.search(path.read_text())] == []


# In a feature, what stands further left may import what stands further right, and not the other way round.
FURNITURE = (
    ("views", "api", "panels", "pickers", "jobs"),
    ("resource", "source"),
    ("service",),
    ("queries", "models", "rules"),
)


@pytest.mark.parametrize("feature", sorted(path.parent.name for path in ROOT.glob("app/*/service.py")))
def test_a_features_furniture_is_imported_downwards(feature: str):
    floor = {name: number for number, names in enumerate(FURNITURE) for name in names}
    found = []
    for path in sorted((ROOT / "app" / feature).glob("*.py")):
        if path.stem in floor:
            own = rf"^from app\.{feature}(?:\.(\w+))? import ([\w, ]+)"
            for module, names in re.findall(own, path.read_text(), re.MULTILINE):
                imported = [module] if module else [name.split(" as ")[0].strip() for name in names.split(",")]
                found += [f"{path.stem} -> {one}" for one in imported if floor.get(one, 9) < floor[path.stem]]
    assert found == []


def test_services_are_the_only_ones_to_write_records():
    writes = re.compile(r"\bsession\.(add|add_all|delete|merge)\(")
    mailer = r"mailer/(outbox|(bounces|watching|suppressions)/service|delivery/(sending|mails|contents|lanes))\.py"
    allowed = re.compile(rf"app/(core/|[a-z_]+/(service|purging)\.py|invoices/[a-z_]+/service\.py|{mailer})")
    found = [name_of(path) for path in SOURCES if writes.search(path.read_text())]
    assert [name for name in found if not allowed.match(name)] == []


# A session is kept whatever becomes of the request, and so is when a key was last used; the trail of users is written
# while Flask-AppBuilder commits.
OUTSIDE_THE_UNIT_OF_WORK = {
    "app/api_keys/bearer.py",
    "app/web/security.py",
    "app/web/sessions.py",
    "app/web/user_trail.py",
}
# One statement for many rows, in the unit of work of the verb that hands them its session.
MANY_ROWS_AT_ONCE = {
    "app/core/bulk.py",
    "app/invoices/imports/publishing.py",
    "app/invoices/imports/service.py",
    "app/invoices/purging.py",
    "app/invoices/usage/changing.py",
    "app/mailer/delivery/claims.py",
    "app/mailer/delivery/contents.py",
    "app/mailer/delivery/lanes.py",
    "app/mailer/delivery/settling.py",
    "app/mailer/extra_files.py",
    "app/mailer/planning/lost.py",
    "app/mailer/outbox.py",
    "app/mailer/purging.py",
    "app/runs/keeping.py",
    "app/runs/purging.py",
}
_PAST_IT = re.compile(
    r"\b(engine|bind|get_bind\(\))\.begin\(|\b(connection|session|db\.session|work)\.execute\(\s*(insert|update|delete)\("
)


def test_those_who_write_outside_the_unit_of_work_are_named():
    found = {name_of(path) for path in SOURCES if _PAST_IT.search(path.read_text())}
    assert found == OUTSIDE_THE_UNIT_OF_WORK | MANY_ROWS_AT_ONCE


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_nothing_is_left_for_later(path: Path):
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|for now\b")
    assert not marks.search(path.read_text())


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_comments_tell_what_holds_at_any_time(path: Path):
    comments = [line.partition("#")[2] for line in path.read_text().splitlines() if line.strip().startswith("#")]
    dated = re.compile(r"\b(currently|no longer|used to|recently|from now on)\b", re.IGNORECASE)
    assert [text for text in comments if dated.search(text)] == []


def test_every_dependency_says_why_it_is_there():
    text = (ROOT / "pyproject.toml").read_text()
    project = tomllib.loads(text)["project"]
    direct = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    for dependency in direct:
        line = next(line for line in text.splitlines() if f'"{dependency}"' in line)
        assert len(line.partition("#")[2].strip()) > 8, f"{dependency} gives no reason"


def test_every_pinned_package_has_hashes():
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text()
        packages = re.findall(
            r"^[a-z0-9][^\n]*==[^\n]*\\\n((?:    --hash=sha256:[0-9a-f]{64}[^\n]*\n)+)", text, re.MULTILINE
        )
        assert len(packages) == len(re.findall(r"^[a-z0-9][^\n]*==", text, re.MULTILINE))
        assert not re.search(r"https?://", text)


def test_every_feature_has_tests():
    features = [path.parent.name for path in ROOT.glob("app/*/__init__.py")]
    missing = [name for name in features if not list((ROOT / "tests" / name).glob("test_*.py"))]
    assert missing == []


def test_the_commands_of_the_readme_exist():
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md"):
        named = set(re.findall(r"\bmake ([a-z-]+)", page.read_text()))
        assert named <= targets, f"{page.name} names {named - targets}"
