"""The extensions, made here and configured in `create_app`."""

from __future__ import annotations

from celery import Celery
from flask_appbuilder import Model
from flask_appbuilder.models.sqla.base import SQLA
from flask_mail import Mail
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

db = SQLA(metadata=Model.metadata)
mail = Mail()
migrate = Migrate(compare_type=True, render_as_batch=True)
csrf = CSRFProtect()
# Configured where the settings name a broker, by app/mailer/engines/broker.py.
celery = Celery("counterpart", set_as_current=False)
