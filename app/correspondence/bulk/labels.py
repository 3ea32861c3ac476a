"""How people read what the customers of bulk letters were chosen by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape
from sqlalchemy.orm import Session

from app.correspondence.bulk.fields import FILTER_LABELS
from app.correspondence.linked import choosings
from app.lookups.models import CustomerStatus
from app.web.formats import code_name
from app.web.words import translated


def filter_lines(session: Session, filters: Mapping[str, Any]) -> Markup | None:
    """Return the filters line by line, None where there are none."""
    lines = [
        Markup("{}: {}").format(
            escape(translated(FILTER_LABELS[name])), escape(translated(_shown(session, name, value)))
        )
        for name, value in filters.items()
        if name in FILTER_LABELS
    ]
    for name, group in choosings().items():
        lines += group.lines(filters.get(name, {}))
    return Markup("<br>").join(lines) if lines else None


def _shown(session: Session, name: str, value: Any) -> Any:  # noqa: ANN401  a code, or an id
    if name == "customer_status":
        status = session.get(CustomerStatus, value)
        return status.name if status is not None else str(value)
    return code_name(name, value) if name in ("language", "country") else value
