"""A secret planted by each door is found nowhere: no page, answer, log, export, mail, trail, session or column."""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import inspect

from app.core import clock
from app.extensions import db
from app.mailer.jobs import run_worker
from tests.mailer.smtp_servers import Server, running
from tests.matrix.records import Standing, add_the_deleted
from tests.matrix.routes import PARAMETER, ask, path_of, routes, smallest_body
from tests.web.house import House, World, build, dispose, fill

pytestmark = pytest.mark.slow

BY_CLI, BY_REST, BY_FORM, REFUSED = "sesame-cli-77", "sesame-rest-77", "sesame-form-77", "sesame-refused-77"
# The last one is that of the contacts which every house has.
PLANTED = (BY_CLI, BY_REST, BY_FORM, REFUSED, "planted-secret-phrase")
KEY = re.compile(r"cp_[\w-]{43}")
HASH = re.compile(r"(?:scrypt|pbkdf2):[\w:]+\$[\w./+=]+\$\w+")


@pytest.fixture(scope="module")
def logged() -> Iterator[list[str]]:
    """Return everything that is logged, from the finest level on."""
    lines: list[str] = []
    handler = logging.Handler(logging.DEBUG)
    handler.emit = lambda record: lines.append(handler.format(record))  # type: ignore[method-assign]
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lines
    root.handlers[:] = before
    root.setLevel(level)


@pytest.fixture(scope="module")
def planted(template: Path, tmp_path_factory: pytest.TempPathFactory, logged: list[str]) -> Iterator[SimpleNamespace]:
    """Return a house in which each door has planted its secret, and whose mails have left for a server."""
    folder = tmp_path_factory.mktemp("secrets")
    shutil.copy(template, folder / "counterpart.sqlite")
    server = Server()
    with running(server) as port:
        mail = {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(port), "MAIL_DEFAULT_SENDER": "bills@mail.example"}
        house = House(build(folder, **mail), World())
        fill(house)
        standing = add_the_deleted(house)
        answers = _plant(house)
        invoice = house.invoice(house.world.ours["customer"])
        answers.append(house.api()("post", f"/api/v1/invoice/{invoice}/send", json={}))
        with house.app.app_context():
            run_worker(house.app, once=True)
            db.session.remove()
        yield SimpleNamespace(house=house, standing=standing, answers=answers, server=server, folder=folder)
        dispose(house.app)


def _plant(house: House) -> list[Any]:
    """Set a password by each door, and be refused once by each; return the answers."""
    customer = house.world.ours["customer"]
    whole = {"customer_id": customer, "email_bill_type": "short"}
    house.contact(**whole, last_name="Cli", email="cli@north.example", account_password=BY_CLI)
    rest, browser = house.api(), house.browser()
    given = {**whole, "last_name": "Rest", "email": "rest@north.example"}
    made = rest("post", "/api/v1/contact/", json={**given, "account_password": BY_REST})
    assert made.status_code == 201, made.text
    path = f"/api/v1/contact/{made.json['id']}"
    form = {**given, "last_name": "Form", "email": "form@north.example", "account_password": BY_FORM}
    added = browser.post("/contacts/add", data=form)
    assert added.status_code == 302, added.text
    wrong = {"account_password": REFUSED, "email": "not an address"}
    answers = [
        made,
        added,
        rest("put", path, json={**wrong, "version": 1}),
        rest("put", path, json={"account_password": [REFUSED], "version": 1}),
        rest("put", path, json={"account_password": REFUSED + "\x00", "version": 1}),
        rest("put", path, json={"account_password": REFUSED * 100, "version": 1}),
        rest("put", path, json={"account_password": REFUSED, "version": 99}),
        house.api("finance")("put", path, json={"account_password": REFUSED, "version": 1}),
        rest("post", "/api/v1/contact/", data=f'{{"account_password": "{REFUSED}", ', content_type="application/json"),
        browser.post("/contacts/add", data={**form, **wrong}),
        browser.post(path.replace("/api/v1/contact/", "/contacts/edit/"), data={**form, **wrong, "version": "1"}),
        browser.post("/login/", data={"username": "admin", "password": REFUSED}),
        house.app.test_client().post(
            "/api/v1/security/login", json={"username": "admin", "password": REFUSED, "provider": "db"}
        ),
    ]
    assert all(400 <= answer.status_code < 500 for answer in answers[2:11]), [one.status_code for one in answers]
    # Whoever may verify it says it aloud, rightly and wrongly, by both doors.
    _use_a_key(house)
    if any(rule.rule == "/api/v1/contact/<pk>/verify_password" for rule in house.app.url_map.iter_rules()):
        for said, right in ((BY_REST, True), (REFUSED, False)):
            answers.append(rest("post", f"{path}/verify_password", json={"password": said}))
            assert answers[-1].json["result"]["verified"] is right
            page = f"/contacts/{made.json['id']}/verify-password"
            answers.append(browser.post(page, data={"password": said, "account_password": said}))
    return answers


