"""Mail leaves by one module: nobody else opens SMTP, so that what holds there holds for every sending path."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted([*ROOT.glob("app/**/*.py"), ROOT / "config.py", ROOT / "run.py"])
WAY_OUT = "app/mailer/smtp/connection.py"
# They speak on a connection that is open, or read what went wrong on it by the standard library's names.
ROOM = "app/mailer/smtp/"
OPENS = {"SMTP", "SMTP_SSL", "LMTP"}


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def opened(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
            yield node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nobody_else_opens_smtp(path: Path):
    name = str(path.relative_to(ROOT))
    tree = ast.parse(path.read_text())
    modules = {one.split(".")[0] for one in imported(tree)}
    if not name.startswith(ROOM):
        assert "smtplib" not in modules
    if name != WAY_OUT:
        assert not {"aiosmtplib", "exchangelib", "sendgrid"} & modules
        assert not OPENS & set(opened(tree)) or "smtplib" not in modules
        assert "flask_mail.Connection" not in imported(tree)
    if not name.startswith(ROOM) and name != "app/extensions.py":
        assert "flask_mail" not in modules


def test_whatever_it_sends_is_redirected():
    """No recipient becomes one of an envelope but by way of the redirection; no other call of smtplib sends."""
    text = (ROOT / WAY_OUT).read_text()
    assert text.count("wire_address(self.redirect_all or recipient)") == text.count("or recipient)") > 0
    assert "wire_address(recipient)" not in text
    room = "".join(path.read_text() for path in ROOT.glob(f"{ROOM}*.py"))
    assert not [one for one in (".sendmail(", ".send_message(", "host.rcpt(") if one in room]
