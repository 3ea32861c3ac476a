"""A house with records of every standing, for the walks over all routes: ours, another dealer's, deleted ones."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.access.table import Role
from app.extensions import db
from tests.conftest import PASSWORD
from tests.matrix.records import Standing, add_the_deleted
from tests.matrix.routes import Route, routes
from tests.web.house import House, World, build, dispose, fill

DEALER_STAFF = {
    "north_admin": Role.ADMIN,
    "north_finance": Role.FINANCE,
    "north_support": Role.SUPPORT,
    "north_auditor": Role.AUDITOR,
}


@pytest.fixture(scope="module")
def house(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Return a house that the tests of a module share."""
    folder = tmp_path_factory.mktemp("matrix")
    shutil.copy(template, folder / "counterpart.sqlite")
    one = House(build(folder), World())
    fill(one)
    _add_dealer_staff(one)
    yield one
    dispose(one.app)


@pytest.fixture(scope="module")
def standing(house: House) -> Standing:
    """Return the ids of records by what they are to a dealer's staff."""
    return add_the_deleted(house)


@pytest.fixture(scope="module")
def all_routes(house: House, standing: Standing) -> list[Route]:
    """Return every method at every address."""
    return routes(house)


def _add_dealer_staff(house: House) -> None:
    """Make the staff of a dealer in the roles that no other test has."""
    with house.app.app_context():
        manager = house.app.appbuilder.sm
        for name, role in DEALER_STAFF.items():
            if not manager.find_user(username=name):
                added = manager.add_user(
                    name, name, "User", f"{name}@staff.example", manager.find_role(role.value), PASSWORD
                )
                added.dealer_code = "NORTH"
                db.session.commit()
