"""The forms of billing runs: what one is chosen by, and whom it leaves out."""

from __future__ import annotations

from typing import Any

from wtforms import StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from app.core.actor import Actor
from app.core.errors import DomainError
from app.core.words import say
from app.invoices.billing_runs.fields import split_account_numbers
from app.invoices.billing_runs.labels import ALREADY_SENT, FILTER_LABELS
from app.invoices.rules import InvoiceStatus
from app.web.forms import PickerField, RecordForm, WordsSelect

_ANY = say("Any")
_NUMBERS_HINT = say("One a line, or separated by commas. Paste a column of a spreadsheet.")
_DAY = {"type": "date"}
_AMOUNT = {"inputmode": "decimal", "autocomplete": "off", "maxlength": 20}


class ChooseForm(RecordForm):
    """By what the invoices of a run are chosen: all that is filled in must hold."""

    invoice_date_from = StringField(FILTER_LABELS["invoice_date_from"], render_kw=_DAY)
    invoice_date_to = StringField(FILTER_LABELS["invoice_date_to"], render_kw=_DAY)
    due_date_from = StringField(FILTER_LABELS["due_date_from"], render_kw=_DAY)
    due_date_to = StringField(FILTER_LABELS["due_date_to"], render_kw=_DAY)
    status = WordsSelect(
        FILTER_LABELS["status"],
        choices=[SelectChoice("", _ANY), *(SelectChoice(one.value, one.words) for one in InvoiceStatus)],
        validate_choice=False,
    )
    already_sent = WordsSelect(
        FILTER_LABELS["already_sent"],
        choices=[SelectChoice("", _ANY), *(SelectChoice(*one) for one in ALREADY_SENT.items())],
        validate_choice=False,
        default="no",
        description=say("Invoices that somebody has already go only to those who have not had them."),
    )
    dealer_code = PickerField(FILTER_LABELS["dealer_code"], source="dealer")
    currency = PickerField(FILTER_LABELS["currency"], source="currency")
    total_from = StringField(FILTER_LABELS["total_from"], render_kw=_AMOUNT)
    total_to = StringField(FILTER_LABELS["total_to"], render_kw=_AMOUNT)
    account_numbers = TextAreaField(
        say("Account numbers"), description=_NUMBERS_HINT, render_kw={"rows": 6, "autocomplete": "off"}
    )

    def values(self) -> dict[str, object]:
        """Return what was typed, as REST would give it."""
        given = self.given()
        numbers = split_account_numbers(str(given.pop("account_numbers", "")))
        filters = {name: value for name, value in given.items() if value != ""}
        if "already_sent" in filters:
            filters["already_sent"] = {"yes": True, "no": False}.get(str(filters["already_sent"]), "")
        return {"filters": filters, "account_numbers": numbers}

    def show_errors(self, error: DomainError) -> dict[str, list[str]]:
        """Put errors at their fields, those of a filter without the word before it."""
        plain = {name.removeprefix("filters."): texts for name, texts in error.errors.items()}
        told = DomainError(error.message, code=error.code, errors=plain)
        return super().show_errors(told)


SECTIONS: tuple[dict[str, Any], ...] = (
    {
        "label": say("Choose invoices"),
        "hint": say(
            "An invoice is taken when it meets all that is filled in. Nothing is sent before you have seen the plan."
        ),
        "fields": ["invoice_date_from", "invoice_date_to", "due_date_from", "due_date_to", "status", "already_sent"],
    },
    {
        "label": say("Customers and amounts"),
        "hint": "",
        "fields": ["dealer_code", "currency", "total_from", "total_to", "account_numbers"],
    },
)


def choose_form(actor: Actor) -> ChooseForm:
    """Return the form; a dealer's staff has one dealer, and nothing to choose there."""
    form = ChooseForm()
    if actor.dealer_code is not None:
        del form["dealer_code"]
    return form


class LeaveOutForm(RecordForm):
    """Whose invoices a run leaves out."""

    account_numbers = TextAreaField(
        say("Account numbers"), description=_NUMBERS_HINT, render_kw={"rows": 6, "autocomplete": "off"}
    )
