"""The forms of billing runs: what one is chosen by, and whom it leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from wtforms import StringField
from wtforms.fields.choices import SelectChoice

from app.core.actor import Actor
from app.core.errors import DomainError
from app.core.words import say
from app.invoices.billing_runs.labels import ALREADY_SENT, FILTER_LABELS
from app.invoices.rules import InvoiceStatus
from app.runs.fields import split_account_numbers
from app.runs.forms import AMOUNT, ANY, DAY, account_numbers_field
from app.web.forms import PickerField, RecordForm, WordsSelect

_ALREADY_SENT = [SelectChoice("", ANY), *(SelectChoice(*one) for one in ALREADY_SENT.items())]


class ChooseForm(RecordForm):
    """By what the invoices of a run are chosen: all that is filled in must hold."""

    invoice_date_from = StringField(FILTER_LABELS["invoice_date_from"], render_kw=DAY)
    invoice_date_to = StringField(FILTER_LABELS["invoice_date_to"], render_kw=DAY)
    due_date_from = StringField(FILTER_LABELS["due_date_from"], render_kw=DAY)
    due_date_to = StringField(FILTER_LABELS["due_date_to"], render_kw=DAY)
    status = WordsSelect(
        FILTER_LABELS["status"],
        choices=[SelectChoice("", ANY), *(SelectChoice(one.value, one.words) for one in InvoiceStatus)],
        validate_choice=False,
    )
    already_sent = WordsSelect(
        FILTER_LABELS["already_sent"],
        choices=_ALREADY_SENT,
        validate_choice=False,
        default="no",
        description=say("Invoices that somebody has already go only to those who have not had them."),
    )
    dealer_code = PickerField(FILTER_LABELS["dealer_code"], source="dealer")
    currency = PickerField(FILTER_LABELS["currency"], source="currency")
    total_from = StringField(FILTER_LABELS["total_from"], render_kw=AMOUNT)
    total_to = StringField(FILTER_LABELS["total_to"], render_kw=AMOUNT)
    account_numbers = account_numbers_field()

    def values(self) -> dict[str, object]:
        """Return what was typed, as REST would give it."""
        given = self.given()
        numbers = split_account_numbers(str(given.pop("account_numbers", "")))
        return {"filters": typed_filters(given), "account_numbers": numbers}

    def show_errors(self, error: DomainError) -> dict[str, list[str]]:
        """Put errors at their fields, those of a filter without the word before it."""
        plain = {name.removeprefix("filters."): texts for name, texts in error.errors.items()}
        told = DomainError(error.message, code=error.code, errors=plain)
        return super().show_errors(told)


def typed_filters(given: Mapping[str, object]) -> dict[str, object]:
    """Return what was typed into the filters' fields, as REST would give it."""
    filters = {name: value for name, value in given.items() if value != ""}
    if "already_sent" in filters:
        filters["already_sent"] = {"yes": True, "no": False}.get(str(filters["already_sent"]), "")
    return filters


def filter_fields(names: Iterable[str]) -> dict[str, Any]:
    """Return the fields of some filters for the form of a feature beside this one; none is filled in."""
    sent = WordsSelect(FILTER_LABELS["already_sent"], choices=_ALREADY_SENT, validate_choice=False)
    return {name: sent if name == "already_sent" else getattr(ChooseForm, name) for name in names}


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
