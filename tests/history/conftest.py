"""A house for the tests of the trail: one a module, filled."""

from tests.web.conftest import filled, house, own_house

__all__ = ["filled", "house", "own_house"]
