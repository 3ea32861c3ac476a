"""What letters put on pages: tabs of a letter and of a customer, and entries of their menus."""

from __future__ import annotations

from typing import Any

from flask import url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.access.ask import may
from app.access.table import Operation
from app.core.actor import Actor
from app.core.words import say
from app.correspondence import queries
from app.correspondence.models import Correspondence
from app.correspondence.rules import LetterStatus, may_edit, may_send
from app.correspondence.views import status_tag
from app.customers.models import Customer
from app.mailer.message_states import SENT_AGAIN
from app.mailer.models import Message
from app.mailer.planning.plan_model import DocumentKind
from app.mailer.screens.file_fields import size_words
from app.mailer.screens.panels import messages_tab
from app.web.current import current_actor
from app.web.formats import date_text
from app.web.panels import Action, Tab, first_rows, register_action, register_add, register_tab

NAME = "correspondence"
_COLUMNS = {
    "number": say("Number"),
    "type": say("Type"),
    "subject": say("Subject"),
    "date": say("Date"),
    "status": say("Status"),
}
_FILE_COLUMNS = {"filename": say("File"), "size": say("Size")}


def register() -> None:
    """Put the tabs and the menu entries in place."""
    register_tab(NAME, Tab("pdf", say("PDF"), NAME, "correspondence/pdf_tab.html", lambda *_: None, _pdf))
    register_tab(NAME, Tab("mail", say("Mail"), NAME, "correspondence/mail_tab.html", lambda *_: None, _mail))
    files = Tab("attachments", say("Attachments"), NAME, "correspondence/files_tab.html", _file_count, _files)
    register_tab(NAME, files)
    register_tab(NAME, messages_tab(DocumentKind.CORRESPONDENCE, asked_at=_asked_at))
    letters = Tab("correspondence", say("Correspondence"), NAME, "correspondence/tab.html", _count, _rows)
    register_tab("customer", letters)
    register_add("customer", Action(say("Letter"), NAME, Operation.CREATE, _add_url, icon="mail"))
    _register_actions()


def _register_actions() -> None:
    entries = (
        (say("Send"), "send", "send", _is_ready_to_send),
        (say("Plan"), "send", "list", lambda letter: may_send(letter.status) and not _may_send(letter)),
        (say("Send Again"), "send_again", "send", lambda letter: _may_send(letter) and _left(letter)),
        (say("Mark as delivered"), "delivered", "check", _is_to_be_delivered),
        (say("Attach a file"), "attach", "plus", _takes_files),
    )
    for label, task, icon, applies in entries:
        action = Action(label, NAME, Operation.READ, _page_of(task), icon=icon, applies=applies)
        register_action(NAME, action)
    again = Action(say("Send letter again"), NAME, Operation.SEND, _again_url, icon="send", applies=_is_sent_copy)
    register_action("message", again)


def _page_of(task: str) -> Any:  # a function of the letter
    return lambda letter: url_for(f"CorrespondenceView.{task}", pk=letter.id)


def _may_send(letter: Correspondence) -> bool:
    return may(current_actor(), Operation.SEND, letter.resource)


def _is_ready_to_send(letter: Correspondence) -> bool:
    return may_send(letter.status) and _may_send(letter)


def _left(letter: Correspondence) -> bool:
    return not may_edit(letter.status)


def _is_to_be_delivered(letter: Correspondence) -> bool:
    return _is_ready_to_send(letter) and letter.status != LetterStatus.DELIVERED


def _takes_files(letter: Correspondence) -> bool:
    return may_edit(letter.status) and may(current_actor(), Operation.UPDATE, letter.resource)


def _asked_at(letter: Correspondence) -> str:
    return url_for("CorrespondenceView.why", pk=letter.id)


def _again_url(message: Message) -> str:
    return url_for("CorrespondenceView.send_again", pk=message.document_id, address=message.address)


