"""The named filters of the list of usage report profiles."""

from __future__ import annotations

from app.core.words import say
from app.lookups.models import UsageReportProfile
from app.lookups.usage_reports.rules import Availability, FileFormat, UsageReport
from app.web.list_filters import ListFilter, choice

PROFILE_FILTERS: tuple[ListFilter, ...] = (
    choice("report", say("Report"), UsageReportProfile.report, {one.value: one.words for one in UsageReport}),
    choice(
        "file_format", say("File format"), UsageReportProfile.file_format, {one.value: one.words for one in FileFormat}
    ),
    choice(
        "available_to",
        say("Available to"),
        UsageReportProfile.available_to,
        {one.value: one.words for one in Availability},
    ),
)
