"""Templates of letters by class: what was saved for all letters is kept for each, and can go on being saved."""

from __future__ import annotations

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from app.access.table import LETTER_CLASSES
from app.extensions import db
from app.mailer.wording.checks import template_errors
from app.mailer.wording.models import MailTemplate
from app.mailer.wording.shipped import LANGUAGES, shipped
from app.mailer.wording.template_kinds import TemplateKind
from tests.migrations.test_migrations import empty, rows  # noqa: F401  a fixture

MARKETING = TemplateKind.CORRESPONDENCE_MARKETING
PAGE = "<html><body><h1>{{ subject }}</h1>\n<p>{{ why }}</p></BODY></html>"
FRAGMENT = "<h1>{{ subject }}</h1><p>{{ why }}</p>"
TEXT = "{{ body|markdown }}\n{{ why }}"


SAVED = text(
    "UPDATE mail_template SET subject = :subject, text = :text, html = :html, version = 5"
    " WHERE kind = 'correspondence' AND language = 'de'"
)
AGAIN = text(
    "INSERT INTO mail_template (kind, language, created_at, last_modified_at, version)"
    " SELECT kind, language, created_at, last_modified_at, version FROM mail_template WHERE language = 'de'"
)


def before(**parts):
    """Bring the database to the release before, with words saved for all letters in German; return the row's id."""
    upgrade(revision="0028")
    with db.engine.begin() as connection:
        connection.execute(SAVED, {"subject": None, "text": None, "html": None, **parts})
    ((number,),) = rows("SELECT id FROM mail_template WHERE kind = 'correspondence' AND language = 'de'")
    return number


def templates():
    db.session.rollback()
    return {(one.kind, one.language): one for one in db.session.scalars(select(MailTemplate))}


def test_what_is_as_shipped_follows_the_program(empty):  # noqa: F811  the fixture
    upgrade(revision="0028")
    upgrade()
    found = templates()
    assert set(found) == {(kind.value, language) for kind in TemplateKind for language in LANGUAGES}
    for (kind, language), one in found.items():
        assert (one.edited, one.wording) == ([], shipped(TemplateKind(kind), language))


@pytest.mark.parametrize("html", [PAGE, FRAGMENT], ids=["page", "fragment"])
def test_saved_words_are_kept_for_each_class_and_pass_the_checks(empty, html):  # noqa: F811  the fixture
    number = before(subject="Brief {{ number }}", text=TEXT, html=html)
    upgrade()
    found = templates()
    for name in LETTER_CLASSES:
        kind = TemplateKind.of_letters(name)
        one = found[kind.value, "de"]
        assert one.subject == "Brief {{ number }}"
        assert template_errors(kind, one.wording) == {}
        if kind is not MARKETING:
            assert (one.text, one.html) == (TEXT, html)
        assert found[kind.value, "en"].edited == []
    marketing = found[MARKETING.value, "de"]
    assert marketing.text.startswith(TEXT)
    assert "Hier abbestellen: {{ unsubscribe_url }}" in marketing.text
    assert marketing.html.endswith("</BODY></html>") == (html == PAGE)
    # The row of all letters goes on as the one of a class, with its history.
    assert [(one.kind, one.version) for one in found.values() if one.id == number] == [
        ("correspondence_customer_services", 5)
    ]


def test_a_part_that_was_not_changed_goes_on_following_the_program(empty):  # noqa: F811  the fixture
    before(subject="Brief {{ number }}")
    upgrade()
    for name in LETTER_CLASSES:
        kind = TemplateKind.of_letters(name)
        one = templates()[kind.value, "de"]
        assert (one.edited, one.text, one.html) == (["subject"], None, None)
        assert template_errors(kind, one.wording) == {}


def test_the_way_back_keeps_one_of_all_letters(empty):  # noqa: F811  the fixture
    before(text=TEXT)
    upgrade()
    db.session.remove()
    downgrade(revision="0028")
    statement = "SELECT kind, language, text, version FROM mail_template WHERE kind LIKE 'correspondence%' ORDER BY 2"
    assert rows(statement) == [("correspondence", "de", TEXT, 5), ("correspondence", "en", None, 1)]
    upgrade()
    assert templates()[MARKETING.value, "de"].text.startswith(TEXT)


def test_two_of_one_kind_and_language_are_refused_as_before(empty):  # noqa: F811  the fixture
    upgrade()
    with pytest.raises(IntegrityError), db.engine.begin() as connection:
        connection.execute(AGAIN)
