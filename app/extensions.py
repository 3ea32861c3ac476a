"""The extensions, made here and configured in `create_app`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask_mail
from celery import Celery
from flask import current_app
from flask_appbuilder import Model
from flask_appbuilder.models.sqla.base import SQLA
from flask_migrate import Migrate
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import MetaData

# Constraints get names of one pattern, so that migrations can name them on every database.
Model.metadata.naming_convention = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
).naming_convention


class Mail(flask_mail.Mail):
    """Flask-Mail, each connection of which is the mailer's own: what holds for one way of sending holds for all.

    Timeouts, checked certificates, and the one address that every mail goes to on a test system. `opens` is set by the
    wiring.
    """

    opens: Callable[[Any], flask_mail.Connection]

    def init_app(self, app: Any) -> Any:  # noqa: ANN401  Flask-Mail's state has no public type
        """Set up an application; what it keeps there sends by the same connections."""
        state = super().init_app(app)
        state.connect = self.connect  # type: ignore[method-assign]
        return state

    def connect(self) -> flask_mail.Connection:
        """Return a connection to the mail server of this application."""
        return self.opens(current_app)


db = SQLA(metadata=Model.metadata)
mail = Mail()
migrate = Migrate(compare_type=True, render_as_batch=True)
csrf = CSRFProtect()
# Configured where the settings name a broker, by app/mailer/engines/broker.py.
celery = Celery("counterpart", set_as_current=False)
