"""Letters as their verbs write, print, send and delete them; and who may do what to letters of which class."""

from __future__ import annotations

import io
from email.message import EmailMessage

import pypdf
import pytest
from sqlalchemy import select

from app.access.table import LETTER_CLASSES, Operation, Role, document_resource
from app.contacts.models import Contact
from app.core.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from app.core.models import AuditEntry, AuditRecord
from app.correspondence import attachments, dispatch, queries, service
from app.correspondence.models import Attachment, Correspondence
from app.correspondence.source import kept_pdf
from app.customers import service as customers
from app.extensions import db
from app.issuer.service import update_issuer
from app.mailer import queries as mailer
from app.mailer.models import Content, Message, Rendition, SkippedRoad
from app.mailer.planning.choices import Again
from tests.conftest import actor
from tests.core import making
from tests.correspondence import letters
from tests.correspondence.letters import CLASSES, PDF

pytestmark = pytest.mark.usefixtures("app")


def refused(kind, verb, who=None, **given):
    with pytest.raises(kind) as caught:
        making.run(verb, who, **given)
    db.session.rollback()
    return caught.value


def found(letter_id):
    db.session.rollback()
    return db.session.get_one(Correspondence, letter_id)


def pdf_of(letter_id):
    return pypdf.PdfReader(io.BytesIO(kept_pdf(db.session(), found(letter_id))))


def text_of(letter_id):
    return "\n".join(page.extract_text() for page in pdf_of(letter_id).pages)


def test_a_letter_is_numbered_printed_and_ready():
    making.run(update_issuer, issuer_id=1, values={"name": "Northwind Ltd", "footer": "Registered in England"})
    first = letters.letter(letters.customer(), letters.kind(), subject="Your line, {{ customer }}")
    letter = found(first)
    assert (letter.number, letter.status, letter.correspondence_class) == ("AC1/C001", "ready", "customer_services")
    reader = pdf_of(first)
    assert reader.metadata.title == letter.filled_subject == "Your line, Company AC1"
    assert reader.trailer["/Root"]["/Lang"] == "en-GB"
    text = text_of(first)
    for words in ("Northwind Ltd", "Company AC1", "AC1/C001", "Dear Dana Whitfield,", "Page 1 of 1", "Registered in"):
        assert words in text
    assert "**" not in text
    assert "{{" not in text
    links = [one.get_object()["/A"]["/URI"] for one in reader.pages[0]["/Annots"]]
    assert links == ["https://acme.example"]
    assert making.last_entry() == ("correspondence:created", [("correspondence", first)])


def test_numbers_count_for_each_customer_and_are_never_used_again():
    kind, one, other = letters.kind(), letters.customer("AC1"), letters.customer("AC2")
    made = [letters.letter(one, kind), letters.letter(other, kind), letters.letter(one, kind)]
    making.run(service.delete_letter, letter_id=made[2])
    made.append(letters.letter(one, kind))
    assert [found(each).number for each in made] == ["AC1/C001", "AC2/C001", "AC1/C002", "AC1/C003"]


def test_the_type_is_fixed_and_its_class_is_kept_when_the_list_changes():
    kind, other = letters.kind("billing"), letters.kind("marketing")
    letter_id = letters.letter(letters.customer(), kind)
    error = refused(Invalid, service.update_letter, letter_id=letter_id, values={"correspondence_type": other})
    assert error.errors.keys() == {"correspondence_type"}
    from app.lookups.service import update_lookup

    values = {"correspondence_class": "customer_services"}
    making.run(update_lookup, resource="correspondence_type", lookup_id=kind, values=values)
    assert found(letter_id).correspondence_class == "billing"
    refused(NotFound, queries_letter, actor("support"), letter_id=letter_id)


def queries_letter(session, who, *, letter_id):
    return queries.letter(session, who, letter_id=letter_id)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("body", "Dear {{ name }}"),
        ("body", "Dear {{ first_name"),
        ("subject", "For {{ customer.email }}"),
        ("body", "{{ 7*7 }}"),
        ("body", "{{}}"),
        ("subject", "{{ account_numbers }}"),
    ],
)
def test_an_unknown_placeholder_is_refused_at_its_field_with_those_that_there_are(field, text):
    kind, owner = letters.kind(), letters.customer()
    values = {"customer_id": owner, "correspondence_type": kind, "subject": "S", "body": "B", field: text}
    error = refused(Invalid, service.create_letter, values=values)
    assert error.errors.keys() == {field}
    assert "account_number" in str(error.errors[field][0])


