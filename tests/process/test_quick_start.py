"""The quick start as it stands in the README, by the screens' forms and by REST, up to the mails that came out."""

import io
from email import message_from_bytes, policy

import pytest
from pypdf import PdfReader

from tests.process.doors import Rest, Screen
from tests.process.running import wait_until

pytestmark = pytest.mark.process

LINES = [
    {"description": "Broadband", "quantity": "2", "unit_price": "34.50", "tax_rate": "20"},
    {"description": "Support", "quantity": "1", "unit_price": "10.00", "tax_rate": "20"},
]
TOTAL = "£94.80"


@pytest.fixture(params=[Screen, Rest], ids=lambda door: door.name)
def door(request, demo):
    return request.param(demo.url)


class Walk:
    """A customer with everything that the quick start speaks of; addresses carry the door's name."""

    def __init__(self, door, mark):
        self.door, self.domain = door, f"{mark}.example"
        self.number = f"WALK-{mark}".upper()
        self.customer_id = door.add_customer(
            account_number=self.number,
            company_name=f"Walk {mark} Ltd",
            email=f"accounts@{self.domain}, office@{self.domain}",
            email_billing="y",
            email_bill_type="short",
        )
        self.dora = self._direct("Dora", "Direct", f"dora@{self.domain}", "short")
        self._direct("Twin", "Spelling", f"DORA@{self.domain.upper()}", "short")
        self._direct("Fay", "Full", f"fay@{self.domain}", "full")
        self._direct("Nora", "None", f"nora@{self.domain}", "none")
        self.sam = door.add_shared_contact(
            first_name="Sam", last_name="Shared", email=f"sam@books-{self.domain}", email_bill_type="short"
        )
        door.link(self.customer_id, self.sam)
        self.invoice_id, self.invoice = door.add_invoice(self.customer_id, LINES)

    def _direct(self, first, last, address, bill):
        values = {"first_name": first, "last_name": last, "email": address, "email_bill_type": bill}
        return self.door.add_direct_contact(self.customer_id, **values)

    @property
    def short_copies(self):
        names = (f"accounts@{self.domain}", f"office@{self.domain}", f"dora@{self.domain}")
        return {*names, f"sam@books-{self.domain}"}

    @property
    def full_copy(self):
        return f"fay@{self.domain}"


def mails_of(demo, number):
    """Return the caught mails about an invoice: what SMTP said, and the mail itself."""
    mails = demo.mails()
    found = [mails.get(mail_id) for mail_id in mails.ids()]
    about = [mail for mail in found if f"Invoice {number} " in mail.subject]
    return [(mail, message_from_bytes(mails.raw(mail.id), policy=policy.default)) for mail in about]


def sent(door, walk, count):
    """Wait until as many messages of a walk's invoice are sent; return all states."""

    def done():
        states = door.states(walk.invoice_id)
        return states if list(states.values()).count("sent") == count else None

    return wait_until(done, seconds=60, why=lambda: str(door.states(walk.invoice_id)))


def test_an_invoice_reaches_each_address_once(demo, door):
    walk = Walk(door, f"{door.name.lower()}-all")

    looked_at, gets, not_gets = door.plan(walk.invoice_id)
    assert set(gets) == {*walk.short_copies, walk.full_copy}
    assert gets[f"accounts@{walk.domain}"][0] == "short"
    assert gets[walk.full_copy][0] == "full"
    assert "Dora Direct:" in gets[f"dora@{walk.domain}"][1]
    assert "Twin Spelling:" in gets[f"dora@{walk.domain}"][1]
    assert [address for address, _ in not_gets] == [f"nora@{walk.domain}"]
    assert not_gets[0][1] in ("format_none", "The bill format is none.")

    refused, _, made = door.send(walk.invoice_id, looked_at)
    assert (refused, made) == (False, 5)
    states = sent(door, walk, 5)
    assert set(states) == {*walk.short_copies, walk.full_copy}

    mails = mails_of(demo, walk.invoice)
    assert sorted(mail.envelope_recipients[0].lower() for mail, _ in mails) == sorted(states)
    assert {len(mail.envelope_recipients) for mail, _ in mails} == {1}

    # Sending again does nothing, and says so.
    looked_at, gets, not_gets = door.plan(walk.invoice_id)
    assert gets == {}
    assert {*walk.short_copies, walk.full_copy} <= {address for address, _ in not_gets}
    refused, said, made = door.send(walk.invoice_id, looked_at)
    assert (refused, made) == (False, 0)
    assert "nothing was sent" in said or "already_sent" in said
    assert len(door.states(walk.invoice_id)) == 5
    assert len(mails_of(demo, walk.invoice)) == 5


