"""What the program logs: events of a closed list, each with ids and figures, and never what a person typed or reads."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import structlog


class Event(StrEnum):
    """All that is logged by the program itself. The list is closed."""

    REQUEST_ANSWERED = "request_answered"
    REQUEST_FAILED = "request_failed"
    HEALTH_FAILING = "health_failing"
    DATABASE_REFUSED = "database_refused"
    RATE_LIMITS_ALONE = "rate_limits_alone"
    FIGURES_UNREADABLE = "figures_unreadable"
    DOCUMENT_SENT = "document_sent"
    API_KEY_USE_NOT_NOTED = "api_key_use_not_noted"
    OUTBOX_PAUSED = "outbox_paused"
    OUTBOX_RESUMED = "outbox_resumed"
    OUTBOX_NOT_DRAINED = "outbox_not_drained"
    BACKGROUND_FAILED = "background_failed"
    BATCH_CLAIMED = "batch_claimed"
    MESSAGES_SENT = "messages_sent"
    MESSAGE_DEFERRED = "message_deferred"
    MESSAGE_FAILED = "message_failed"
    MESSAGE_UNCERTAIN = "message_uncertain"
    MESSAGE_HELD = "message_held"
    MESSAGE_RECOVERED = "message_recovered"
    MESSAGE_RELEASED = "message_released"
    MESSAGE_NOT_IN_HAND = "message_not_in_hand"
    LANE_CLOSED = "lane_closed"
    LANES_SLOWED = "lanes_slowed"
    BILLING_RUN_ADVANCED = "billing_run_advanced"
    BILLING_RUN_PAUSED = "billing_run_paused"
    BILLING_RUN_FINISHED = "billing_run_finished"
    MAIL_NOT_TAKEN_IN = "mail_not_taken_in"
    BULK_LETTER_ADVANCED = "bulk_letter_advanced"
    BULK_LETTER_PAUSED = "bulk_letter_paused"
    BULK_LETTER_FINISHED = "bulk_letter_finished"
    LETTER_NOT_MADE = "letter_not_made"
    INVOICE_NOT_SENT = "invoice_not_sent"


# What an event may say, and nothing else: ids, figures, codes and words of closed lists.
FIELDS = frozenset(
    {
        "api_key_id",
        "code",
        "count",
        "document_id",
        "document_kind",
        "enhanced",
        "lane",
        "message_id",
        "message_ids",
        "method",
        "ms",
        "request_id",
        "route",
        "run_id",
        "seconds",
        "state",
        "status",
        "step",
        "user_id",
        "worker",
    }
)

_log = structlog.get_logger("counterpart")


def log_event(
    event: Event, *, error: BaseException | None = None, **fields: str | float | Sequence[int] | None
) -> None:
    """Log one event. With `error` it is a warning, and has the error's kind and stack, without its words."""
    strange = fields.keys() - FIELDS
    if strange:
        raise ValueError(f"An event says nothing of: {', '.join(sorted(strange))}.")
    if error is None:
        _log.info(event.value, **fields)
    else:
        _log.warning(event.value, exc_info=error, **fields)
