"""Reading mails of any making: charsets, HTML, flowed lines, names, files, what is quoted; and nothing ever raises."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.inbound.quoting import own_words
from app.inbound.reading import read
from app.inbound.texts import unflowed
from app.mailer.bounces.reading import read as read_report

HEAD = b"From: =?utf-8?q?J=C3=B6rg?= <jo@client.example>\r\nTo: desk+1-abcdefghijklmnop@issuer.example\r\n"


def mail(body, content_type="text/plain; charset=utf-8", *more):
    fields = b"".join(line.encode() + b"\r\n" for line in more)
    return HEAD + fields + b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body


def test_the_header():
    found = read(
        HEAD
        + b"Delivered-To: inner@issuer.example\r\nSubject: =?iso-8859-1?q?Gr=F6=DFe?=\r\n =?iso-8859-1?q?_42?=\r\n"
        + b"Message-ID: <1@client.example>\r\nDate: Mon, 2 Mar 2026 13:00:00 +0100\r\n\r\nHello"
    )
    assert (found.from_name, found.from_address) == ("Jörg", "jo@client.example")
    assert (found.subject, found.message_id) == ("Größe 42", "<1@client.example>")
    assert found.sent_at.isoformat() == "2026-03-02T12:00:00+00:00"
    assert found.delivered_to == ("inner@issuer.example", "desk+1-abcdefghijklmnop@issuer.example")
    assert not found.is_automatic


@pytest.mark.parametrize(
    ("body", "content_type", "more", "expected"),
    [
        ("Grüße".encode(), "text/plain; charset=utf-8", (), "Grüße"),
        ("Grüße".encode("latin-1"), "text/plain; charset=iso-8859-1", (), "Grüße"),
        # What calls itself Latin 1 and is Windows's.
        ("50 € „so“".encode("cp1252"), "text/plain; charset=iso-8859-1", (), "50 € „so“"),
        ("Grüße".encode("cp1252"), "text/plain; charset=no-such-thing", (), "Grüße"),
        ("Grüße".encode("cp1252"), "text/plain", (), "Grüße"),
        ("こんにちは".encode("iso-2022-jp"), "text/plain; charset=iso-2022-jp", (), "こんにちは"),
        (
            b"Gr=C3=BC=C3=\r\n=9Fe",
            "text/plain; charset=utf-8",
            ("Content-Transfer-Encoding: quoted-printable",),
            "Grüße",
        ),
        (b"R3LDvMOfZQ==", "text/plain; charset=utf-8", ("Content-Transfer-Encoding: base64",), "Grüße"),
        (b"One line that \r\nflows on.", "text/plain; format=flowed", (), "One line that flows on."),
        (b"Ein Donau \r\ndampf", "text/plain; format=flowed; delsp=yes", (), "Ein Donaudampf"),
        (b"<p>Hello <b>you</b>,</p><p>bye<br>now</p><script>x()</script>", "text/html", (), "Hello you,\n\nbye\nnow"),
        (b"<div>" * 3000 + b"deep", "text/html", (), "deep"),
    ],
)
def test_the_text(body, content_type, more, expected):
    assert read(mail(body, content_type, *more)).text.strip() == expected


def test_of_alternatives_the_plain_one_counts_unless_it_is_empty():
    made = EmailMessage(policy=SMTP)
    made.set_content("Plain.")
    made.add_alternative("<p>Rich.</p>", subtype="html")
    assert read(made.as_bytes()).text == "Plain."
    made = EmailMessage(policy=SMTP)
    made.set_content(" \n")
    made.add_alternative("<p>Rich.</p>", subtype="html")
    assert read(made.as_bytes()).text == "Rich."


def test_files_and_a_mail_within_the_mail():
    inner = EmailMessage(policy=SMTP)
    inner["Subject"] = "Inner"
    inner.set_content("Not ours to read.")
    made = EmailMessage(policy=SMTP)
    made.set_content("See there.")
    made.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="Größe.pdf")
    made.add_attachment("Text file", filename="note.txt")
    made.add_attachment(inner)
    found = read(made.as_bytes())
    assert found.text == "See there."
    assert [one.name for one in found.files] == ["Größe.pdf", "note.txt", "part-4.eml"]
    assert b"Not ours to read." in found.files[2].data


GMAIL = """Thanks, that works.

On Mon, 2 Mar 2026 at 12:00, Desk <desk+1-abc@issuer.example>
wrote:

> We are on it.
> Second
"""
OUTLOOK = """Works now.

________________________________
Von: Desk <desk@issuer.example>
Gesendet: Montag, 2. März 2026 12:00
An: Jörg <jo@client.example>
Betreff: Re: [AC1/T001] No dial tone

