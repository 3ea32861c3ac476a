"""What the plan on a form brought back: its fingerprint, and the addresses that were unticked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import request

from app.core.addresses import normalise
from app.core.errors import Conflict
from app.core.words import Words, say
from app.mailer.planning.choices import Choices
from app.mailer.planning.rules import Plan
from app.mailer.screens.plan_page import plan_changes, plan_context


@dataclass(frozen=True, slots=True)
class Ticks:
    """What was posted: the fingerprint of the plan that was shown, who was unticked, and what was looked at."""

    fingerprint: str = ""
    untick: tuple[str, ...] = ()
    looked_at: tuple[str, ...] = ()

    def given(self) -> dict[str, object]:
        """Return what a verb is told of it; where no plan was shown, the fingerprint is that of none."""
        return {"fingerprint": self.fingerprint, "untick": list(self.untick)}

    def ensure_seen(self) -> None:
        """Refuse to send what nobody has looked at. Raises Conflict (`plan_changed`)."""
        if not self.fingerprint:
            raise Conflict(say("Look at who gets a copy first, then send it."), code="plan_changed")

    def choices(self) -> Choices:
        """Return what was chosen. Raises Invalid."""
        return Choices.checked(recipients=None, untick=list(self.untick))


def posted_ticks() -> Ticks:
    """Read what a form with a plan has posted."""
    if request.method == "GET":
        return Ticks()
    kept = set(request.form.getlist("keep"))
    return Ticks(
        fingerprint=request.form.get("fingerprint", ""),
        untick=tuple(address for address in request.form.getlist("planned") if address not in kept),
        looked_at=tuple(request.form.getlist("looked_at")),
    )


def ticked_plan(plan: Plan, ticks: Ticks, *, sent: bool) -> dict[str, Any]:
    """Return what the form's plan shows; where it was `sent` and refused, how others get it than was looked at."""
    left_out = {normalise(address) for address in ticks.untick}
    seen = [one for one in ticks.looked_at if normalise(one.partition(" ")[2]) not in left_out]
    differs = {normalise(one.partition(" ")[2]) for one in seen} != {message.key for message in plan.messages}
    changes: Sequence[Words] = plan_changes(seen, plan) if sent and ticks.fingerprint and differs else ()
    return {"changes": changes, **plan_context(plan, untick=ticks.untick)}
