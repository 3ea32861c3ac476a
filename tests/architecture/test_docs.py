"""What the documents name is there: pages, headings, pictures, tasks, commands, settings, labels of links."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from app import cli
from config import ROOT

PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")],
)
IMAGES = ROOT / "docs/images"
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
MAKE = re.compile(r"(?:`|^|&& )make ([a-z][a-z-]*)", re.MULTILINE)
FLASK = re.compile(r"flask(?: --app app)? ([a-z][a-z-]*)")
SETTING = re.compile(r"\b((?:COUNTERPART|MAIL|IMAP)_[A-Z_]*[A-Z])\b")
# What belongs to tests and benchmarks, as the page of settings says.
FOREIGN = ("COUNTERPART_TEST_", "COUNTERPART_BENCH_")
# Commands of Flask and of its extension for migrations.
NOT_OURS = {"run", "shell", "db"}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """Return the headings of a page as links call them."""
    words = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(CODE.sub("", page.read_text())))
    return {one.strip().replace(" ", "-") for one in words}


def links(page: Path) -> list[str]:
    return [one for one in LINK.findall(CODE.sub("", page.read_text())) if "://" not in one]


def settings() -> set[str]:
    """Return the names that the configuration reads."""
    return set(re.findall(r'\bread\(\s*"([A-Z_]+)"', (ROOT / "config.py").read_text()))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_each_link_leads_somewhere(page: Path):
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


def test_each_picture_is_shown_and_each_has_words_for_those_who_cannot_see_it():
    text = "\n".join(page.read_text() for page in PAGES)
    shown = {Path(one).name for one in re.findall(r"!\[[^\]]+\]\(([^)\s]+)\)", text)}
    assert {path.name for path in IMAGES.glob("*.png")} == shown
    assert "![](" not in text


def test_each_picture_is_made_by_its_script():
    script = (ROOT / "docs/screenshots.py").read_text()
    made = set(re.findall(r'shoot\(page, "([a-z-]+)"', script))
    assert {path.stem for path in IMAGES.glob("*.png")} == made


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_each_task_of_make_is_one(page: Path):
    tasks = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(MAKE.findall(page.read_text())) <= tasks


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_each_command_of_flask_is_one(page: Path):
    ours = {one.name for one in vars(cli).values() if isinstance(one, click.Command)}
    told = re.findall(r"`[^`\n]*flask[^`\n]*`|^.*bin/flask .*$", page.read_text(), re.MULTILINE)
    named = {name for line in told for name in FLASK.findall(line)}
    assert named <= ours | NOT_OURS


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_each_setting_is_read(page: Path):
    named = {one for one in SETTING.findall(page.read_text()) if not one.startswith(FOREIGN)}
    assert named <= settings(), named - settings()


def test_each_setting_is_explained():
    page = (ROOT / "docs/operator/settings.md").read_text()
    assert settings() <= set(SETTING.findall(page))
