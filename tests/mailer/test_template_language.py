"""The language of mail templates: what gets through, and that nobody gets out."""

from __future__ import annotations

import re
import time

import pytest
from jinja2.exceptions import SecurityError, UndefinedError

from app.mailer.wording import inlining, markup, sandbox
from app.mailer.wording.checks import template_errors
from app.mailer.wording.compiled import MAX_SUBJECT, compiled, one_line
from app.mailer.wording.placeholders import PLACEHOLDERS, Shape, names_of
from app.mailer.wording.samples import Sample, sample
from app.mailer.wording.shipped import LANGUAGES, shipped
from app.mailer.wording.template_kinds import TemplateKind
from app.web.languages import LOCALES

INVOICE = TemplateKind.INVOICE
OWN = shipped(INVOICE, "en")

ESCAPES = (
    "{{ ''.__class__ }}",
    "{{ number.__class__.__mro__ }}",
    "{{ number['__class__'] }}",
    "{{ number|attr('__class__') }}",
    "{{ number.format(x=1) }}",
    "{{ self.__init__ }}",
    "{{ lipsum() }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ config }}",
    "{{ range(10 ** 9) }}",
    "{% for x in range(999999999) %}x{% endfor %}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ 'a' * 10 ** 9 }}",
    "{{ 'a'|center(1000000000) }}",
    "{{ number|map('upper')|list }}",
    "{{ number|safe }}",
    "{% include '/etc/passwd' %}",
    "{% import 'x' as y %}",
    "{% extends 'x' %}",
    "{% set x = 1 %}",
    "{% macro f() %}{% endmacro %}",
    "{% call f() %}{% endcall %}",
    "{% filter upper %}x{% endfilter %}",
    "{% autoescape false %}{{ number }}{% endautoescape %}",
    "{% block x %}{% endblock %}",
    "{% raw %}{{ x }}{% endraw %}",
    "{{ [number] }}",
    "{{ {'a': number} }}",
    "{{ number[0:1] }}",
    "{{ number + number }}",
    "{{ number % 'x' }}",
    "{{ number is defined }}",
    "{{ number < 'x' }}",
    "{{ '\\x7b\\x7b' }}",
    "{{ '}} {%' }}<script>alert(1)</script>{{ '%}' }}",
    "{{ " + "(" * 30_000 + "number" + ")" * 30_000 + " }}",
    "{{ " + "not " * 5_000 + "number }}",
    "{{ " + "1" * 6_000 + " }}",
    "{% if number %}" * 200 + "{% endif %}" * 200,
    "{{ number }}" * 1_000,
)


@pytest.mark.parametrize("source", ESCAPES, ids=lambda text: text[:40])
def test_what_leads_out_or_takes_long_is_refused_at_its_field(source):
    begun = time.monotonic()
    assert list(template_errors(INVOICE, OWN._replace(text=f"{OWN.text}\n{source}"))) == ["text"]
    assert list(template_errors(INVOICE, OWN._replace(html=OWN.html.replace("</h1>", f"{source}</h1>")))) == ["html"]
    assert list(template_errors(INVOICE, OWN._replace(subject=f"{source}"))) == ["subject"]
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize("source", ["{{ number.upper }}", "{{ number.__class__ }}", "{{ number.upper() }}"])
def test_what_got_past_the_list_would_still_meet_the_sandbox(source):
    """The tree is refused before; were it not, Jinja's sandbox gives no attribute and makes no call."""
    with pytest.raises((SecurityError, UndefinedError)):
        sandbox.environment(html=False).from_string(source).render(number="1")


def test_the_sandbox_knows_no_globals_no_tests_and_no_files():
    for html in (True, False):
        made = sandbox.environment(html=html)
        assert (made.globals, made.tests, made.loader, made.extensions) == ({}, {}, None, {})
        assert sorted(made.filters) == sorted(sandbox.FILTERS)
        assert made.autoescape is html


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("{{ nubmer }}", "There is no placeholder nubmer. Did you mean number?"),
        ("{{ invoice_dat }}", "Did you mean invoice_date?"),
        ("{{ qqqq }}", "There is no placeholder qqqq. Those that there are stand below the form."),
        ("{{ due date }}", "A placeholder is one word, and ends with two braces."),
        ("{{ number", "A placeholder is not closed."),
        ("{{ number }", "closed by two braces"),
        ("{{ }}", "A placeholder is missing"),
        ("{% if number %}", "An {% if %} is not closed."),
        ("{% else %}", "The only tags are if, elif, else and endif"),
        ("{% if number == %}x{% endif %}", "Something is missing before the end of this tag."),
        ("{{ number|shout }}", "There is no filter shout. There are: capitalize"),
        ("{{ number|upper('x') }}", "The filter upper is not used in this way."),
        ("{{ number == 5 }}", "Put texts in quotes"),
    ],
)
def test_a_mistake_is_told_in_plain_words_with_its_line(source, told):
    (text,) = template_errors(INVOICE, OWN._replace(text=f"{{{{ why }}}}\nTwo\n{source}"))["text"]
    assert text.startswith("Line 3: ")
    assert told in text


