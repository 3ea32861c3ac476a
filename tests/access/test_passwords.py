"""What a password must be."""

from __future__ import annotations

import pytest
from flask_appbuilder.exceptions import PasswordComplexityValidationError

from app.access.passwords import check_password


@pytest.mark.parametrize("password", ["correct horse", "Zwölf-Zeichen", "x" * 64 + "yzabc"])
def test_long_ones_are_taken(password):
    check_password(password)


@pytest.mark.parametrize("password", ["", "short", "eleven-char", "a" * 40, "ab" * 20, "x1" + "y" * 127])
def test_short_dull_and_endless_ones_are_refused(password):
    with pytest.raises(PasswordComplexityValidationError, match="Use "):
        check_password(password)


def test_the_page_refuses_a_short_one_and_keeps_the_old(login):
    browser = login("finance")
    answer = browser.post("/resetmypassword/form", data={"password": "Sh0rt", "conf_password": "Sh0rt"})
    assert "12 to 128 characters" in answer.text
    assert login("finance")
