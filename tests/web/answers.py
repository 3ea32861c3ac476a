"""What every refusal must look like, over REST and on the screen."""

from __future__ import annotations

import re
from typing import Any

LEAKS = re.compile(
    r"\b(SELECT|INSERT|UPDATE|DELETE FROM|sqlalchemy|psycopg|sqlite|Traceback|IntegrityError)\b|scrypt:|pbkdf2:"
)
SHAPE = {"message", "code", "errors"}


def refused(answer: Any, status: int, code: str = "", *, extras: tuple[str, ...] = ()) -> dict[str, Any]:
    """Check an error of the REST contract; returns its `errors`."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.is_json, answer.text
    body = answer.json
    assert set(body) == SHAPE | set(extras), body
    assert isinstance(body["message"], str), body
    assert body["message"], body
    assert re.fullmatch(r"[a-z_]+", body["code"]), body
    assert all(isinstance(texts, list) and texts for texts in body["errors"].values()), body
    assert not LEAKS.search(answer.text), answer.text
    if code:
        assert body["code"] == code, body
    return body["errors"]


def refused_page(answer: Any, status: int) -> str:
    """Check that a screen refuses by a page in the look; returns its HTML."""
    assert answer.status_code == status, (answer.status_code, answer.text[:500])
    assert answer.mimetype == "text/html"
    assert "/assets/" in answer.text
    assert not LEAKS.search(answer.text), answer.text
    return answer.text
