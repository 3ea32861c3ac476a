"""Each task of staff in the browser: by mouse as finance, by keyboard alone as support, each where it is theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.hands import Keyboard, Mouse
from tests.process.doors import Rest
from tests.process.running import wait_until

pytestmark = pytest.mark.browser

Hands = Mouse | Keyboard
EITHER = pytest.mark.parametrize(("kind", "user"), [(Mouse, "finance"), (Keyboard, "support")])
# What one role alone may do is done in both ways by it.
FINANCE = pytest.mark.parametrize(("kind", "user"), [(Mouse, "finance"), (Keyboard, "finance")])
SUPPORT = pytest.mark.parametrize(("kind", "user"), [(Mouse, "support"), (Keyboard, "support")])
PASSWORD = "marmalade at noon"


class Case:
    """A customer of a test's own, with a direct contact and a linked shared one, made over REST."""

    def __init__(self, program: Rest, number: str) -> None:
        self.program, self.number, self.company = program, number, f"{number} Ltd"
        self.domain = f"{number.lower()}.example"
        self.customer = program.add_customer(
            account_number=number,
            company_name=self.company,
            email=f"accounts@{self.domain}",
            email_billing=True,
            email_bill_type="short",
        )
        self.direct_name, self.shared_name = f"Dora {number}", f"Sheila {number}"
        self.direct = program.add_direct_contact(
            self.customer,
            first_name="Dora",
            last_name=number,
            email=f"dora@{self.domain}",
            email_bill_type="short",
            account_password=PASSWORD,
        )
        self.shared = program.add_shared_contact(
            first_name="Sheila", last_name=number, email=f"sheila@{self.domain}", position="Accountant"
        )
        program.link(self.customer, self.shared)

    def kinds(self) -> dict[str, str]:
        """Return the kind of each of the customer's contacts, by name, as REST gives it."""
        answer = self.program.call("GET", f"/customer/{self.customer}/contacts")
        rows = answer.json()["result"] if answer.status_code == 200 else []
        return {f"{row['first_name'] or ''} {row['last_name']}".strip(): row["kind"] for row in rows}

    def read(self, path: str) -> Any:
        """Return what REST gives, or its status if that is an error."""
        answer = self.program.call("GET", path)
        return answer.json()["result"] if answer.status_code == 200 else answer.status_code


@pytest.fixture(scope="module")
def case(demo) -> Callable[[], Case]:
    """Return a function that makes a case with a number that no other has."""
    program, made = Rest(demo.url, "admin"), []

    def new() -> Case:
        made.append(Case(program, f"TASK{len(made) + 1:02}X"))
        return made[-1]

    return new


@pytest.fixture
def work(staff) -> Callable[[type[Hands], str, str], Hands]:
    """Return a function that opens a page for somebody, in one of the two ways."""

    def begin(kind: type[Hands], user: str, path: str) -> Hands:
        page = staff(user)
        assert page.goto(path).status == 200
        return kind(page)

    return begin


def entries(page) -> list[str]:
    """Return what the Actions menu of a page offers."""
    menu = page.get_by_role("main").or_(page.locator("body")).locator(".dropdown", has_text="Actions").first
    return [text.strip() for text in menu.locator(".dropdown-item").all_text_contents()]


def heading(hands: Hands, text: str) -> None:
    """See that a page of this name is open."""
    expect(hands.page.get_by_role("heading", level=1)).to_have_text(text)


def says(hands: Hands, text: str) -> None:
    """See that the page says something."""
    expect(hands.page.get_by_role("main").or_(hands.page.locator(".notice")).get_by_text(text).first).to_be_visible()


@EITHER
def test_see_a_customer(case, work, kind, user):
    one = case()
    hands = work(kind, user, f"/customers/list/?q={one.number}")
    hands.follow(one.number)
    heading(hands, one.company)
    tabs = hands.page.locator("#tabs .tab-bar a").all_inner_texts()
    documents = [*(["Invoices"] if user == "finance" else []), "Correspondence", "Tickets"]
    wanted = ["Contacts", *documents, "Messages", "History"]
    assert [tab.split("\n")[0].split(" ")[0] for tab in tabs] == wanted
    rows = hands.page.get_by_role("row")
    for name, word in one.kinds().items():
        expect(rows.filter(has_text=name)).to_contain_text(word.capitalize())
    hands.follow(one.direct_name)
    heading(hands, one.direct_name)


@EITHER
def test_add_a_direct_contact(case, work, kind, user):
    one = case()
    hands = work(kind, user, f"/customers/show/{one.customer}")
    hands.follow("Add contact")
    says(hands, one.company)
    expect(hands.page.get_by_role("combobox", name="Customer")).to_have_count(0)
    hands.fill("First Name", "Nora")
    hands.fill("Last Name", "New")
    hands.press("Save")
    heading(hands, "Nora New")
    says(hands, "Direct")
    assert one.kinds() == {one.direct_name: "direct", one.shared_name: "shared", "Nora New": "direct"}


