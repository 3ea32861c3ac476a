"""Houses for the tests of the web: one a module to look at and add to, one a test to turn upside down."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.house import House, World, any_house, build, dispose, fill


@pytest.fixture(scope="session")
def filled(template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, World]:
    """Return a SQLite database with a world in it, to be copied."""
    folder = tmp_path_factory.mktemp("filled")
    path = folder / "counterpart.sqlite"
    shutil.copy(template, path)
    app = build(folder)
    house = House(app, World())
    fill(house)
    dispose(app)
    return path, house.world


@pytest.fixture(scope="module")
def house(filled: tuple[Path, World], tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Return a house that the tests of a module share: they add to it, and change only what they added."""
    with any_house(tmp_path_factory.mktemp("house"), filled) as one:
        yield one


@pytest.fixture
def own_house(filled: tuple[Path, World], tmp_path: Path) -> Iterator[House]:
    """Return a house of the test's own."""
    with any_house(tmp_path, filled) as one:
        yield one
