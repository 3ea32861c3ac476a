"""The mail templates: a row for each kind of document and language, which holds what an administrator has changed."""

from __future__ import annotations

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.records import Record
from app.core.words import say
from app.mailer.wording.names import KIND_NAMES, LANGUAGE_NAMES
from app.mailer.wording.shipped import Template, shipped
from app.mailer.wording.template_kinds import TemplateKind


class MailTemplate(Record):
    """The template of one kind of document in one language. What is null is as the program ships it."""

    __tablename__ = "mail_template"
    __table_args__ = (UniqueConstraint("kind", "language"),)

    kind: Mapped[str] = mapped_column(String(40), nullable=False)
    language: Mapped[str] = mapped_column(String(2), nullable=False)
    subject: Mapped[str | None] = mapped_column(String(200))
    text: Mapped[str | None] = mapped_column(Text)
    html: Mapped[str | None] = mapped_column(Text)

    @property
    def shipped(self) -> Template:
        """Return the template that comes with the program."""
        return shipped(TemplateKind(self.kind), self.language)

    @property
    def wording(self) -> Template:
        """Return the template that mails are made by."""
        return self.shipped.changed(self.subject, self.text, self.html)

    @property
    def edited(self) -> list[str]:
        """Return the names of what differs from the shipped template."""
        return [name for name in Template._fields if getattr(self, name) not in (None, getattr(self.shipped, name))]

    @property
    def label(self) -> str:
        """Return how staff name the template: what it is for, and in which language."""
        return say(
            "{kind}, {language}", kind=KIND_NAMES[TemplateKind(self.kind)], language=LANGUAGE_NAMES[self.language]
        )

    def __repr__(self) -> str:
        return self.label