@EITHER
def test_add_a_shared_contact_and_link_it(case, work, kind, user):
    one = case()
    name = f"Everywhere{one.number}"
    hands = work(kind, user, "/contacts/list/")
    hands.open("Add", "Contact")
    hands.fill("Last Name", name)
    hands.press("Save")
    says(hands, "Shared")
    hands.page.goto(f"/customers/show/{one.customer}")
    hands.open("Actions", "Add Shared Contact")
    hands.pick("Shared contact", name)
    hands.press("Add Shared Contact")
    says(hands, f"{name} is linked.")
    assert one.kinds()[name] == "shared"


@EITHER
def test_somebody_who_is_there_already_is_linked_instead(case, work, kind, user):
    one, other = case(), case()
    hands = work(kind, user, f"/contacts/add?customer_id={one.customer}")
    hands.fill("Last Name", "Twice")
    hands.fill("Email", f"sheila@{other.domain}")
    hands.press("Save")
    says(hands, "Already there")
    hands.press("Link that one instead")
    says(hands, f"{other.shared_name} is linked.")
    assert one.kinds()[other.shared_name] == "shared"


@EITHER
def test_edit_a_shared_contact(case, work, kind, user):
    one, other = case(), case()
    one.program.link(other.customer, one.shared)
    hands = work(kind, user, f"/contacts/show/{one.shared}")
    for customer in (one, other):
        says(hands, customer.company)
    hands.open("Actions", "Edit")
    notice = hands.page.locator(".notice", has_text="A change applies everywhere")
    for customer in (one, other):
        expect(notice).to_contain_text(customer.company)
    hands.fill("Position", "Head of copies")
    hands.press("Save")
    says(hands, "Saved.")
    assert one.read(f"/contact/{one.shared}")["position"] == "Head of copies"


@EITHER
def test_remove_a_shared_contact_and_take_it_back(case, work, kind, user):
    one = case()
    hands = work(kind, user, f"/customers/show/{one.customer}")
    hands.open("Actions", "Remove Shared Contact")
    hands.pick("Shared contact", one.number)
    hands.press("Remove Shared Contact")
    says(hands, f"{one.shared_name} is no longer linked.")
    assert one.kinds() == {one.direct_name: "direct"}
    hands.press("Undo")
    says(hands, f"{one.shared_name} is linked.")
    assert one.kinds() == {one.direct_name: "direct", one.shared_name: "shared"}


@EITHER
def test_convert_to_shared(case, work, kind, user):
    one = case()
    hands = work(kind, user, f"/contacts/show/{one.direct}")
    hands.open("Actions", "Convert to Shared Contact")
    says(hands, f"{one.direct_name} stays linked to {one.number} {one.company}")
    hands.press("Convert to Shared Contact")
    heading(hands, one.direct_name)
    expect(hands.page.locator(".page-subtitle")).to_contain_text("Shared")
    assert "Convert to Shared Contact" not in entries(hands.page)
    assert one.kinds()[one.direct_name] == "shared"
    assert one.read(f"/contact/{one.direct}")["customer_id"] is None


@EITHER
def test_delete_a_contact_and_take_it_back(case, work, kind, user):
    one = case()
    hands = work(kind, user, f"/contacts/show/{one.shared}")
    hands.open("Actions", "Delete")
    says(hands, f"These customers lose it: {one.number} {one.company}.")
    hands.press("Delete")
    says(hands, f"Contact {one.shared_name} was deleted.")
    assert one.read(f"/contact/{one.shared}") == 404
    hands.press("Undo")
    says(hands, f"Contact {one.shared_name} was restored.")
    assert one.kinds() == {one.direct_name: "direct", one.shared_name: "shared"}


@FINANCE
def test_delete_a_customer_and_restore_it_from_the_trash(case, work, kind, user):
    one = case()
    hands = work(kind, user, f"/customers/show/{one.customer}")
    hands.open("Actions", "Delete")
    says(hands, f"The direct contact {one.direct_name} goes along.")
    hands.press("Delete")
    says(hands, "was deleted.")
    assert one.read(f"/customer/{one.customer}") == one.read(f"/contact/{one.direct}") == 404
    assert one.read(f"/contact/{one.shared}")["last_name"] == one.number
    hands.page.goto(f"/trash/?kind=customer&q={one.number}")
    restore = hands.page.get_by_role("button", name="Restore").inner_text()
    hands.press(" ".join(restore.split()))
    says(hands, "was restored.")
    assert one.kinds() == {one.direct_name: "direct", one.shared_name: "shared"}


