"""What the screens of customers and contacts have in common: phone numbers, consent, rows that are not active."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

from flask import current_app
from markupsafe import Markup, escape

from app.core.actor import Actor
from app.core.fields import Reference, References
from app.core.words import say
from app.customers.cancelled_copies import tell_cancelled
from app.customers.rules import PHONES, number_warnings, phone_of
from app.extensions import db
from app.web.admin_view import AdminView
from app.web.current import current_actor
from app.web.display import link, tag
from app.web.forms import RecordForm
from app.web.words import tell, translated

ADDRESS_HINTS: dict[str, str] = {
    "address_line_4": say("Usually the town."),
    "address_line_5": say("Usually the county."),
}
CONSENT_HINTS: dict[str, str] = {
    "marketing_consent_at": say("Left empty, it is the time of saving. Empty this and the source to withdraw it."),
    "marketing_consent_source": say("Where the consent came from, such as a form or a call."),
}


class PartyView(AdminView):
    """A view of customers or contacts; `all_sections` are those of the page, the usage module's field among them."""

    all_sections: ClassVar[Sequence[tuple[str, Sequence[str]]]] = ()

    @property
    def sections(self) -> Sequence[tuple[str, Sequence[str]]]:  # type: ignore[override]  # made at each request
        """Return the sections without what belongs to a module that is off: it is kept, and hidden."""
        hidden = self.resource.hidden()
        return [(label, [name for name in names if name not in hidden]) for label, names in self.all_sections]

    def cell(self, record: Any, name: str) -> Any:
        """Show a number as its country writes it, and mark what is not active any more."""
        if name in PHONES:
            return phone_cell(record, name)
        kind = self.resource.fields.get(name)
        if isinstance(kind, References):
            return ", ".join(translated(_row_words(row)) for row in getattr(record, kind.column or name))
        if isinstance(kind, Reference) and kind.column:
            row = getattr(record, name)
            return _row_words(row) if row is not None else None
        if name == "marketing_consent_at" and record.marketing_consent_at is None:
            return say("Not given")
        return super().cell(record, name)

    def after_saving(self, record_id: int) -> str:
        """Tell what speaks against the phone numbers that were saved, and which copies that has cancelled."""
        record = self.resource.get(db.session(), current_actor(), record_id)
        for name, texts in number_warnings(record, default_country=default_country()).items():
            for text in texts:
                tell(say("{field}: {warning}", field=self.label_columns[name], warning=text), "warning")
        tell_cancelled(has_address=bool(record.email))
        return super().after_saving(record_id)

    def _form(self, actor: Actor, record: Any, preset: Any) -> RecordForm:
        form = super()._form(actor, record, preset)
        for name in self.resource.hidden():
            if name in form:
                del form[name]
        reports = form._fields.get("invoice_usage_report")
        owner = {name: number for name, number in self.owner_of_reports(record, preset).items() if number}
        if reports is not None and owner:
            reports.url = f"{reports.url}?{urlencode(owner)}"
        return form

    def owner_of_reports(self, record: Any, _preset: Any) -> dict[str, Any]:
        """Return whom the picker of usage reports is asked for, by the name that it knows: their id."""
        return {"customer_id": record.id} if record is not None else {}


def phone_cell(record: Any, name: str) -> Any:
    """Return a number as a page shows it: a link that dials, or what was typed with a mark."""
    phone = phone_of(record, name, default_country=default_country())
    if phone is None:
        return None
    if phone.warning:
        return Markup("{} {}").format(escape(phone.text), tag(say("Can't be a phone number"), "warning"))
    return link(phone.text, phone.uri) if phone.uri else phone.text


def default_country() -> str:
    """Return the country of records that name none."""
    country: str = current_app.config["SETTINGS"].country
    return country


def _row_words(row: Any) -> str:
    """Return the name of a list's row, and that it can't be newly chosen."""
    return str(row) if row.active and row.deleted_at is None else say("{name} (no longer active)", name=row.name)
