"""The screens of usage report profiles: a list like the others, with the customers in the reader's sight."""

from __future__ import annotations

from typing import Any, ClassVar

from app.core.words import say
from app.extensions import db
from app.lookups.referring import seen
from app.lookups.usage_reports.rules import COLUMNS_OF, KEY_OF, ReportColumn, UsageReport
from app.web.admin_view import AdminView
from app.web.current import current_actor
from app.web.forms import RecordForm

SHOWN_CUSTOMERS = 20


class ProfilePages(AdminView):
    """What the screens of usage report profiles do otherwise than those of the other lists."""

    profile_columns: ClassVar[list[str]] = ["name", "report", "file_format", "available_to", "active"]

    def cell(self, record: Any, name: str) -> Any:
        """Show of the customers those in the reader's sight."""
        if name == "customers":
            customers = seen(db.session(), current_actor(), "customer", record.customers)
            names = ", ".join(one.label for one in customers[:SHOWN_CUSTOMERS])
            more = len(customers) - SHOWN_CUSTOMERS
            return say("{names} and {count} more", names=names, count=more) if more > 0 else names
        return super().cell(record, name)

    def _form(self, actor: Any, record: Any, preset: Any) -> RecordForm:
        """Say which columns go with which report, and leave out the customers that its reader doesn't see.

        The verb keeps those.
        """
        form = super()._form(actor, record, preset)
        if (columns := form._fields.get("columns")) is not None:
            columns.decided_by = "report"
            columns.of = {one: [report for report in UsageReport if one in COLUMNS_OF[report]] for one in ReportColumn}
            columns.key_of = {key: report for report, key in KEY_OF.items()}
        picker = form._fields.get("customers")
        if record is not None and picker is not None and picker.raw_data is None:
            customers = seen(db.session(), actor, "customer", record.customers)
            picker.data = [one.id for one in customers]
            picker.texts = {str(one.id): one.label for one in customers}
        return form
