"""Markdown under attack: whatever is written, its HTML holds a short list of elements, and runs or loads nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.markdown import escaped, html_of, plain_text
from app.mailer.wording.markup import rendered_flaws

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<style>@import 'https://evil.example'</style>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    '<a href="javascript:alert(1)">x</a>',
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6A;avascript&colon;alert(1))",
    "[x](javascript&#58;alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](vbscript:msgbox(1))",
    "[x](file:///etc/passwd)",
    "[x](//evil.example)",
    "<javascript:alert(1)>",
    "<data:text/html,x>",
    "![x](https://evil.example/pixel.png)",
    '![x](x "onerror=alert(1)")',
    "![a](data:image/svg+xml;base64,PHN2Zz4=)",
    '[x](https://a.example "onmouseover=alert(1)")',
    "[x][1]\n\n[1]: javascript:alert(1)",
    "[x](https://a.example/'onclick='alert(1))",
    '[x](https://a.example/"onclick="alert(1))',
    "`<script>alert(1)</script>`",
    "```html\n<script>alert(1)</script>\n```",
    '```"><script>alert(1)</script>\nx\n```',
    "<!-- <script>alert(1)</script> -->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php echo 1 ?>",
    "| <script> | b |\n|:---:|---|\n| <img src=x onerror=alert(1)> | d |",
    "<math><mtext></form><form><mglyph><svg><mtext><textarea><path id=x onclick=alert(1)>",
    "<a\nhref='javascript:alert(1)'>x",
    "*" * 5_000,
    "[" * 5_000,
    ">" * 5_000 + "x",
    "a**b" * 2_000,
    "[a](" * 2_000,
    "`" * 3_000 + "x" + "`" * 2_999,
]


LISTED = "p br hr h1 h2 h3 h4 strong em s a ul ol li blockquote pre code table thead tbody tr th td"
ALLOWED = frozenset(LISTED.split())


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, attrs))

    def handle_comment(self, _data):
        self.found.append(("comment", []))

    def handle_decl(self, _decl):
        self.found.append(("declaration", []))

    def handle_pi(self, _data):
        self.found.append(("instruction", []))


def ensure_harmless(html: str) -> None:
    reader = Reader()
    reader.feed(html)
    reader.close()
    for tag, attributes in reader.found:
        assert tag in ALLOWED
        for name, value in attributes:
            assert (tag, name) == ("a", "href")
            assert re.match(r"(https?://|mailto:|tel:)", value, re.IGNORECASE), value


@pytest.mark.parametrize("source", ATTACKS, ids=lambda text: text[:40])
def test_an_attack_is_text(source):
    html = html_of(source)
    ensure_harmless(html)
    assert rendered_flaws(f"<div>{html.replace('<br />', '<br>').replace('<hr />', '<hr>')}</div>") == []


PIECES = [
    "<",
    ">",
    "script",
    "[x](",
    ")",
    "javascript:",
    "data:",
    '"',
    "'",
    "onerror=",
    "`",
    "&#106;",
    "\n",
    "*",
    "|",
    " ",
]


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_no_mixture_of_markup_comes_through(source):
    ensure_harmless(html_of(source))


@given(st.text(max_size=60))
def test_an_escaped_text_says_what_it_says_and_marks_nothing(text):
    html = html_of("x " + escaped(text))
    reader = Reader()
    reader.feed(html)
    assert {tag for tag, _ in reader.found} <= {"p"}
    seen = plain_text("x " + escaped(text))
    assert seen.split() == ["x", *text.replace("\x00", "\ufffd").split()]


def test_plain_words_keep_lists_and_write_links_out():
    source = "# Head\n\nA **b** [c](https://c.example) <https://d.example>\n\n1. one\n2. two\n   - deep\n\nEnd"
    assert plain_text(source) == (
        "Head\n\nA b c (https://c.example) https://d.example\n\n1. one\n2. two\n  - deep\n\nEnd"
    )


def test_formatting_comes_through():
    html = html_of("Some **bold**\n*text*\n\n- [a](https://a.example)\n\n| h |\n|---|\n| c |")
    for part in ("<strong>bold</strong>", "<br>", "<em>text</em>", '<a href="https://a.example">a</a>', "<th>h</th>"):
        assert part in html
