"""The page that says where each line is met stays true: what it names exists, and what there is has its line."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from app.contacts.rules import CONTACT_FIELDS
from app.customers.rules import CUSTOMER_FIELDS
from app.invoices.fields import INVOICE_FIELDS
from app.mailer.message_states import MessageState
from app.mailer.planning.reasons import Reason
from app.tickets.fields import TICKET_FIELDS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/developer/spec.md").read_text()
NAMED = re.compile(r"`((?:app|tests|config|run)[\w/]*\.py)(?:::?(\w+))?`")
SETTING = re.compile(r"\b((?:COUNTERPART|MAIL|IMAP)_[A-Z_]+[A-Z])\b")
CALLS = (
    "/customer/<id>/contacts",
    "/contact/",
    "/customer/<id>/shared_contacts",
    "/customer/<id>/shared_contacts/<contact_id>",
    "/contact/<id>/convert_to_shared",
    "/contact/<id>/verify_password",
    "/contact/<id>/receives",
    "/<resource>/trash",
    "/<resource>/<id>/restore",
    "/<resource>/<id>/purge",
    "/invoice/",
    "/invoice/<id>/approve",
    "/invoice/<id>/credit",
    "/invoice/<id>/pdf",
    "/invoice/<id>/plan",
    "/invoice/<id>/send",
    "/invoice/<id>/send_again",
    "/correspondence/",
    "/ticket/",
    "/ticket/<id>/updates",
    "/ticket/<id>/close",
    "/ticket/<id>/reopen",
    "/billing_run/",
    "/message/<id>",
    "/message/<id>/retry",
    "/message/<id>/cancel",
    "/suppression/",
)


def names_in(path: Path) -> set[str]:
    """Return what a module defines at its top: functions, classes, constants."""
    found: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        for target in getattr(node, "targets", [getattr(node, "target", None)]):
            if isinstance(target, ast.Name):
                found.add(target.id)
    return found


def test_what_it_names_is_there():
    named = NAMED.findall(PAGE)
    assert len(named) > 80
    gone = [name for name, _ in named if not (ROOT / name).is_file()]
    assert gone == []
    assert [(name, symbol) for name, symbol in named if symbol and symbol not in names_in(ROOT / name)] == []


@pytest.mark.parametrize(
    ("what", "names"),
    [
        ("field", {*CUSTOMER_FIELDS, *CONTACT_FIELDS, *INVOICE_FIELDS, *TICKET_FIELDS}),
        ("state", {state.value for state in MessageState}),
        ("reason", {reason.value for reason in Reason}),
        ("call", {f"/api/v1{call}" for call in CALLS}),
        ("setting", set(SETTING.findall((ROOT / "docs/operator/settings.md").read_text()))),
    ],
)
def test_each_has_its_line(what, names):
    assert names
    assert sorted(name for name in names if f"`{name}`" not in PAGE) == [], what


def test_each_line_says_where_or_that_it_is_not_there_yet():
    for line in PAGE.splitlines():
        if line.startswith("| ") and not line.startswith(("| line", "| call |")):
            assert NAMED.search(line) or "not yet" in line, line