def _is_sent_copy(message: Message) -> bool:
    left = message.state in SENT_AGAIN and message.purged_at is None
    if message.document_kind != DocumentKind.CORRESPONDENCE or not left:
        return False
    return may(current_actor(), Operation.SEND, f"{NAME}.{message.document_class}")


def _add_url(customer: Customer) -> str:
    return url_for("CorrespondenceView.add", customer_id=customer.id)


def _pdf(_session: Session, _actor: Actor, letter: Correspondence) -> dict[str, Any]:
    url = url_for("CorrespondenceView.pdf", pk=letter.id) if letter.pdf_digest else None
    return {"url": url, "download": url_for("CorrespondenceView.pdf", pk=letter.id, download=1)}


def _mail(_session: Session, _actor: Actor, letter: Correspondence) -> dict[str, Any]:
    return {"url": url_for("CorrespondenceView.mail", pk=letter.id)}


def _file_count(_session: Session, _actor: Actor, letter: Correspondence) -> int:
    return len(letter.attachments)


def _files(session: Session, _actor: Actor, letter: Correspondence) -> dict[str, Any]:
    takes = _takes_files(letter)
    attach_url = url_for("CorrespondenceView.attach", pk=letter.id) if takes else None
    rows = []
    for one in queries.attachments_of(session, letter_id=letter.id):
        values = {"filename": one.filename, "size": size_words(one.content.size)}
        off = {"label": say("Take it off"), "url": _file_url("detach", letter, one.id), "icon": "trash"}
        rows.append(
            {
                "pk": one.id,
                "url": _file_url("attachment", letter, one.id),
                "cells": [{"key": key, "label": name, "value": values[key]} for key, name in _FILE_COLUMNS.items()],
                "actions": [off] if takes else [],
            }
        )
    return {
        "columns": [{"key": key, "label": label} for key, label in _FILE_COLUMNS.items()],
        "rows": rows,
        "attach_url": attach_url,
        "empty": {
            "title": say("No files go along"),
            "text": say("A file that is attached goes along with each copy of the letter."),
            "action_url": attach_url,
            "action_label": say("Attach a file"),
        },
    }


def _file_url(task: str, letter: Correspondence, number: int) -> str:
    return url_for(f"CorrespondenceView.{task}", pk=letter.id, attachment_pk=number)


def _count(session: Session, actor: Actor, customer: Customer) -> int:
    ids = queries.letters_of_customer(actor, customer_id=customer.id).with_only_columns(Correspondence.id)
    return session.scalar(select(func.count()).select_from(ids.order_by(None).subquery())) or 0


def _rows(session: Session, actor: Actor, customer: Customer) -> dict[str, Any]:
    statement = queries.letters_of_customer(actor, customer_id=customer.id)
    rows, more = first_rows(session, statement.order_by(Correspondence.series.desc()))
    add_url = _add_url(customer) if may(actor, Operation.CREATE, NAME) else None
    return {
        "columns": [{"key": key, "label": label} for key, label in _COLUMNS.items()],
        "rows": [_row(letter) for letter in rows],
        "more": more,
        "list_url": url_for("CorrespondenceView.list", customer_id=customer.id),
        "add_url": add_url,
        "empty": {
            "title": say("No letters yet"),
            "text": say("A letter is printed when it is saved, and can then be sent."),
            "action_url": add_url,
            "action_label": say("Add letter"),
        },
    }


def _row(letter: Correspondence) -> dict[str, Any]:
    values = {
        "number": letter.number,
        "type": letter.correspondence_type.name,
        "subject": letter.filled_subject,
        "date": date_text(letter.letter_date) if letter.letter_date else None,
        "status": status_tag(letter),
    }
    return {
        "pk": letter.id,
        "url": url_for("CorrespondenceView.show", pk=letter.id),
        "cells": [{"key": key, "label": label, "value": values[key]} for key, label in _COLUMNS.items()],
    }
