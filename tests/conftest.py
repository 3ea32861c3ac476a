"""What tests share: an application on a database that the migrations built, users of each role, and the audit probe.

`COUNTERPART_TEST_DATABASE_URL` runs the same tests on PostgreSQL: each process gets a database of its own there.
"""

from __future__ import annotations

import contextvars
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from hypothesis import HealthCheck
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from app import create_app
from app.access.table import Role
from app.core.actor import Actor, Door
from app.core.log_lines import set_up_logs
from app.core.models import AuditEntry
from app.core.records import Record
from app.core.unit_of_work import configure_sqlite, unit_of_work
from app.extensions import db, mail
from config import Settings, flask_config

# How long an example takes says something about the machine, not about the program.
hypothesis.settings.register_profile("counterpart", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.settings.load_profile("counterpart")

PASSWORD = "Correct-horse-9"
POSTGRESQL = os.environ.get("COUNTERPART_TEST_DATABASE_URL", "")
USERS = {
    "admin": (Role.ADMIN, None),
    "finance": (Role.FINANCE, None),
    "support": (Role.SUPPORT, None),
    "auditor": (Role.AUDITOR, None),
    "north_finance": (Role.FINANCE, "NORTH"),
    "north_support": (Role.SUPPORT, "NORTH"),
}

# A file is one process's (`--dist loadfile`): those that take longest come first, or the last of them runs alone.
LONGEST = (
    "doors/test_same_state",
    "matrix/test_corners",
    "browser/test_record_pages",
    "browser/test_pages",
    "faults/test_hostile_server",
    "faults/test_kills",
    "browser/test_outbox",
    "properties/test_nothing_stuck",
    "browser/test_tasks",
    "mailer/test_redirect_all",
    "schema/test_rest_contract",
    "browser/test_imports",
    "web/test_shared_state",
    "secrets/test_planted_secret",
    "browser/test_quick_start",
    "browser/test_letters",
    "browser/test_billing_runs",
    "faults/test_run_killed",
    "browser/test_tickets",
    "process/test_run",
    "browser/test_usage_reports",
    "browser/test_why",
    "faults/test_many_workers",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of the longest files first, in the order of these files."""
    turns = {str(Path(__file__).parent / f"{name}.py"): turn for turn, name in enumerate(LONGEST)}
    items.sort(key=lambda item: turns.get(str(item.path), len(turns)))


def settings_for(folder: Path, database_url: str | None = None, **environment: str) -> Settings:
    """Return settings of an instance in `folder`, with nothing of this machine's environment."""
    given = {"COUNTERPART_INSTANCE": str(folder), "COUNTERPART_SECRET_KEY": "k" * 40, **environment}
    if database_url:
        given["COUNTERPART_DATABASE_URL"] = database_url
    return Settings.from_environment(given)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a SQLite database that the migrations built, with the users; tests work on copies of it."""
    folder = tmp_path_factory.mktemp("template")
    app = create_app(settings_for(folder))
    with app.app_context():
        upgrade()
        add_users(app)
        db.session.remove()
        db.engine.dispose()
    return folder / "counterpart.sqlite"


def add_users(app: Flask) -> None:
    """Make a user for each role, and two of a dealer."""
    manager = app.appbuilder.sm
    for name, (role, dealer_code) in USERS.items():
        user = manager.add_user(name, name, "User", f"{name}@staff.example", manager.find_role(role.value), PASSWORD)
        assert user
        user.dealer_code = dealer_code
        db.session.commit()


@pytest.fixture
def database_url(template: Path, tmp_path: Path) -> Iterator[str]:
    """Return the address of a database of the test's own."""
    if not POSTGRESQL:
        shutil.copy(template, tmp_path / "counterpart.sqlite")
        yield f"sqlite:///{tmp_path / 'counterpart.sqlite'}"
        return
    with postgresql_database() as url:
        app = create_app(settings_for(tmp_path, url))
        with app.app_context():
            upgrade()
            add_users(app)
            db.session.remove()
            db.engine.dispose()
        yield url


class postgresql_database:  # noqa: N801  used as a function
    """A PostgreSQL database for the time of a block."""

    def __init__(self, server: str = "") -> None:
        self.server = make_url(server or POSTGRESQL or "postgresql+psycopg://postgres@127.0.0.1/postgres")
        self.server = self.server.set(drivername="postgresql+psycopg")
        self.name = f"counterpart_{uuid.uuid4().hex[:12]}"

    def _run(self, statement: str) -> None:
        engine = create_engine(self.server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def __enter__(self) -> str:
        self._run(f"CREATE DATABASE {self.name}")
        return self.server.set(database=self.name).render_as_string(hide_password=False)

    def __exit__(self, *_: object) -> None:
        self._run(f"DROP DATABASE {self.name} WITH (FORCE)")


class OwnContextClient(FlaskClient):
    """A client whose requests share no application context with the test, nor with each other, as on a server."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        return contextvars.Context().run(super().open, *args, **kwargs)


class Reused:
    """One application for all tests of a process: making it costs a third of a second, most of it in routing.

    Each test gets it with a configuration and a database engine of its own; nothing else of it holds state.
    """

    made: Flask | None = None

    @classmethod
    def on(cls, folder: Path, database_url: str) -> Flask:
        """Return the application, set up as if it were made for this folder and this database."""
        settings = settings_for(folder, database_url)
        if cls.made is None:
            cls.made = create_app(settings)
            cls.made.test_client_class = OwnContextClient
            cls.defaults = dict(cls.made.config)
            cls.extensions = dict(cls.made.extensions)
        app = cls.made
        # What a test has left here, such as rates of mails, would hold for all tests after it.
        app.extensions.clear()
        app.extensions.update(cls.extensions)
        app.config.clear()
        app.config.update({**cls.defaults, **flask_config(settings), "FAB_ROLES": cls.defaults["FAB_ROLES"]})
        # Set when the extensions were set up, over what the settings say.
        app.config["BABEL_TRANSLATION_DIRECTORIES"] = cls.defaults["BABEL_TRANSLATION_DIRECTORIES"]
        # Forms need no CSRF token, and nobody is told to wait; tests of these turn them on.
        app.config["WTF_CSRF_ENABLED"] = False
        app.config["RATELIMIT_ENABLED"] = False
        app.appbuilder.sm.limiter.enabled = False
        mail.init_app(app)
        options = {**app.config["SQLALCHEMY_ENGINE_OPTIONS"], "url": make_url(app.config["SQLALCHEMY_DATABASE_URI"])}
        with app.app_context():
            db._apply_driver_defaults(options, app)
            engine = db._make_engine(None, options, app)
            db._app_engines[app] = {None: engine}
            configure_sqlite(engine)
        return app


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """Return an application on the test's own database, inside its context; forms need no CSRF token."""
    application = Reused.on(tmp_path, database_url)
    with application.app_context():
        yield application
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def session(app: Flask) -> Session:
    """Return the session of the application's context."""
    return db.session()


@pytest.fixture
def do(app: Flask) -> Callable[..., Any]:
    """Return a function that runs a verb in its own unit of work: `do(verb, actor, **arguments)`."""

    def run(verb: Callable[..., Any], actor: Actor, **arguments: Any) -> Any:
        with unit_of_work(db.session) as work:
            return verb(work, actor, **arguments)

    return run


def actor(name: str = "admin", door: Door = Door.SCREEN) -> Actor:
    """Return the actor of one of the users above."""
    role, dealer_code = USERS[name]
    return Actor(
        door=door,
        roles=frozenset({role.value}),
        user_id=list(USERS).index(name) + 1,
        username=name,
        dealer_code=dealer_code,
    )


@pytest.fixture
def login(app: Flask) -> Callable[[str], FlaskClient]:
    """Return a function that gives a browser in which a user is logged in."""

    def browser(name: str = "admin") -> FlaskClient:
        client = app.test_client()
        answer = client.post("/login/", data={"username": name, "password": PASSWORD})
        assert answer.status_code == 302, answer.text
        return client

    return browser


@pytest.fixture
def api(app: Flask) -> Callable[..., Callable[..., Any]]:
    """Return a function that gives a REST caller: `api("finance")("get", "/api/v1/customer/", json=…)`."""

    def program(name: str = "admin") -> Callable[..., Any]:
        client = app.test_client()
        answer = client.post("/api/v1/security/login", json={"username": name, "password": PASSWORD, "provider": "db"})
        assert answer.status_code == 200, answer.text
        headers = {"Authorization": f"Bearer {answer.json['access_token']}"}

        def call(method: str, path: str, **arguments: Any) -> Any:
            given = {**headers, **arguments.pop("headers", {})}
            return getattr(client, method)(path, headers=given, **arguments)

        return call

    return program


@pytest.fixture
def limited(app: Flask) -> Iterator[None]:
    """Turn the rate limits on, with nothing counted yet."""
    limiter = app.appbuilder.sm.limiter
    limiter.enabled = True
    limiter.reset()
    yield
    limiter.reset()
    limiter.enabled = False


@pytest.fixture
def logged(capfd: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """Return a function that gives what was logged since it was last asked, a JSON object a line."""
    set_up_logs("json")
    capfd.readouterr()
    yield lambda: capfd.readouterr().err
    set_up_logs(None)


# The probe: whatever is flushed to a record leaves an audit entry in the same transaction.


@pytest.fixture(autouse=True)
def audit_probe() -> Iterator[None]:
    """Fail a test whose commit wrote a record without an audit entry."""
    breaches: list[str] = []

    def on_flush(db_session: Session, _context: object, _instances: object) -> None:
        marks = db_session.info.setdefault("audit_marks", {"written": set(), "entries": 0})
        for one in [*db_session.new, *db_session.dirty, *db_session.deleted]:
            if isinstance(one, AuditEntry):
                marks["entries"] += 1
            elif isinstance(one, Record) and (db_session.is_modified(one) or one in db_session.deleted):
                marks["written"].add(type(one).__name__)

    def on_commit(db_session: Session) -> None:
        if db_session.in_nested_transaction():
            # A savepoint is no commit: the entry may follow it.
            return
        marks = db_session.info.pop("audit_marks", None)
        if marks and marks["written"] and not marks["entries"]:
            breaches.append(", ".join(sorted(marks["written"])))

    def on_rollback(db_session: Session) -> None:
        if not db_session.in_nested_transaction():
            db_session.info.pop("audit_marks", None)

    event.listen(Session, "before_flush", on_flush)
    event.listen(Session, "after_commit", on_commit)
    event.listen(Session, "after_rollback", on_rollback)
    yield
    event.remove(Session, "before_flush", on_flush)
    event.remove(Session, "after_commit", on_commit)
    event.remove(Session, "after_rollback", on_rollback)
    assert not breaches, f"written without an audit entry: {breaches}"