We are on it.
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GMAIL, "Thanks, that works."),
        (OUTLOOK, "Works now."),
        ("Danke!\n\nAm 02.03.2026 um 12:00 schrieb Desk:\n> Wir sind dran\n", "Danke!"),
        ("Works.\n\n-----Original Message-----\nFrom: x\n\nold", "Works."),
        ("On Monday Desk wrote:\n> Is it plugged in?\n>\n\nYes.\n", "Yes."),
        # Answers between the lines stay with what they answer.
        (
            "On Monday Desk wrote:\n> Is it plugged in?\nYes.\n> And on?\nYes.",
            "On Monday Desk wrote:\n> Is it plugged in?\nYes.\n> And on?\nYes.",
        ),
        ("> We are on it.\n> Second\n", ""),
        ("On Monday Desk wrote:\n> We are on it.\n", ""),
        ("I wrote: it fails.\nFrom: here\nto: there", "I wrote: it fails.\nFrom: here\nto: there"),
        # Handed on without a word: that is what it says.
        (OUTLOOK.partition("\n\n")[2], OUTLOOK.partition("\n\n")[2].strip()),
        ("", ""),
    ],
)
def test_the_quoted_mail_is_cut_off(text, expected):
    assert own_words(text) == expected


def test_what_html_quotes_is_cut_off_too():
    gmail = b"<div>Fine.</div><div class='gmail_quote'><div class='gmail_attr'>On Monday x wrote:</div>old</div>"
    outlook = b"<p>Fine.</p><div id='divRplyFwdMsg'><b>From:</b> x</div><p>old</p>"
    cited = b"<p>Fine.</p><div class='moz-cite-prefix'>On Monday</div><blockquote type='cite'>old</blockquote>"
    for body in (gmail, outlook, cited):
        found = read(mail(body, "text/html"))
        assert found.answer == "Fine."
        assert "old" in found.text


def test_deceiving_and_forbidden_characters_go():
    found = read(mail("A\u202eB\u2066C\u2069\x00\x07\u200b\r\nD\u2028E".encode(), "text/plain; charset=utf-8"))
    assert found.text == "AB\u2066C\u2069\nD\nE"
    assert "\n" not in read(b"Subject: a\x00b\r\n c\r\n\r\n").subject


def test_flowed_lines_keep_their_quotes_and_the_signature():
    assert unflowed("> a \n> b\nc\n-- \nJo") == "> a b\nc\n-- \nJo"


def test_a_mail_is_the_same_by_whatever_way_it_comes():
    data = mail(b"Hello", "text/plain", "Message-ID: <1@client.example>")
    assert read(data).identity == read(b"Received: x\r\n" + data).identity
    assert read(data).identity != read(data + b"!").identity
    assert read(mail(b"Hello")).identity != read(b"Received: x\r\n" + mail(b"Hello")).identity


PIECES = st.sampled_from(
    [b"\r\n", b"\n", b"--b\r\n", b"--b--", b"Content-Type: multipart/mixed; boundary=b\r\n", b"> ", b"<div>", b"=?x?q?",
     b"Content-Type: text/html; charset=punycode\r\n", b"Content-Type: message/rfc822\r\n", b"From: ", b"a@b.example",
     b"Content-Transfer-Encoding: base64\r\n", b"Date: ", b"wrote:", b"\x00", b"\xff",
     b"Content-Type: text/plain; format=flowed\r\n"]
)  # fmt: skip


@settings(max_examples=400)
@given(
    st.one_of(st.binary(max_size=400), st.lists(st.one_of(PIECES, st.binary(max_size=8)), max_size=40).map(b"".join))
)
def test_any_bytes_can_be_read(data):
    found = read(data)
    read_report(data)
    for text in (found.text, found.answer, found.subject, found.from_name, found.from_address, *found.delivered_to):
        text.encode()
        assert "\x00" not in text


@settings(max_examples=200)
@given(st.lists(st.sampled_from(["> a", "b", "", "On Monday x wrote:", "From: x", "Sent: y", "To: z", "_____"])))
def test_no_word_is_made_up(lines):
    text = "\n".join(lines)
    assert own_words(text) in text


@pytest.mark.parametrize(
    "data",
    [
        mail(b"On " * 100_000),
        mail(b"\n" * 200_000 + b"x"),
        mail(b"wrote\n" * 50_000 + b":\n> x"),
        mail(b"<div>" * 200_000, "text/html"),
        mail(b"<" * 500_000, "text/html"),
        mail(b"x" * 500_000, "text/plain; charset=punycode"),
        HEAD
        + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(10_000)),
        mail(b"--b\r\n\r\nx\r\n" * 50_000, "multipart/mixed; boundary=b"),
        b"From: " + b"(" * 200_000 + b"\r\nTo: " + b"a@b.example, " * 50_000 + b"\r\n\r\n",
    ],
    ids=["on", "lines", "wrote", "divs", "angles", "punycode", "nested", "parts", "header"],
)
def test_mails_that_are_made_to_take_long_are_read(data):
    """Each takes a second or less; what grows with the square of its length would take minutes, and CI no answer."""
    assert read(data).size == len(data)
