"""There is work: a unit of work that queues messages says so, and after its commit those who drain are told."""

from __future__ import annotations

from flask import current_app, has_app_context
from sqlalchemy import event
from sqlalchemy.orm import Session

WAKEUPS = "counterpart_wakeups"
_QUEUED = "counterpart_queued"


def there_is_work(session: Session, messages: int = 1) -> None:
    """Note that this transaction has queued so many messages."""
    session.info[_QUEUED] = session.info.get(_QUEUED, 0) + messages


@event.listens_for(Session, "after_commit")
def _tell(session: Session) -> None:
    if session.in_nested_transaction():
        # A savepoint is no commit: nobody else sees these messages yet.
        return
    messages = session.info.pop(_QUEUED, 0)
    if messages and has_app_context():
        wakeups = current_app.extensions.get(WAKEUPS)
        if wakeups is not None:
            wakeups.ask(messages)


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop(_QUEUED, None)