def test_what_is_nested_so_deeply_that_it_would_be_lost_is_refused():
    values = {"customer_id": letters.customer(), "correspondence_type": letters.kind(), "subject": "S"}
    error = refused(Invalid, service.create_letter, values={**values, "body": ">" * 500 + " lost"})
    assert error.errors.keys() == {"body"}
    body = "\n".join(f"{'  ' * depth}- level {depth}" for depth in range(20))
    assert "level 19" in text_of(making.run(service.create_letter, values={**values, "body": body}).id)


def test_a_name_that_looks_like_markdown_stays_a_name():
    owner = letters.customer(company_name="*A* [b](https://evil.example) # 1. `x` <b>")
    letter_id = letters.letter(owner, letters.kind(), body="For {{ customer }}.")
    text = text_of(letter_id)
    assert "*A* [b](https://evil.example) # 1. `x` <b>." in " ".join(text.split())
    assert "/Annots" not in pdf_of(letter_id).pages[0]


def test_a_letter_without_a_text_is_a_draft_that_cannot_leave():
    letter_id = letters.letter(letters.customer(), letters.kind(), body="")
    assert (found(letter_id).status, found(letter_id).pdf_digest) == ("draft", None)
    with pytest.raises(Conflict) as caught:
        letters.send(letter_id)
    assert caught.value.code == "not_ready"
    assert refused(Conflict, dispatch.mark_delivered, letter_id=letter_id).code == "not_ready"
    making.run(service.update_letter, letter_id=letter_id, values={"body": "Words"})
    assert found(letter_id).status == "ready"


def test_saving_makes_the_pdf_anew_and_keeps_no_old_one():
    letter_id = letters.letter(letters.customer(), letters.kind())
    before = found(letter_id).pdf_digest
    making.run(service.update_letter, letter_id=letter_id, values={"body": "Other words"})
    after = found(letter_id)
    assert after.pdf_digest != before
    assert db.session.get(Content, before) is None
    count = len(making.trail())
    version = found(letter_id).version
    making.run(service.update_letter, letter_id=letter_id, values={"body": "Other words"})
    assert (len(making.trail()), found(letter_id).version) == (count, version)
    refused(Stale, service.update_letter, letter_id=letter_id, values={"body": "X"}, version=version - 1)


def test_a_logo_that_cannot_be_read_is_told_and_nothing_is_saved():
    from app.issuer.models import Issuer

    with making.unaudited():
        db.session.get_one(Issuer, 1).logo = b"no picture"
        db.session.commit()
    values = {"customer_id": letters.customer(), "correspondence_type": letters.kind(), "subject": "S", "body": "B"}
    assert refused(Conflict, service.create_letter, values=values).code == "not_printable"
    assert db.session.scalar(select(Correspondence.id)) is None


def test_invoices_that_a_letter_is_about_are_its_customers():
    owner, kind = letters.customer(), letters.kind("billing")
    mine, foreign = making.invoice(owner), making.invoice(letters.customer("AC2"))
    letter_id = letters.letter(owner, kind, invoices=[mine])
    assert [one.invoice_id for one in found(letter_id).invoices] == [mine]
    for wrong in (foreign, 999):
        error = refused(Invalid, service.update_letter, letter_id=letter_id, values={"invoices": [wrong]})
        assert error.errors.keys() == {"invoices"}
    making.run(service.update_letter, letter_id=letter_id, values={"invoices": []})
    assert found(letter_id).invoices == []


@pytest.mark.parametrize("name", CLASSES)
def test_a_letter_of_each_class_leaves_with_its_own_pdf_and_files(app, name):
    kind, owner = letters.kind(name), letters.customer()
    making.contact(owner, email="ann@acme.example", copy_correspondence=[kind], language="de")
    with making.unaudited():
        for contact in db.session.scalars(select(Contact)):
            contact.marketing_consent_at = contact.created_at
        db.session.commit()
    letter_id = letters.letter(owner, kind)
    making.run(attachments.attach, letter_id=letter_id, filename="plan.pdf", data=PDF)
    kept = kept_pdf(db.session(), found(letter_id))
    plan = letters.send(letter_id)
    got = {one.address for one in plan.messages}
    assert got == ({"ann@acme.example"} if name == "marketing" else {"main@acme.example", "ann@acme.example"})
    assert ("further@acme.example", "bills_only") in {(one.address, str(one.reason)) for one in plan.skipped}
    mails = letters.deliver(app)
    assert set(mails) == got
    for mail in mails.values():
        files = {one.get_filename(): one.get_content() for one in mail.iter_attachments()}
        assert files == {"AC1-C001.pdf": kept, "plan.pdf": PDF}
        _carries_the_text(mail)
    assert "Kundenkonto: Company AC1" in mails["ann@acme.example"].get_body(("plain",)).get_content()
    assert {one.digest for one in db.session.scalars(select(Rendition))} == {found(letter_id).pdf_digest}
    assert {one.document_class for one in db.session.scalars(select(Message))} == {name}
    assert {one.document_class for one in db.session.scalars(select(SkippedRoad))} == {name}
    assert found(letter_id).status == "emailed"
    assert refused(Conflict, service.update_letter, letter_id=letter_id, values={"body": "X"}).code == "sent"
    assert refused(Conflict, service.delete_letter, letter_id=letter_id).code == "sent"
    assert refused(Conflict, attachments.attach, letter_id=letter_id, filename="a.pdf", data=PDF).code == "sent"


