"""What is vendored is listed, is what was listed, and comes with its licence; and nothing loads from elsewhere."""

import hashlib
import json
import re
from pathlib import Path

import pytest

WEB = Path(__file__).parents[2] / "app" / "web"
VENDOR = WEB / "static" / "vendor"
ROWS = json.loads((WEB / "vendor.json").read_text(encoding="utf-8"))
LICENCES = {"MIT", "Apache-2.0", "0BSD"}
OWN = sorted(
    path
    for folder, pattern in (("templates", "*.html"), ("static/js", "*.js"), ("static/css", "*.css"))
    for path in (WEB / folder).rglob(pattern)
)


def test_list_and_folder_hold_the_same_files() -> None:
    present = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()}
    listed = [row["file"] for row in ROWS]
    assert present == set(listed)
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_file_is_the_one_that_was_vendored(row: dict[str, str]) -> None:
    assert set(row) == {"name", "version", "licence", "file", "sha256", "source_package"}
    assert hashlib.sha256((VENDOR / row["file"]).read_bytes()).hexdigest() == row["sha256"]
    assert row["licence"] in LICENCES
    assert row["source_package"] == f"npm:{row['name']}@{row['version']}"
    assert (VENDOR / row["file"]).with_name("LICENSE").is_file()


def test_icons_that_templates_name_are_in_the_sprite() -> None:
    sprite = set(re.findall(r'<symbol id="([a-z0-9-]+)"', (VENDOR / "tabler-icons/icons.svg").read_text("utf-8")))
    used = {
        name
        for path in (WEB / "templates").rglob("*.html")
        for name in re.findall(r'\b(?:icon\(|icon_name=)"([a-z0-9-]+)"', path.read_text("utf-8"))
    }
    assert "trash" in used
    assert used <= sprite


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.relative_to(WEB).as_posix())
def test_nothing_is_inline_and_nothing_comes_from_outside(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"(?:https?:)?//(?!www\.w3\.org)[a-z0-9-]+\.[a-z]{2,}", text)
    if path.suffix == ".html":
        assert not re.search(r"<script(?![^>]*\bsrc=)", text)
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text)


def test_flask_appbuilders_own_assets_serve_its_swagger_page_alone() -> None:
    users = [
        path.name for path in (WEB / "templates").rglob("*.html") if "appbuilder.static" in path.read_text("utf-8")
    ]
    assert users == ["swagger.html"]
