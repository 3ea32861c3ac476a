"""A letter and a ticket update as the mailer meets them: documents with bytes and words of their own."""

# ruff: noqa: ARG002  the parameters are the protocol's

from __future__ import annotations

from app.core.words import say
from app.mailer.documents import Letter, LetterFacts, Rendered
from app.mailer.planning.plan_model import Document, DocumentKind


class Source:
    """What the mailer asks of a kind of document that has no bill formats; the documents are held here."""

    def __init__(self, kind, noun, *, attaches):
        self.kind = kind
        self.noun = say(noun)
        self.attaches = attaches
        self.rendered = []
        self.held = {}

    def hold(self, **fields):
        document = Document(kind=self.kind, version=1, **fields)
        self.held[document.id] = document
        return document

    def documents(self, session, ids):
        return {number: self.held[number] for number in ids}

    def pages(self, session, actor, ids):
        return {number: f"/{self.kind}/{number}" for number in ids}

    def formats(self):
        return frozenset()

    def usage_reports(self):
        return frozenset()

    def is_final(self, session, document_id):
        return True

    def render(self, session, *, document_id, format_, language):
        self.rendered.append((document_id, format_, language))
        if not self.attaches:
            return None
        return Rendered(filename="letter.pdf", content_type="application/pdf", data=f"%PDF {language}".encode())

    def render_usage_report(self, session, *, document_id, profile_id, language):
        raise AssertionError

    def letter(self, session, *, message):
        number = self.held[message.document_id].number
        return Letter(
            sender_name="Issuer",
            sender_address="sender@issuer.example",
            subject=f"{self.noun} {number}",
            text=f"Words of {number}",
            html=f"<p>Words of {number}</p>",
        )

    def facts(self, session, *, document_id, language):
        return LetterFacts(sender_name="Issuer", sender_address="sender@issuer.example", values={})

    def latest(self, session, actor, *, template, limit):
        return []


def letters():
    return Source(DocumentKind.CORRESPONDENCE, "letter", attaches=True)


def updates():
    return Source(DocumentKind.TICKET_UPDATE, "ticket update", attaches=False)