def _use_a_key(house: House) -> None:
    """Make an API key on the screen, which shows it this once, and use it, rightly and wrongly."""
    form = {"label": "Planted", "user": "1", "expires_at": (clock.now() + timedelta(days=9)).isoformat()[:19]}
    made = house.browser().post("/api-keys/add", data=form)
    key = house.world.key = KEY.search(made.text).group()  # type: ignore[attr-defined,union-attr]
    client = house.app.test_client()
    for shown, status in ((key, 200), (key + "x", 401), (key[:-1], 401)):
        answer = client.get("/api/v1/contact/", headers={"Authorization": f"Bearer {shown}"})
        assert answer.status_code == status, answer.text
    client.put("/api/v1/contact/1", headers={"Authorization": f"Bearer {key}"}, json={"version": 1})


def found_in(content: str, house: House) -> list[str]:
    """Return what of the secrets stands in a text: passwords, or a hash of one."""
    # The list of keys shows how one begins; all that follows is secret.
    return [one for one in (*PLANTED, house.world.key[9:-1]) if one in content] + HASH.findall(content)  # type: ignore[attr-defined]


def test_no_answer_to_a_password_repeats_it(planted):
    for answer in planted.answers:
        text = answer.get_data().decode(errors="replace") + str(answer.headers)
        assert found_in(text, planted.house) == []


@pytest.mark.parametrize("name", ["admin", "support"])
def test_nothing_that_can_be_read_holds_a_secret(planted, name):
    house, standing = planted.house, planted.standing
    asked = 0
    for route in routes(house):
        if not route.reads or route.need is None or "static" in route.endpoint:
            continue
        for path in _paths(house, standing, route):
            answer = ask(house, name, route, path)
            asked += 1
            assert found_in(answer.get_data().decode(errors="replace") + str(answer.headers), house) == [], path
    assert asked > 100


def _paths(house: House, standing: Standing, route: Any) -> list[str]:
    if not PARAMETER.search(route.rule):
        return [route.rule, f"{route.rule}?q=sesame"]
    if route.owner == "contact":
        with house.session() as session:
            ids = session.connection().exec_driver_sql("SELECT id FROM contact ORDER BY id").scalars().all()
        return [path_of(house, route, number) for number in ids]
    return [path_of(house, route, standing.ours.get(route.owner, 1))]


def test_no_search_by_a_secret_finds_its_contact(planted):
    call = planted.house.api()
    for one in PLANTED:
        for field in ("account_password", "account_password_hash"):
            answer = call("get", f"/api/v1/contact/?q=(filters:!((col:{field},opr:sw,value:{one[:3]})))")
            assert answer.status_code == 400
        assert "/contacts/show/" not in planted.house.browser().get(f"/contacts/list/?q={one}").text
    answer = call("get", "/api/v1/contact/?q=(columns:!(id,account_password_hash))")
    assert answer.status_code == 400


def test_no_write_answers_with_a_secret(planted):
    """Each write of REST on a contact, with what it needs: whatever comes back holds no hash."""
    house = planted.house
    number = house.contact(last_name="Written", account_password=BY_CLI, customer_id=house.world.ours["customer"])
    asked = 0
    for route in routes(house):
        if route.is_rest and not route.reads and route.owner == "contact" and "/security/" not in route.rule:
            answer = ask(house, "admin", route, path_of(house, route, number), smallest_body(house, route))
            assert found_in(answer.text, house) == [], route
            asked += 1
    assert asked >= 3


def test_no_mail_holds_a_secret(planted):
    mails = [content for _, _, content in planted.server.mails]
    assert len(mails) >= 3
    for content in mails:
        assert found_in(content.decode(errors="replace"), planted.house) == []


def test_the_log_holds_no_secret(planted, logged):
    assert len(logged) > 100
    for line in logged:
        assert found_in(line, planted.house) == [], line[:300]


def test_in_the_database_it_is_a_hash_and_nothing_else(planted):
    """Every column of every table, read as text and as bytes."""
    hashes = 0
    with planted.house.session() as session:
        connection = session.connection()
        for table in inspect(connection).get_table_names():
            result = connection.exec_driver_sql(f'SELECT * FROM "{table}"')  # noqa: S608  the names are the database's
            columns = list(result.keys())
            for row in result:
                for column, value in zip(columns, row, strict=True):
                    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
                    where = f"{table}.{column}"
                    assert not [one for one in (*PLANTED, planted.house.world.key[9:-1]) if one in text], where
                    if HASH.search(text):
                        hashes += 1
                        assert where in ("contact.account_password_hash", "ab_user.password"), where
    assert hashes > 10


def test_no_file_of_the_instance_holds_it(planted):
    """The database's own files too: what was never written in the clear can't be left in a free page."""
    looked = 0
    for path in planted.folder.rglob("*"):
        if path.is_file():
            looked += 1
            content = path.read_bytes()
            assert not [one for one in PLANTED if one.encode() in content], path.name
    assert looked
