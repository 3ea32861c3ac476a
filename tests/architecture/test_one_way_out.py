"""Mail leaves by one module: nobody else opens SMTP, so that what holds there holds for every sending path."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted([*ROOT.glob("app/**/*.py"), ROOT / "config.py", ROOT / "run.py"])
WAY_OUT = "app/mailer/smtp/connection.py"
# Reads what went wrong by the standard library's names of it, and opens nothing.
NAMES_ERRORS = "app/mailer/smtp/answers.py"
OPENS = {"SMTP", "SMTP_SSL", "LMTP"}


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def called(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name):
            yield node.attr if isinstance(node, ast.Attribute) else node.id


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nobody_else_opens_smtp(path: Path):
    name = str(path.relative_to(ROOT))
    tree = ast.parse(path.read_text())
    modules = {one.split(".")[0] for one in imported(tree)}
    if name not in {WAY_OUT, NAMES_ERRORS}:
        assert "smtplib" not in modules
    if name != WAY_OUT:
        assert not {"aiosmtplib", "exchangelib", "sendgrid"} & modules
        assert not OPENS & set(called(tree)) or "smtplib" not in modules
        assert "flask_mail.Connection" not in imported(tree)
    if name not in {WAY_OUT, "app/extensions.py"}:
        assert "flask_mail" not in modules


def test_its_one_transaction_redirects():
    """Whatever sends gives a transaction its receiver in one place, where the redirection is."""
    text = (ROOT / WAY_OUT).read_text()
    assert text.count("wire_address(self.redirect_all or recipient)") == 1
    assert text.count("host.rcpt(") + text.count(".sendmail(") + text.count(".send_message(") == 1
