"""The REST resources of the lists, one each."""

from __future__ import annotations

from app.lookups.resource import LOOKUP_RESOURCES
from app.lookups.usage_reports.api import ProfileCalls
from app.web.admin_api import AdminApi

_BASES: dict[str, type[AdminApi]] = {"usage_report_profile": ProfileCalls}

LOOKUP_APIS: dict[str, type[AdminApi]] = {
    name: type(
        f"{resource.model.__name__}Api",
        (_BASES.get(name, AdminApi),),
        {"__module__": __name__, "__doc__": f"The list of {resource.plural.lower()}.", "resource": resource},
    )
    for name, resource in LOOKUP_RESOURCES.items()
}
