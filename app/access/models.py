"""Who logs in: Flask-AppBuilder's user with a dealer code, and the sessions that the server keeps."""

from __future__ import annotations

from datetime import datetime

from flask_appbuilder.security.sqla.models import User as AppBuilderUser
from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.records import UtcDateTime
from app.extensions import Model


class StaffUser(AppBuilderUser):
    """A member of staff, or a program. With a dealer code, only that dealer's customers are in sight.

    `language` (ISO 639-1) is what they chose for their screens; null leaves it to the browser and the settings. Tokens
    that a program was given before `tokens_count_from`, when the password was last changed, open nothing.
    """

    __tablename__ = "ab_user"
    __table_args__ = {"extend_existing": True}

    dealer_code: Mapped[str | None] = mapped_column(String(40))
    language: Mapped[str | None] = mapped_column(String(2))
    tokens_count_from: Mapped[datetime | None] = mapped_column(UtcDateTime)


class WebSession(Model):
    """A browser session: known by the SHA-256 of the cookie's token, so that the table opens no door."""

    __tablename__ = "web_session"

    token_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"), index=True)
    data: Mapped[bytes] = mapped_column(LargeBinary, nullable=False)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False, index=True)
