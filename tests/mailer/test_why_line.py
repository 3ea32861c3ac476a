"""The line at the foot of each mail: every reason has its words in every language, and they tell nobody's secrets."""

from __future__ import annotations

import pytest

from app.core.bill_format import BillFormat
from app.mailer.planning.plan_model import DocumentKind
from app.mailer.planning.reasons import FOR_GETTING
from app.mailer.wording.shipped import LANGUAGES
from app.mailer.wording.why import LANGUAGES as TONGUES
from app.mailer.wording.why import About, reason_header, why_line

ACME = {"customer": "ACME Ltd", "account_number": "A1001"}


def about(kind=DocumentKind.INVOICE, **more):
    return About(kind=kind, **ACME, **more)


def road(reason, **more):
    return {"road": "contact", "contact_id": 7, "link": "direct", "name": "Ann Secret", "reason": reason, **more}


@pytest.mark.parametrize(
    ("reasons", "kind", "english"),
    [
        (
            [road("copy_email_bill", format="long")],
            "invoice",
            "you are a contact of ACME Ltd (A1001) for whom long bills were chosen",
        ),
        ([road("customer_email", format="short")], "invoice", "the bills of ACME Ltd (A1001) go to your address"),
        ([road("customer_email")], "correspondence", "yours is the main address of ACME Ltd (A1001)"),
        (
            [road("copy_correspondence")],
            "correspondence",
            "you are a contact of ACME Ltd (A1001) for whom letters of the type “Price change” were chosen",
        ),
        (
            [road("copy_ticket_updates")],
            "ticket_update",
            "you are a contact of ACME Ltd (A1001) for whom updates on “Price change” tickets were chosen",
        ),
        ([road("requester")], "ticket_update", "this ticket of ACME Ltd (A1001) was raised from your address"),
        ([road("typed_in")], "invoice", "it was sent to your address by name, on behalf of ACME Ltd (A1001)"),
    ],
)
def test_each_reason_in_plain_words(reasons, kind, english):
    line = why_line(reasons, about=about(DocumentKind(kind), type="Price change"), language="en")
    assert line == f"You receive this copy because {english}."


def test_several_reasons_are_all_told_and_equal_ones_once():
    reasons = [
        road("customer_email", format="short"),
        road("copy_email_bill", format="full", name="Ann Secret"),
        road("copy_email_bill", format="full", name="Ben Secret"),
    ]
    assert why_line(reasons, about=about(), language="en") == (
        "You receive this copy because the bills of ACME Ltd (A1001) go to your address, and because you are a contact"
        " of ACME Ltd (A1001) for whom full bills were chosen."
    )
    assert why_line(reasons, about=about(), language="de") == (
        "Sie erhalten diese Kopie, weil die Rechnungen von ACME Ltd (A1001) an Ihre Adresse gehen, und weil Sie Kontakt"
        " von ACME Ltd (A1001) sind und vollständige Rechnungen für Sie gewählt wurden."
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", DocumentKind)
@pytest.mark.parametrize("reason", sorted(FOR_GETTING))
@pytest.mark.parametrize("bill_format", sorted({*BillFormat} - {BillFormat.NONE}))
def test_every_reason_has_words_in_every_language(language, kind, reason, bill_format):
    line = why_line([road(reason, format=bill_format)], about=about(kind, type="Fault"), language=language)
    assert line.endswith(".")
    assert "ACME Ltd (A1001)" in line
    # Nobody else's name or address.
    assert "Secret" not in line
    assert "@" not in line
    assert not {"{", "}", "  "} & set(line)


def test_the_languages_are_those_of_the_templates():
    assert set(TONGUES) == set(LANGUAGES)


def test_braces_in_a_name_are_only_braces():
    line = why_line(
        [road("requester")], about=About(kind="ticket_update", customer="{who}", account_number="{0}"), language="en"
    )
    assert "{who} ({0})" in line


def test_a_name_from_right_to_left_leaves_the_sentence_in_order():
    line = why_line(
        [road("typed_in")], about=About(kind="invoice", customer="شركة", account_number="A1"), language="en"
    )
    assert "\u2068شركة\u2069 (A1)" in line


def test_the_header_has_codes_and_nothing_of_a_person():
    reasons = [road("customer_email"), road("copy_email_bill"), road("copy_email_bill")]
    assert reason_header(reasons) == "customer_email, copy_email_bill"
    with pytest.raises(ValueError, match="not a valid Reason"):
        reason_header([road("x\r\nBcc: y@z.example")])