def test_all_parts_tell_their_mistakes_at_once():
    wrong = OWN._replace(subject="{{ a_x }}", text="{{ b_x }}\n{{ c_x }}", html="<p>{{ d_x }}")
    errors = template_errors(INVOICE, wrong)
    assert {name: len(texts) for name, texts in errors.items()} == {"subject": 1, "text": 2, "html": 1}
    # A subject has one line, which needs no number.
    assert errors["subject"][0].startswith("There is no placeholder a_x.")


@pytest.mark.parametrize(
    "markup_",
    [
        "<script>x</script>",
        "<img src='https://x.example/pixel'>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href=' java\nscript:x'>x</a>",
        "<a href='//x.example'>x</a>",
        "<a href='{{ customer }}'>x</a>",
        "<a href='{{ issuer_website }}'>leads nowhere without one</a>",
        "<p onclick='x'>a</p>",
        "<form></form>",
        "<iframe></iframe>",
        "<svg></svg>",
        "<link rel=stylesheet href='https://x.example/a.css'>",
        "<base href='https://x.example'>",
        "<meta http-equiv='refresh' content='0'>",
        "<p style='background: url(https://x.example)'>a</p>",
        "<p style='background: u\\72l(x)'>a</p>",
        "<style>@import 'x';</style>",
        "<style>p { color: {{ number }} }</style>",
        "<p style='color: {{ number }}'>x</p>",
        "<p class='{{ number }}'>x</p>",
        "<p {% if number %}class='x'{% endif %}>x</p>",
        "<{{ number }}>x",
        "<!-- {{ '--' }} {{ number }} -->",
        "<!--[if mso]>x<![endif]-->",
        "<![CDATA[x]]>",
        "<?php x ?>",
        "<p>not closed",
        "</p>",
        "<b><i>crossed</b></i>",
        "<p",
        "<!--",
        "<span/>",
        "{% if due_date %}<p>{% endif %}x</p>",
        "{% if number %}<p>{% else %}<p class='x'>{% endif %}x</p>",
    ],
)
def test_html_that_runs_loads_or_is_broken_is_refused(markup_):
    html = OWN.html.replace("</h1>", f"</h1>{markup_}")
    assert list(template_errors(INVOICE, OWN._replace(html=html))) == ["html"]


@pytest.mark.parametrize(
    "markup_",
    [
        "<a href='https://www.example.com/{{ number }}'>x</a>",
        "{% if issuer_email %}<a href='mailto:{{ issuer_email }}'>x</a>{% endif %}",
        "{% if issuer_website %}<a href='{{ issuer_website }}'>x</a>{% endif %}",
        "<p title='{{ customer }}'>x</p>",
        "<p title={{ customer }}>x</p>",
        "<table>{% if order_number %}<tr><td>{{ order_number }}</td></tr>{% endif %}</table>",
        "<!-- a note -->{# and another #}",
        "{{ order_number|default('none')|upper }} {{ 'a' ~ number if due_date else '' }}",
        "{% if bank_name == 'X' and not order_number or due_date != '' %}y{% elif tax %}z{% else %}w{% endif %}",
    ],
)
def test_what_mails_need_gets_through_and_stays_harmless(markup_):
    html = OWN.html.replace("</h1>", f"</h1>{markup_}")
    template = OWN._replace(html=html)
    assert template_errors(INVOICE, template) == {}
    shown = compiled(template).filled(sample(INVOICE, Sample.MARKUP)).html
    assert "<script>alert" not in shown
    assert markup.rendered_flaws(shown) == []


