"""Files that hang on a row of a feature: their bytes are contents, kept once by their hash, however many name them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, Session, declared_attr, mapped_column, relationship

from app.mailer.attaching import MAX_NAME, GoodFile
from app.mailer.delivery.contents import store
from app.mailer.documents import Attached
from app.mailer.models import Content

File = TypeVar("File", bound="KeptFile")


class KeptFile:
    """What each such file has; `position` counts the files of one row from 1."""

    id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(nullable=False)
    filename: Mapped[str] = mapped_column(String(MAX_NAME), nullable=False)
    digest: Mapped[str] = mapped_column(ForeignKey("content.digest"), nullable=False, index=True)

    @declared_attr
    def content(cls) -> Mapped[Content]:  # noqa: N805  SQLAlchemy gives the class
        """Say where the bytes are."""
        return relationship(Content)


def keep(
    session: Session, kind: type[File], files: Sequence[GoodFile], *, beside: Sequence[KeptFile] = ()
) -> list[File]:
    """Keep the bytes of files, and return a row for each, to be hung where it belongs, after those `beside` it."""
    first = max((one.position for one in beside), default=0) + 1
    kept = []
    for place, one in enumerate(files, start=first):
        row = kind()
        row.position, row.filename = place, one.filename
        row.digest = store(session, one.data, one.content_type)
        kept.append(row)
    return kept


def as_attached(files: Iterable[KeptFile]) -> list[Attached]:
    """Return files as the mailer has them go along."""
    return [Attached(filename=one.filename, content_type=one.content.content_type, digest=one.digest) for one in files]
