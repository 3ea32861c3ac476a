"""A filled house for the searches over the REST calls."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.house import House, World, build, dispose, fill


@pytest.fixture(scope="module")
def house(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Return a house that the tests of a module share."""
    folder = tmp_path_factory.mktemp("schema")
    shutil.copy(template, folder / "counterpart.sqlite")
    one = House(build(folder), World())
    fill(one)
    yield one
    dispose(one.app)