def _carries_the_text(mail: EmailMessage) -> None:
    html, text = (mail.get_body((kind,)).get_content() for kind in ("html", "plain"))
    assert "<strong>change</strong>" in html
    assert 'href="https://acme.example"' in html
    assert "Dear Dana Whitfield," in text
    assert "- On 7 March\n- At night (https://acme.example)" in text.replace("\r\n", "\n")
    assert "{{" not in html + text


def test_sending_twice_does_nothing_and_again_asks_for_a_reason(app):
    letter_id = letters.letter(letters.customer(), letters.kind())
    letters.send(letter_id)
    letters.deliver(app)
    count = len(making.trail())
    assert {str(one.reason) for one in letters.send(letter_id).skipped} == {"already_sent", "bills_only"}
    assert len(making.trail()) == count
    again = Again(addresses=("main@acme.example",), reason="They lost it")
    making.run(dispatch.send_letter_again, letter_id=letter_id, again=again, defaults=making.DEFAULTS)
    assert [one.revision for one in making.messages()] == [0, 1]
    entry = making.trail()[-1]
    assert (entry.verb, entry.reason) == ("correspondence:sent_again", "They lost it")
    first, second = (one.content_digest for one in making.messages())
    letters.deliver(app)
    assert len({one.digest for one in db.session.scalars(select(Rendition))}) == 1
    assert first is not None
    assert second is None


def test_what_is_typed_in_takes_the_place_of_the_plan(app):
    letter_id = letters.letter(letters.customer(), letters.kind())
    letters.send(letter_id, recipients=["legal@other.example"])
    assert set(letters.deliver(app)) == {"legal@other.example"}


def test_a_plan_that_changed_is_refused():
    letter_id = letters.letter(letters.customer(), letters.kind())
    with pytest.raises(Conflict) as caught:
        letters.send(letter_id, fingerprint="0" * 64)
    assert caught.value.code == "plan_changed"
    assert making.messages() == []


def test_marked_as_delivered_with_a_note_and_once():
    letter_id = letters.letter(letters.customer(), letters.kind())
    error = refused(Invalid, dispatch.mark_delivered, letter_id=letter_id, note="x" * 501)
    assert error.errors.keys() == {"note"}
    making.run(dispatch.mark_delivered, letter_id=letter_id, note="By courier\nto reception")
    letter = found(letter_id)
    assert (letter.status, letter.delivered_note) == ("delivered", "By courier\nto reception")
    assert refused(Conflict, dispatch.mark_delivered, letter_id=letter_id).code == "already_delivered"
    letters.send(letter_id)
    assert found(letter_id).status == "delivered"


# Who may do what.


def rights(role: Role, name: str) -> frozenset[Operation]:
    from app.access.table import TABLE

    return TABLE[document_resource("correspondence", name)][role]


def test_the_page_says_who_may_do_what():
    """The product's own words, class by class."""
    assert set(CLASSES) == set(LETTER_CLASSES)
    for name in ("billing", "credit_control"):
        assert Operation.SEND in rights(Role.FINANCE, name)
        assert rights(Role.SUPPORT, name) == frozenset()
    for name in ("customer_services", "marketing"):
        assert rights(Role.FINANCE, name) == {Operation.READ}
        assert Operation.SEND in rights(Role.SUPPORT, name)
    for name in CLASSES:
        assert rights(Role.AUDITOR, name) == {Operation.READ, Operation.TRASH}


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("who", ["finance", "support", "auditor", "north_support"])
def test_every_verb_asks_for_the_rights_of_the_class(who, name):
    kind, owner = letters.kind(name), letters.customer()
    letter_id = letters.letter(owner, kind)
    me = actor(who)
    mine = rights(Role(me.roles & set(Role) and next(iter(me.roles))), name)
    sees = Operation.READ in mine and me.dealer_code is None
    acts = {
        Operation.UPDATE: (service.update_letter, {"values": {"subject": "Other"}}),
        Operation.SEND: (dispatch.mark_delivered, {}),
        Operation.DELETE: (service.delete_letter, {}),
    }
    for operation, (verb, more) in acts.items():
        if operation not in mine or not sees:
            refused((Forbidden, NotFound), verb, me, letter_id=letter_id, **more)
    if not sees:
        refused((Forbidden, NotFound), queries_letter, me, letter_id=letter_id)
    values = {"customer_id": owner, "correspondence_type": kind, "subject": "S", "body": "B"}
    if Operation.CREATE not in mine:
        error = refused(Forbidden, service.create_letter, me, values=values)
        assert who == "auditor" or error.errors.keys() == {"correspondence_type"}
    elif me.dealer_code is None:
        assert making.run(service.create_letter, me, values=values).number == "AC1/C002"


