"""Templates of letters by class, and what that of marketing letters can't be without."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.access.table import LETTER_CLASSES
from app.core.errors import Invalid
from app.extensions import db
from app.mailer.planning.plan_model import DocumentKind
from app.mailer.wording.checks import template_errors
from app.mailer.wording.models import MailTemplate
from app.mailer.wording.placeholders import UNSUBSCRIBE_URL, names_of
from app.mailer.wording.service import update_template
from app.mailer.wording.shipped import LANGUAGES, Template, shipped
from app.mailer.wording.template_kinds import TemplateKind
from tests.core import making

MARKETING = TemplateKind.CORRESPONDENCE_MARKETING
OWN = shipped(MARKETING, "en")
LINK = '<a href="{{ unsubscribe_url }}">Unsubscribe</a>'


def page(*parts):
    return f"<html><body>{''.join(parts)}<p>{{{{ why }}}}</p></body></html>"


def linked(*, where="{}", link=LINK):
    """Return a page whose link stands where it is said, while there is one."""
    return page("{% if unsubscribe_url %}", where.format(f"<p>{link}</p>"), "{% endif %}")


def test_there_is_one_for_each_class_of_letters():
    of_letters = {one for one in TemplateKind if one.document_kind is DocumentKind.CORRESPONDENCE}
    assert {one.document_class for one in of_letters} == set(LETTER_CLASSES)
    assert {TemplateKind.of_letters(one) for one in LETTER_CLASSES} == of_letters
    assert {one.document_class for one in set(TemplateKind) - of_letters} == {""}
    with pytest.raises(ValueError, match="gossip"):
        TemplateKind.of_letters("gossip")


def test_each_class_is_shipped_with_words_of_its_own():
    for language in LANGUAGES:
        texts = {shipped(TemplateKind.of_letters(one), language) for one in LETTER_CLASSES}
        assert len({one.text for one in texts}) == len({one.html for one in texts}) == len(LETTER_CLASSES)


def test_only_marketing_letters_have_the_link():
    assert {kind for kind in TemplateKind if UNSUBSCRIBE_URL in names_of(kind)} == {MARKETING}


@pytest.mark.parametrize(
    "html",
    [
        linked(),
        linked(link="{{ unsubscribe_url }}"),
        linked(link='<a href="{{ unsubscribe_url }}"><b>Unsubscribe</b></a>'),
        page("{% if unsubscribe_url %}<p>", LINK, "</p>{% else %}<p>Write to us.</p>{% endif %}"),
    ],
)
def test_a_link_that_is_seen_will_do(html):
    assert template_errors(MARKETING, OWN._replace(html=html)) == {}


@pytest.mark.parametrize(
    "html",
    [
        page(),
        page("<!-- an unsubscribe_url -->"),
        linked(where='<div style="display: none">{}</div>'),
        linked(where="{{% if issuer_website %}}{}{{% endif %}}"),
        linked(where='{{% if type == "News" %}}{}{{% endif %}}'),
        linked(link='<a href="{{ unsubscribe_url }}"></a>'),
        linked(link='<a href="{{ unsubscribe_url }}"> </a>Unsubscribe'),
        linked(link='<a href="{{ unsubscribe_url|upper }}">Unsubscribe</a>'),
        linked(link='<span title="{{ unsubscribe_url }}">Unsubscribe</span>'),
        linked(link='<a href="https://elsewhere.example">Unsubscribe</a>'),
    ],
)
def test_a_page_that_does_not_always_show_it_is_refused_at_its_field(html):
    ((name, (what,)),) = template_errors(MARKETING, OWN._replace(html=html)).items()
    assert name == "html"
    assert str(what).startswith("Put {{ unsubscribe_url }} into this body")


@pytest.mark.parametrize(
    "text",
    [
        "{{ why }}",
        "{{ why }} unsubscribe_url",
        "{{ why }}{# {{ unsubscribe_url }} #}",
        "{{ why }}{% if body %}{{ unsubscribe_url }}{% endif %}",
        "{{ why }}{{ unsubscribe_url|upper }}",
    ],
)
def test_so_is_a_text(text):
    ((name, (what,)),) = template_errors(MARKETING, OWN._replace(text=text)).items()
    assert name == "text"
    assert str(what).startswith("Put {{ unsubscribe_url }} into this body")


@pytest.mark.parametrize("kind", sorted(set(TemplateKind) - {MARKETING}))
def test_other_kinds_do_not_know_it(kind):
    own = shipped(kind, "en")
    errors = template_errors(kind, own._replace(text=f"{own.text}\n{{{{ unsubscribe_url }}}}"))
    assert "There is no placeholder unsubscribe_url." in str(errors["text"][0])


@pytest.fixture
def number(app):
    """Return the id of the template of marketing letters in English."""
    chosen = select(MailTemplate.id).where(MailTemplate.kind == MARKETING, MailTemplate.language == "en")
    return db.session.scalars(chosen).one()


def test_one_without_it_is_not_saved_by_any_door(number, login, api):
    without = Template("News", "Hello\n{{ why }}", page("<p>Hello</p>"))
    with pytest.raises(Invalid) as refused:
        making.run(update_template, template_id=number, values=without._asdict())
    assert sorted(refused.value.errors) == ["html", "text"]
    answer = api()("put", f"/api/v1/mail_template/{number}", json={"version": 1, **without._asdict()})
    assert (answer.status_code, sorted(answer.json["errors"])) == (422, ["html", "text"])
    typed = {"version": "1", **without._asdict()}
    answer = login().post(f"/mail-templates/edit/{number}", data=typed)
    assert answer.status_code == 422
    assert all(f'id="{name}-error"' in answer.text for name in ("text", "html"))
    db.session.rollback()
    assert db.session.get_one(MailTemplate, number).version == 1


def test_one_with_it_is_saved_and_the_form_names_it(number, login):
    assert "{{ unsubscribe_url }}" in login().get(f"/mail-templates/edit/{number}").text
    making.run(update_template, template_id=number, values={"text": "{{ why }}\n{{ unsubscribe_url }}"})
    assert db.session.get_one(MailTemplate, number).edited == ["text"]
    assert "Letter mail (marketing), English" in login().get("/mail-templates/list/").text
