"""Counterpart: the people behind each customer account, and their own copy of what the company sends."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from config import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """Return the application: extensions, features and errors.

    Without `settings`, they are read from the environment. Raises ConfigurationError.
    """
    from flask import Flask

    from app import cli, wiring
    from app.core.log_lines import set_up_logs
    from app.core.postgresql import configure_postgresql
    from app.core.unit_of_work import configure_sqlite
    from app.extensions import csrf, db, mail, migrate
    from app.mailer.engines import broker
    from app.web import assets, errors, languages, lean, request_log, security_headers, words
    from app.web.sessions import DatabaseSessions
    from config import Settings, flask_config

    settings = settings or Settings.from_environment(os.environ)
    set_up_logs(settings.log_format)
    app = Flask(__name__, template_folder="web/templates", static_folder=None)
    app.config.from_mapping(flask_config(settings))
    app.config["FAB_ROLES"] = wiring.roles()
    if settings.proxies:
        _believe_proxies(app, count=settings.proxies)
    request_log.init_app(app)
    words.init_app(app)
    lean.register(app)
    db.init_app(app)
    csrf.init_app(app)
    mail.init_app(app)
    migrate.init_app(app, db, directory=str(wiring.MIGRATIONS))
    app.session_interface = DatabaseSessions()
    app.register_blueprint(assets.blueprint)
    security_headers.init_app(app)
    with app.app_context():
        configure_sqlite(db.engine)
        configure_postgresql(db.engine)
        wiring.register_features(app)
    broker.init_app(app)
    languages.init_app(app)
    errors.init_app(app)
    cli.init_app(app)
    return app


def _believe_proxies(app: Flask, *, count: int) -> None:
    """Take the caller's address, scheme and host from so many proxies in front."""
    from werkzeug.middleware.proxy_fix import ProxyFix

    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
