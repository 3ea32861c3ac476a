"""Columns and saved views of lists: everybody has their own, and nobody meets another's."""

from __future__ import annotations

import pytest

from app.core.errors import Conflict, Invalid, NotFound
from app.preferences import service
from tests.core import making

pytestmark = pytest.mark.usefixtures("app")


def saved(name="Unpaid", query="status=sent"):
    return making.run(service.save_view, resource="invoice", name=name, query=query)


def test_a_view_is_renamed_and_deleted():
    view_id = saved().id
    assert making.run(service.rename_view, view_id=view_id, name="Owed").name == "Owed"
    making.run(service.delete_view, view_id=view_id)
    with pytest.raises(NotFound):
        making.run(service.rename_view, view_id=view_id, name="Gone")


def test_two_views_of_one_list_have_two_names():
    saved()
    other = saved("Drafts", "status=draft").id
    with pytest.raises(Conflict):
        making.run(service.rename_view, view_id=other, name="Unpaid")


@pytest.mark.parametrize("name", ["", "  "])
def test_a_view_needs_a_name(name):
    with pytest.raises(Invalid):
        saved(name)
