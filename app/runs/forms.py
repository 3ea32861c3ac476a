"""The forms of runs: what one is chosen by, and whom it leaves out."""

from __future__ import annotations

from wtforms import TextAreaField

from app.core.words import say
from app.web.forms import RecordForm

ANY = say("Any")
DAY = {"type": "date"}
AMOUNT = {"inputmode": "decimal", "autocomplete": "off", "maxlength": 20}


def account_numbers_field() -> TextAreaField:
    """Return a field that account numbers are pasted into."""
    return TextAreaField(
        say("Account numbers"),
        description=say("One a line, or separated by commas. Paste a column of a spreadsheet."),
        render_kw={"rows": 6, "autocomplete": "off"},
    )


class LeaveOutForm(RecordForm):
    """Whom a run leaves out."""

    account_numbers = account_numbers_field()