def test_lists_messages_and_the_trail_show_support_no_letter_of_finances():
    ids = {name: letters.letter(letters.customer(name), letters.kind(name)) for name in CLASSES}
    for name in ("billing", "customer_services"):
        letters.send(ids[name])
    support, finance = actor("support"), actor("finance")
    seen = {one.id for one in db.session.scalars(queries.letters(support))}
    assert seen == {ids["customer_services"], ids["marketing"]}
    assert {one.id for one in db.session.scalars(queries.letters(finance))} == set(ids.values())
    about = {one.document_id for one in db.session.scalars(mailer.messages(support))}
    assert about == {ids["customer_services"]}
    assert len(db.session.scalars(mailer.messages(finance)).all()) == 2
    from app.history.sight import entries_in_sight, records_in_sight

    trail = select(AuditRecord).join(AuditRecord.entry).where(records_in_sight(support), entries_in_sight(support))
    told = {(one.resource, one.record_id) for one in db.session.scalars(trail)}
    assert ("correspondence", ids["marketing"]) in told
    assert ("correspondence", ids["billing"]) not in told
    entries = {one.entry_id for one in db.session.scalars(trail)}
    about_finances = select(AuditRecord.entry_id).where(
        AuditRecord.resource == "correspondence", AuditRecord.record_id == ids["billing"]
    )
    assert entries.isdisjoint(db.session.scalars(about_finances))
    message = db.session.scalars(select(Message).where(Message.document_class == "customer_services")).first()
    from app.mailer.service import cancel_message

    refused(Forbidden, cancel_message, finance, message_id=message.id)
    making.run(cancel_message, support, message_id=message.id)


# Deleting, restoring, purging.


def test_a_customers_letters_go_and_come_back_with_it():
    owner = letters.customer()
    letter_id = letters.letter(owner, letters.kind())
    making.run(customers.delete_customer, customer_id=owner)
    assert found(letter_id).deleted_at is not None
    assert refused(Conflict, service.restore_letter, letter_id=letter_id).code == "parent_deleted"
    making.run(customers.restore_customer, customer_id=owner)
    assert found(letter_id).deleted_at is None


def test_a_purge_leaves_the_number_and_no_word():
    owner = letters.customer()
    letter_id = letters.letter(owner, letters.kind(), subject="Secret subject", body="Secret body")
    making.run(attachments.attach, letter_id=letter_id, filename="secret.pdf", data=PDF)
    making.run(service.delete_letter, letter_id=letter_id)
    making.run(service.purge_letter, letter_id=letter_id, reason="Asked for")
    letter = found(letter_id)
    assert (letter.number, letter.subject, letter.body, letter.filled_body) == ("AC1/C001", "", None, "")
    assert db.session.scalars(select(Attachment)).all() == []
    assert db.session.scalars(select(Content)).all() == []
    assert letters.letter(owner, letters.kind("marketing")) != letter_id
    assert db.session.scalar(select(Correspondence.number).order_by(Correspondence.id.desc())) == "AC1/C002"
    assert making.run(lambda _s, _a: None) is None
    assert db.session.scalar(select(AuditEntry.verb).where(AuditEntry.verb == "correspondence:purged"))


def test_purging_a_customer_takes_the_letters_that_were_sent(app):
    owner = letters.customer()
    letter_id = letters.letter(owner, letters.kind())
    letters.send(letter_id)
    letters.deliver(app)
    making.run(customers.delete_customer, customer_id=owner)
    making.run(customers.purge_customer, customer_id=owner, reason="Asked for")
    assert found(letter_id).filled_body == ""
    assert db.session.scalars(select(Content)).all() == []