@pytest.mark.parametrize("kind", TemplateKind)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_shipped_would_be_accepted(kind, language):
    template = shipped(kind, language)
    assert template_errors(kind, template) == {}
    for which in Sample:
        values = sample(kind, which)
        made = compiled(template).filled(values)
        assert f'<html lang="{language}"' in made.html
        assert 0 < len(made.subject) <= MAX_SUBJECT
        assert values["number"] in made.text
        assert "\n\n\n" not in made.text
    assert "{" not in compiled(template).filled(sample(kind, Sample.ORDINARY)).html.split("</style>")[1]


@pytest.mark.parametrize("kind", TemplateKind)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_has_several_lines_has_them_in_html_too(kind, language):
    lines = {one.name: "first\nsecond" for one in PLACEHOLDERS[kind] if one.shape is Shape.LINES}
    made = compiled(shipped(kind, language)).filled(sample(kind, Sample.ORDINARY) | lines)
    # A letter's text is Markdown, whose line breaks leave a line of their own in the source.
    assert re.sub(r"<br ?/?>\s*", "<br>", made.html).count("first<br>second") == len(lines)


def test_there_is_a_template_in_each_language_of_the_screens():
    assert set(LANGUAGES) == set(LOCALES)
    for kind, placeholders in PLACEHOLDERS.items():
        assert len(names_of(kind)) == len(placeholders)


@pytest.mark.parametrize(
    ("part", "source"),
    [
        ("text", "Hello"),
        ("text", "{% if due_date %}{{ why }}{% endif %}"),
        ("text", "{{ why|upper }}"),
        ("html", ""),
        ("html", "<!-- why -->"),
        ("html", "{% if due_date %}{{ why }}{% endif %}"),
        ("html", "<span style='display:none'>{{ why }}</span>"),
        ("html", "<span style='font-size: 0'>{{ why }}</span>"),
    ],
)
def test_no_body_is_without_the_line_that_says_why(part, source):
    html = OWN.html.replace("{{ why }}", source)
    template = OWN._replace(**{part: html if part == "html" else source})
    (text,) = template_errors(INVOICE, template)[part]
    assert text.startswith("Put {{ why }} into this body")


def test_a_style_that_hides_the_line_is_found_where_it_lands():
    html = OWN.html.replace(".why {", ".why { display: none;")
    assert list(template_errors(INVOICE, OWN._replace(html=html))) == ["html"]


def test_a_subject_that_may_come_out_empty_is_refused():
    (text,) = template_errors(INVOICE, OWN._replace(subject="{{ order_number }}"))["subject"]
    assert "would be empty" in text


def test_a_subject_is_one_line_and_not_too_long():
    assert one_line("a\r\nBcc: x@y.example\u2028b\x00") == "a Bcc: x@y.example b"
    assert len(one_line("x" * 500)) == MAX_SUBJECT
    assert one_line("x" * 500).endswith("x…")


def test_styles_are_put_at_their_elements_once_and_tags_come_through():
    source = (
        "<html><head><style>td { color: red } @media (prefers-color-scheme: dark) { td { color: blue !important } }"
        "</style></head><body><table>{% if a %}<tr><td>{{ b|default('-') }}</td></tr>{% endif %}</table></body></html>"
    )
    made = inlining.inlined(source)
    assert made is not None
    assert "{% if a %}<tr><td style=\"color: red;\">{{ b|default('-') }}</td></tr>{% endif %}" in made
    assert "@media (prefers-color-scheme: dark)" in made
    assert "td { color: red }" not in made


def test_values_are_escaped_in_html_and_stand_as_they_are_in_text():
    made = compiled(OWN).filled(sample(INVOICE, Sample.MARKUP))
    assert "&lt;script&gt;" in made.html
    assert '<script>alert("1")</script> & <b>{{ why }}</b> {% if %}' in made.text


def test_lines_keep_their_breaks():
    html = sandbox.environment(html=True).from_string("{{ a|lines }}").render(a="<x>\nb")
    assert html == "&lt;x&gt;<br>b"
    assert sandbox.environment(html=False).from_string("{{ a|lines }}").render(a="<x>\nb") == "<x>\nb"


def test_html_whose_styles_make_it_huge_is_refused():
    style = "p { " + "".join(f"--x{number}: 1; " for number in range(900)) + "}"
    html = f"<html><head><style>{style}</style></head><body>{'<p>x</p>' * 3_000}{{{{ why }}}}</body></html>"
    assert list(template_errors(INVOICE, OWN._replace(html=html))) == ["html"]
