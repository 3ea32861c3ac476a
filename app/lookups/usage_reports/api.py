"""The REST resource of usage report profiles: the list's own, with the customers in the caller's sight alone."""

from __future__ import annotations

from typing import Any

from app.extensions import db
from app.lookups.referring import seen
from app.web.admin_api import AdminApi
from app.web.current import current_actor


class ProfileCalls(AdminApi):
    """What the REST resource of usage report profiles does otherwise than those of the other lists."""

    def serialise(self, record: Any, columns: list[str] | None = None) -> dict[str, Any]:
        """Return a profile without the customers that its reader doesn't see; a PUT keeps them."""
        told = super().serialise(record, columns)
        if told.get("customers"):
            told["customers"] = [one.id for one in seen(db.session(), current_actor(), "customer", record.customers)]
        return told