def test_support_is_not_offered_to_delete_a_customer(case, work):
    one = case()
    hands = work(Keyboard, "support", f"/customers/show/{one.customer}")
    assert entries(hands.page) == ["Edit", "Add Shared Contact", "Remove Shared Contact"]
    assert hands.page.goto(f"/customers/delete/{one.customer}").status == 403


@SUPPORT
def test_verify_a_password(case, work, kind, user):
    one = case()
    hands = work(kind, user, f"/contacts/show/{one.direct}")
    hands.open("Actions", "Verify Password")
    hands.fill("Password that the caller says", "marmalade at one")
    hands.press("Verify Password")
    says(hands, "No, this is not the password.")
    hands.fill("Password that the caller says", PASSWORD)
    hands.press("Verify Password")
    says(hands, "Yes, this is the password.")
    assert PASSWORD not in hands.page.content()
    answer = one.program.call("POST", f"/contact/{one.direct}/verify_password", json={"password": PASSWORD})
    assert answer.json() == {"result": {"verified": True}}


def test_finance_is_not_offered_to_verify_a_password(case, work):
    one = case()
    hands = work(Mouse, "finance", f"/contacts/show/{one.direct}")
    assert "Receives" in entries(hands.page)
    assert "Verify Password" not in entries(hands.page)


@EITHER
def test_see_what_a_contact_gets(case, work, kind, user):
    one = case()
    hands = work(kind, user, f"/contacts/show/{one.direct}")
    hands.open("Actions", "Receives")
    heading(hands, f"What {one.direct_name} receives")
    row = hands.page.get_by_role("row").filter(has_text=one.company)
    expect(row).to_contain_text("Short")
    expect(row).to_contain_text("Nothing")
    received = one.read(f"/contact/{one.direct}/receives")
    assert [entry["email_bill_type"] for entry in received] == ["short"]


LINE = {"description": "Broadband", "quantity": "2", "unit_price": "10.00", "tax_rate": "20"}


@FINANCE
def test_send_and_ask_why(case, work, kind, user):
    one = case()
    invoice, number = one.program.add_invoice(one.customer, [LINE])
    hands = work(kind, user, f"/invoices/show/{invoice}")
    hands.open("Actions", "Send")
    gets = hands.page.get_by_role("table", name="Who gets it").get_by_role("row")
    expect(gets.filter(has_text=f"dora@{one.domain}")).to_contain_text("A bill format is chosen")
    says(hands, "Who does not (1)")
    hands.press("Send 2 copies")
    says(hands, "2 copies are on the way.")
    addresses = {f"accounts@{one.domain}", f"dora@{one.domain}"}
    wait_until(lambda: one.program.states(invoice) == dict.fromkeys(addresses, "sent"), seconds=60)

    hands.page.goto(f"/customers/show/{one.customer}?tab=messages")
    skipped = hands.page.get_by_role("row").filter(has_text=f"sheila@{one.domain}")
    expect(skipped).to_contain_text("Not sent")
    hands.page.goto(f"/contacts/show/{one.direct}?tab=messages")
    hands.follow(number)
    says(hands, "A bill format is chosen under the contact's Copy Email Bill.")


@FINANCE
def test_send_again(case, work, kind, user):
    one = case()
    invoice, _ = one.program.add_invoice(one.customer, [LINE])
    one.program.send(invoice, one.program.plan(invoice)[0])
    wait_until(lambda: set(one.program.states(invoice).values()) == {"sent"}, seconds=60)
    hands = work(kind, user, f"/invoices/show/{invoice}")
    hands.open("Actions", "Send Again")
    hands.check(f"Send again to dora@{one.domain}")
    hands.fill("Reason", "The first one was lost")
    hands.press("Send Again")
    says(hands, "on the way")
    again = [row["address"] for row in one.program.messages(invoice)]
    assert sorted(again) == [f"accounts@{one.domain}", *[f"dora@{one.domain}"] * 2]


@FINANCE
def test_credit_an_invoice_and_send_the_credit_note(case, work, kind, user):
    one = case()
    invoice, number = one.program.add_invoice(one.customer, [LINE])
    one.program.send(invoice, one.program.plan(invoice)[0])
    hands = work(kind, user, f"/invoices/show/{invoice}")
    hands.open("Actions", "Credit")
    hands.fill("Reason (required)", "Out of order for a week")
    hands.fill("Quantity, line 1", "1")
    hands.press("Make credit note")
    note = number.replace("/1", "/2")
    says(hands, f"Credit note {note} was made. It can be sent.")
    says(hands, "Out of order for a week")
    hands.open("Actions", "Send")
    hands.press("Send 2 copies")
    says(hands, "2 copies are on the way.")
    made = hands.page.url.rpartition("/")[2].partition("?")[0]
    wait_until(lambda: set(one.program.states(int(made)).values()) == {"sent"}, seconds=60)
    hands.page.goto(f"/invoices/show/{invoice}")
    hands.follow(note)
    says(hands, f"Credit note {note}")
