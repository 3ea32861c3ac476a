"""The form of bulk letters: the letter, and by what its customers are chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wtforms import BooleanField, StringField, TextAreaField

from app.access.ask import may
from app.access.table import Operation
from app.core.actor import Actor
from app.core.errors import DomainError
from app.core.words import say
from app.correspondence.bulk.fields import BULK_LABELS, FILTER_LABELS
from app.correspondence.linked import choosings
from app.correspondence.pickers import BULK_LETTER_TYPE
from app.correspondence.rules import MAX_BODY, MAX_SUBJECT
from app.runs.fields import split_account_numbers
from app.runs.forms import account_numbers_field
from app.web.forms import Needed, PickerField, RecordForm

TEXT_ROWS = 16
_OWN = tuple(FILTER_LABELS)


class BulkLetterForm(RecordForm):
    """A letter to many; the fields of what customers have of other features are put beside these, by `choose_form`."""

    correspondence_type = PickerField(
        BULK_LABELS["correspondence_type"],
        source=BULK_LETTER_TYPE,
        validators=[Needed()],
        description=say("Types that an administrator lets be sent to many. It decides who gets copies."),
    )
    subject = StringField(
        BULK_LABELS["subject"],
        validators=[Needed()],
        render_kw={"maxlength": MAX_SUBJECT},
        description=say("One line; it heads the letter and its mail, and may hold placeholders."),
    )
    body = TextAreaField(
        BULK_LABELS["body"],
        validators=[Needed()],
        render_kw={"maxlength": MAX_BODY, "rows": TEXT_ROWS},
        description=say("In Markdown: # heading, **bold**, *italic*, - list, [text](https://address)."),
    )
    send = BooleanField(
        BULK_LABELS["send"],
        description=say("Otherwise the letters are made alone: each is ready, to be printed or sent by itself."),
    )
    dealer_code = PickerField(FILTER_LABELS["dealer_code"], source="dealer")
    customer_status = PickerField(FILTER_LABELS["customer_status"], source="customer_status")
    language = PickerField(FILTER_LABELS["language"], source="language")
    country = PickerField(FILTER_LABELS["country"], source="country")
    account_numbers = account_numbers_field()
    link_invoices = BooleanField(
        BULK_LABELS["link_invoices"], description=say("The latest fifty that each customer was chosen by.")
    )

    def values(self) -> dict[str, object]:
        """Return what was typed, as REST would give it."""
        given = self.given()
        filters: dict[str, object] = {name: given.pop(name) for name in _OWN if name in given}
        filters = {name: value for name, value in filters.items() if value not in ("", None)}
        for name, group in choosings().items():
            mark = f"{name}_"
            fields = [one for one in given if one.startswith(mark)]
            typed = group.typed({one.removeprefix(mark): given.pop(one) for one in fields})
            if typed:
                filters[name] = typed
        numbers = split_account_numbers(str(given.pop("account_numbers", "")))
        return {**given, "filters": filters, "account_numbers": numbers}

    def show_errors(self, error: DomainError) -> dict[str, list[str]]:
        """Put errors at their fields: `filters.invoices.status` is told at `invoices_status`."""
        plain = {name.removeprefix("filters.").replace(".", "_"): texts for name, texts in error.errors.items()}
        return super().show_errors(DomainError(error.message, code=error.code, errors=plain))


def choose_form(actor: Actor, preset: dict[str, object]) -> BulkLetterForm:
    """Return the form; a dealer's staff has one dealer, and those who may see no invoices choose by none."""
    fields: dict[str, Any] = {}
    for name, group in choosings().items():
        if may(actor, Operation.READ, group.resource):
            fields |= {f"{name}_{one}": made for one, made in group.fields().items()}
    form: BulkLetterForm = type("ChooseForm", (BulkLetterForm,), fields)(data=preset)
    if actor.dealer_code is not None:
        del form["dealer_code"]
    if not fields:
        del form["link_invoices"]
    return form


def sections(actor: Actor) -> Sequence[dict[str, Any]]:
    """Return the sections of the form."""
    groups = [
        {
            "label": group.label,
            "hint": group.hint,
            "fields": [*(f"{name}_{one}" for one in group.fields()), "link_invoices"],
        }
        for name, group in choosings().items()
        if may(actor, Operation.READ, group.resource)
    ]
    return (
        {
            "label": say("The letter"),
            "hint": say("Nothing is made or sent before you have seen the plan."),
            "fields": ["correspondence_type", "subject", "body", "send"],
        },
        {
            "label": say("Choose customers"),
            "hint": say("A customer is taken who meets all that is filled in, here and below."),
            "fields": [*_OWN, "account_numbers"],
        },
        *groups,
    )
