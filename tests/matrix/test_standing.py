"""Who is let in at all, and who may write their own records: an ended session is nobody's, an allowed write works."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from app.access.table import TABLE, Operation, Role
from app.extensions import db
from tests.architecture.test_routes import ANYBODY
from tests.matrix.records import NOTHING
from tests.matrix.routes import path_of, smallest_body, status_of, told

pytestmark = pytest.mark.slow

ROLES = {"admin": Role.ADMIN, "finance": Role.FINANCE, "support": Role.SUPPORT, "auditor": Role.AUDITOR}
# What no role may be refused for, with a word of why: the answer says that it makes no sense, not that it isn't theirs.
SENSELESS = {400, 404, 409, 412, 422, 428, 429}


def test_a_session_that_was_ended_opens_nothing(house, all_routes, standing):
    """The cookie was copied, its owner has logged out."""
    owner = house.new_browser("admin")
    name = house.app.config["SESSION_COOKIE_NAME"]
    cookie = owner.get_cookie(name).value
    assert owner.get("/customers/list/").status_code == 200
    assert owner.post("/logout/").status_code == 302
    let_in = []
    for route in all_routes:
        if route.need == ANYBODY:
            continue
        thief = house.app.test_client()
        thief.set_cookie(name, cookie, domain="localhost")
        answer = thief.open(path_of(house, route, standing.ours.get(route.owner, NOTHING)), method=route.method)
        if status_of(answer) != 401:
            let_in.append((route.method, route.rule, answer.status_code))
    assert let_in == []


@pytest.fixture
def undo(house) -> Callable[[], None]:
    """Return a function that puts the database back to what it was."""
    with house.app.app_context():
        path = db.engine.url.database
        db.session.remove()
        db.engine.dispose()
    shutil.copy(path, f"{path}.before")

    def run() -> None:
        with house.app.app_context():
            db.session.remove()
            db.engine.dispose()
        for ending in ("-wal", "-shm"):
            Path(f"{path}{ending}").unlink(missing_ok=True)
        shutil.copy(f"{path}.before", path)

    return run


@pytest.mark.parametrize("who", ROLES)
def test_a_role_may_write_what_the_table_gives_it(house, all_routes, standing, undo, who):
    """Each write of REST on a living record: done, or refused for what it says, never for the role."""
    call, odd, done = house.api(who), {}, 0
    for route in all_routes:
        if not route.is_rest or route.reads or not isinstance(route.need, tuple) or "/security/" in route.rule:
            continue
        resource, operation = route.need
        allowed = Operation(operation) in TABLE[resource][ROLES[who]]
        body = smallest_body(house, route)
        if (route.method, route.rule) == ("POST", "/api/v1/correspondence/"):
            # The schema leaves out what a type may have, and the one of this house has none.
            body |= {"subject": "Some text", "body": "Some text"}
        before = _trail(house)
        given = {} if body is None else {"json": body}
        answer = call(route.method, path_of(house, route, standing.ours.get(route.owner, NOTHING)), **given)
        status = status_of(answer)
        good = (200 <= status < 300 or status in SENSELESS) if allowed else status in (403, 405)
        if who == "support" and route.rule in ("/api/v1/correspondence/", "/api/v1/bulk_letter/"):
            # The type of letters in this house is of the class that finance writes.
            good = status == 403
        if not good:
            odd[route.method, route.rule] = (status, allowed, told(answer)[:200])
        if status < 300:
            done += 1
            # A write that was done is in the trail, once; a plan that does nothing leaves none.
            assert _trail(house) - before in (0, 1), route
            undo()
        else:
            assert _trail(house) == before or "verify_password" in route.rule, route
    assert odd == {}
    assert done > {"admin": 10, "finance": 4, "support": 2, "auditor": -1}[who]


def _trail(house) -> int:
    return house.count("audit_entry")