def test_what_came_out_is_a_whole_mail_to_one_person(demo, door):
    walk = Walk(door, f"{door.name.lower()}-mail")
    looked_at, _, _ = door.plan(walk.invoice_id)
    door.send(walk.invoice_id, looked_at)
    sent(door, walk, 5)
    greetings = {
        f"accounts@{walk.domain}": f"Dear Walk {door.name.lower()}-mail Ltd,",
        f"office@{walk.domain}": f"Dear Walk {door.name.lower()}-mail Ltd,",
        f"dora@{walk.domain}": "Dear Dora Direct,",
        f"sam@books-{walk.domain}": "Dear Sam Shared,",
        walk.full_copy: "Dear Fay Full,",
    }
    mails = mails_of(demo, walk.invoice)
    assert len(mails) == len(greetings)
    for mail, message in mails:
        address = mail.envelope_recipients[0].lower()
        assert [one.addr_spec.lower() for one in message["To"].addresses] == [address]
        assert message["Cc"] is None
        assert message["Bcc"] is None
        assert message["Auto-Submitted"] == "auto-generated"
        for kind in ("plain", "html"):
            body = message.get_body((kind,)).get_content()
            assert greetings[address] in body
            assert not [other for other in greetings if other != address and other in body]
        attachments = list(message.iter_attachments())
        assert [part.get_content_type() for part in attachments] == ["application/pdf"]
        words = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(attachments[0].get_content())).pages)
        assert walk.invoice in words
        assert TOTAL in words


def test_who_chose_the_full_format_gets_that(demo, door):
    walk = Walk(door, f"{door.name.lower()}-full")
    looked_at, _, _ = door.plan(walk.invoice_id)
    door.send(walk.invoice_id, looked_at)
    sent(door, walk, 5)
    pages = {}
    for mail, message in mails_of(demo, walk.invoice):
        (attached,) = message.iter_attachments()
        reader = PdfReader(io.BytesIO(attached.get_content()))
        pages[mail.envelope_recipients[0].lower()] = " ".join(page.extract_text() for page in reader.pages)
    assert {address for address, words in pages.items() if "At a glance" in words} == {walk.full_copy}
    assert {address for address, words in pages.items() if "Unit price" in words} == {walk.full_copy}


def test_a_plan_gone_stale_is_refused_and_the_difference_shown(demo, door):
    walk = Walk(door, f"{door.name.lower()}-stale")
    looked_at, gets, _ = door.plan(walk.invoice_id)
    assert f"sam@books-{walk.domain}" in gets
    Rest(demo.url).edit_contact(walk.sam, email_bill_type="none")
    refused, said, made = door.send(walk.invoice_id, looked_at)
    assert (refused, made) == (True, 0)
    assert door.states(walk.invoice_id) == {}
    if isinstance(door, Screen):
        assert f"sam@books-{walk.domain} no longer gets a copy." in said
    else:
        assert '"plan_changed"' in said
    # The plan as it is can be sent at once.
    looked_at, gets, _ = door.plan(walk.invoice_id)
    assert f"sam@books-{walk.domain}" not in gets
    assert door.send(walk.invoice_id, looked_at)[2] == 4


def test_the_inbox_shows_what_was_caught_to_an_administrator_alone(demo):
    finance = Screen(demo.url)
    walk = Walk(finance, "inbox")
    looked_at, _, _ = finance.plan(walk.invoice_id)
    finance.send(walk.invoice_id, looked_at)
    sent(finance, walk, 5)
    admin = Screen(demo.url, "admin")
    page = admin.get("/inbox/")
    shown = [row for row in page.rows if f"Invoice {walk.invoice} " in row.get("Subject", "")]
    assert sorted(row["Recipient"].partition("<")[2].strip(">").lower() for row in shown) == sorted(
        {*walk.short_copies, walk.full_copy}
    )
    mail, _ = mails_of(demo, walk.invoice)[0]
    page = admin.get(f"/inbox/{mail.id}")
    assert "Auto-Submitted" in page.text
    assert TOTAL in page.text
    assert finance.get("/inbox/").status in (403, 404)
    assert finance.get(f"/inbox/{mail.id}").status in (403, 404)
