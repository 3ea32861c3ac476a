"""What a feature hands the mailer: for each kind of document, how it is rendered and what its mail says."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.words import Words
from app.mailer.models import Message
from app.mailer.planning.plan_model import Document, DocumentKind
from app.mailer.wording.template_kinds import TemplateKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A document in one format and language."""

    filename: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a copy's mail says. `sender_address` is used where no sender is configured; `headers` are further fields."""

    sender_name: str
    sender_address: str
    subject: str
    text: str
    html: str
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFacts:
    """What a document gives its mail: the sender, and the values of its kind's placeholders, in the mail's language.

    `template` names the kind of template, where it is not the one that is called as the kind of document.
    """

    sender_name: str
    sender_address: str
    values: Mapping[str, str]
    template: TemplateKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A file that goes along with each copy of a document, stored by its hash already."""

    filename: str
    content_type: str
    digest: str


class DocumentSource(Protocol):
    """A kind of document, as the mailer sees it; it knows no more of invoices, letters and tickets."""

    kind: DocumentKind
    # What people call such a document in the middle of a sentence.
    noun: Words

    def documents(self, session: Session, ids: Collection[int]) -> Mapping[int, Document]:
        """Return documents by their ids, as a plan asks for them, deleted ones among them; in one statement."""

    def pages(self, session: Session, actor: Actor, ids: Collection[int]) -> Mapping[int, str]:
        """Return the addresses of the pages of those documents in the actor's sight, by id; of deleted ones none."""

    def formats(self) -> frozenset[str]:
        """Return the formats that can be made; what is no bill has none."""

    def usage_reports(self) -> frozenset[int]:
        """Return the ids of the usage report profiles whose reports can be made."""

    def is_final(self, session: Session, document_id: int) -> bool:
        """Tell whether a document's content can't change any more, whatever becomes of its status."""

    def render(self, session: Session, *, document_id: int, format_: str, language: str) -> Rendered | None:
        """Make the document; asked for once for each format and language.

        What is no bill has no formats: `format_` is empty. None where the words of the mail are all that there is.
        """

    def render_usage_report(self, session: Session, *, document_id: int, profile_id: int, language: str) -> Rendered:
        """Make a usage report that goes along with the document; asked for those of `usage_reports` alone."""

    def letter(self, session: Session, *, message: Message) -> Letter:
        """Write the mail that carries a copy: by `app.mailer.wording.letters`, which knows the templates."""

    def facts(self, session: Session, *, document_id: int, language: str) -> LetterFacts:
        """Return what a document gives its mail in one of the languages that mails are written in."""

    def latest(
        self, session: Session, actor: Actor, *, template: TemplateKind, limit: int
    ) -> Iterable[tuple[int, str]]:
        """Return ids and names of the latest documents in sight that are sent by a kind of template, for a preview."""


Attachments = Callable[[Session, int], Iterable[Attached]]

# What people call one document, where it is not its kind's noun.
OwnNoun = Callable[[Session, int], Words | None]

_sources: dict[str, DocumentSource] = {}
_attachments: dict[str, Attachments] = {}
_own_nouns: dict[str, OwnNoun] = {}


def register_source(source: DocumentSource) -> None:
    """Let documents of a kind be sent."""
    _sources[source.kind.value] = source


def register_attachments(kind: DocumentKind, attachments: Attachments) -> None:
    """Let files go along with documents of a kind; they are asked for by the document's id."""
    _attachments[kind.value] = attachments


def attached_to(session: Session, *, kind: str, document_id: int) -> list[Attached]:
    """Return the files that go along with a document, in their order."""
    return list(_attachments[kind](session, document_id)) if kind in _attachments else []


def register_own_noun(kind: DocumentKind, own_noun: OwnNoun) -> None:
    """Let some documents of a kind have a noun of their own."""
    _own_nouns[kind.value] = own_noun


def noun_of(session: Session, *, kind: str, document_id: int) -> Words:
    """Return what people call a document in the middle of a sentence."""
    own = _own_nouns[kind](session, document_id) if kind in _own_nouns else None
    return own or source_of(kind).noun


def takes_files(kind: str) -> bool:
    """Tell whether files go along with documents of a kind: its own, or those of a sending."""
    return kind in _attachments


def source_of(kind: str) -> DocumentSource:
    """Return the source of a kind of document."""
    return _sources[kind]


def pages_of(session: Session, actor: Actor, documents: Iterable[tuple[str, int]]) -> dict[tuple[str, int], str | None]:
    """Return the address of each document's page by kind and id, None where the actor has none; a statement a kind."""
    ids: dict[str, set[int]] = {}
    for kind, number in documents:
        ids.setdefault(kind, set()).add(number)
    found: dict[tuple[str, int], str | None] = {}
    for kind, numbers in ids.items():
        pages = source_of(kind).pages(session, actor, numbers)
        found |= {(kind, number): pages.get(number) for number in numbers}
    return found


def kinds() -> list[str]:
    """Return the kinds of documents that can be sent."""
    return list(_sources)
