"""The REST resources of the lists, one each."""

from __future__ import annotations

from app.lookups.resource import LOOKUP_RESOURCES
from app.web.admin_api import AdminApi

LOOKUP_APIS: dict[str, type[AdminApi]] = {
    name: type(
        f"{resource.model.__name__}Api",
        (AdminApi,),
        {"__module__": __name__, "__doc__": f"The list of {resource.plural.lower()}.", "resource": resource},
    )
    for name, resource in LOOKUP_RESOURCES.items()
}
