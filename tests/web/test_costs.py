"""What a page costs: the SQL statements of the committed baseline, at ten rows and at ten thousand, and little HTML.

`COUNTERPART_WRITE_BASELINE=1` writes `sql_baseline.json` anew; the difference is then looked at and committed.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import event, insert

from app.contacts.models import Contact, ContactLink
from app.core import search_index
from app.core.models import AuditEntry, AuditRecord
from app.correspondence.bulk.models import BulkLetterOutcome, BulkLetterRow
from app.correspondence.models import Correspondence
from app.customers.models import Customer
from app.extensions import db
from app.invoices.billing_runs.models import RunInvoice, RunOutcome
from app.invoices.models import Invoice, InvoiceLine
from app.mailer.models import Message, MessageAttempt
from app.tickets.models import Ticket, TicketUpdate
from tests.web.house import House, any_house

pytestmark = pytest.mark.slow

BASELINE = Path(__file__).with_name("sql_baseline.json")
CUSTOMERS = 3_000
CONTACTS = 10_000
KIB = 1024
RECORD = {
    "created_at": datetime(2026, 1, 1, tzinfo=UTC),
    "last_modified_at": datetime(2026, 1, 1, tzinfo=UTC),
    "version": 1,
    "email_bill_type": "none",
    "email_billing": True,
}
# A hundred contacts of one customer, and a plan that names each of its four hundred, take their room.
# So do a hundred entries of a history with what changed, and fifty rows of three records each.
LARGER = {"customers show contacts": 100, "invoices send": 200, "customers show history": 150, "audit list": 80}
# What one contact receives from each of three hundred customers, too.
LARGER["contacts receives from many customers"] = 150
# What stands in the plan of each invoice of a run.
OUTCOMES = ("gets:short", "format_none", "no_address")
# The form of an update names each of four hundred contacts with what is in the way.
LARGER |= {"tickets add to customer": 200, "tickets answer": 200}
# The plan of a letter names each of the four hundred, as that of an invoice does.
LARGER["correspondence send"] = 200
PAGES = {
    "home": "/",
    "customers list": "/customers/list/",
    "customers search": "/customers/list/?q=cost",
    "customers show contacts": "/customers/show/{customer}?tab=contacts",
    "customers show invoices": "/customers/show/{customer}?tab=invoices",
    "customers show messages": "/customers/show/{customer}?tab=messages",
    "customers add": "/customers/add",
    "customers edit": "/customers/edit/{customer}",
    "contacts list": "/contacts/list/",
    "contacts search": "/contacts/list/?q=cost",
    "contacts show customers": "/contacts/show/{contact}?tab=customers",
    "contacts show many customers": "/contacts/show/{many}?tab=customers",
    "contacts show messages": "/contacts/show/{contact}?tab=messages",
    "contacts add": "/contacts/add",
    "contacts add to customer": "/contacts/add?customer_id={customer}",
    "contacts edit": "/contacts/edit/{contact}",
    "contacts edit shared": "/contacts/edit/{linked}",
    "contacts receives": "/contacts/{contact}/receives",
    "contacts receives from many customers": "/contacts/{many}/receives",
    "contacts edit of many customers": "/contacts/edit/{many}",
    "contacts delete of many customers": "/contacts/delete/{many}",
    "add shared contact": "/customers/{customer}/add-shared-contact",
    "customers show tickets": "/customers/show/{customer}?tab=tickets",
    "tickets list": "/tickets/list/",
    "tickets show conversation": "/tickets/show/{ticket}",
    "tickets show messages": "/tickets/show/{ticket}?tab=messages",
    "tickets add to customer": "/tickets/add?customer_id={customer}",
    "tickets edit": "/tickets/edit/{ticket}",
    "tickets answer": "/tickets/{ticket}/answer",
    "incoming mails list": "/inbound-mails/list/",
    "incoming mails show": "/inbound-mails/show/{inbound_mail}",
    "incoming mails add to ticket": "/inbound-mails/{inbound_mail}/add-to-ticket",
    "invoices list": "/invoices/list/",
    "invoices show lines": "/invoices/show/{draft}?tab=lines",
    "invoices show usage": "/invoices/show/{draft}?tab=usage",
    "invoices show messages": "/invoices/show/{invoice}?tab=messages",
    "invoices add": "/invoices/add",
    "invoices edit": "/invoices/edit/{draft}",
    "invoices send": "/invoices/{draft}/send",
    "invoices send again": "/invoices/{invoice}/send-again",
    "billing runs list": "/billing-runs/list/",
    "billing runs add": "/billing-runs/add",
    "billing runs show": "/billing-runs/show/{billing_run}",
    "billing runs show invoices": "/billing-runs/show/{billing_run}?tab=invoices",
    "billing runs start": "/billing-runs/{billing_run}/start",
    "correspondence list": "/correspondence/list/",
    "correspondence search": "/correspondence/list/?q=cost",
    "correspondence show pdf": "/correspondence/show/{correspondence}?tab=pdf",
    "correspondence show mail": "/correspondence/show/{correspondence}?tab=mail",
    "correspondence show attachments": "/correspondence/show/{correspondence}?tab=attachments",
    "correspondence mail": "/correspondence/{correspondence}/mail",
    "correspondence add": "/correspondence/add",
    "correspondence edit": "/correspondence/edit/{correspondence}",
    "correspondence send": "/correspondence/{correspondence}/send",
    "bulk letters list": "/bulk-letters/list/",
    "bulk letters add": "/bulk-letters/add",
    "bulk letters show": "/bulk-letters/show/{bulk_letter}",
    "bulk letters show customers": "/bulk-letters/show/{bulk_letter}?tab=customers",
    "bulk letters start": "/bulk-letters/{bulk_letter}/start",
    "bulk letters preview": "/bulk-letters/{bulk_letter}/preview",
    "bulk letters preview mail": "/bulk-letters/{bulk_letter}/preview-mail",
    "correspondence list of bulk letters": "/correspondence/list/?bulk_letter={bulk_letter}",
    "customers show correspondence": "/customers/show/{customer}?tab=correspondence",
    "messages list": "/messages/list/",
    "messages show why": "/messages/show/{message}?tab=why",
    "messages show attempts": "/messages/show/{message}?tab=attempts",
    "topics list": "/topics/list/",
    "api keys list": "/api-keys/list/",
    "customers show history": "/customers/show/{customer}?tab=history",
    "audit list": "/audit/list/?resource=customer",
    "audit show": "/audit/show/{audit}",
    "trash list": "/trash/?kind=contact",
    "trash show": "/trash/contact/{trashed}",
    "trash purge": "/trash/contact/{trashed}/purge",
    "search": "/search/?q=cost",
    "picker customer": "/pickers/customer?q=cost",
    "picker contact": "/pickers/linkable_contact?q=shared&customer_id={customer}",
    "users list": "/users/list/",
    "REST customer list": "/api/v1/customer/?q=(page_size:100)",
    "REST customer get": "/api/v1/customer/{customer}",
    "REST customer contacts": "/api/v1/customer/{customer}/contacts",
    "REST contact list": "/api/v1/contact/?q=(page_size:100)",
    "REST contact get": "/api/v1/contact/{contact}",
    "REST ticket list": "/api/v1/ticket/?q=(page_size:100)",
    "REST ticket updates": "/api/v1/ticket/{ticket}/updates",
    "REST incoming mail list": "/api/v1/inbound_mail/?q=(page_size:100)",
    "REST incoming mail get": "/api/v1/inbound_mail/{inbound_mail}",
    "REST invoice list": "/api/v1/invoice/?q=(page_size:100)",
    "REST invoice get": "/api/v1/invoice/{draft}",
    "REST invoice plan": "/api/v1/invoice/{draft}/plan",
    "REST billing run list": "/api/v1/billing_run/?q=(page_size:100)",
    "REST billing run plan": "/api/v1/billing_run/{billing_run}/plan",
    "REST billing run invoices": "/api/v1/billing_run/{billing_run}/invoices",
    "REST correspondence list": "/api/v1/correspondence/?q=(page_size:100)",
    "REST correspondence get": "/api/v1/correspondence/{correspondence}",
    "REST correspondence plan": "/api/v1/correspondence/{correspondence}/plan",
    "REST bulk letter list": "/api/v1/bulk_letter/?q=(page_size:100)",
    "REST bulk letter plan": "/api/v1/bulk_letter/{bulk_letter}/plan",
    "REST bulk letter customers": "/api/v1/bulk_letter/{bulk_letter}/customers",
    "REST message list": "/api/v1/message/?q=(page_size:100)",
    "REST message get": "/api/v1/message/{message}",
    "REST topic list": "/api/v1/topic/",
    "REST audit list": "/api/v1/audit/?q=(page_size:100)",
    "REST audit get": "/api/v1/audit/{audit}",
    "REST contact receives": "/api/v1/contact/{contact}/receives",
    "REST contact trash": "/api/v1/contact/trash?q=(page_size:100)",
}


@pytest.fixture(scope="module")
def small(filled, tmp_path_factory) -> Iterator[House]:
    with any_house(tmp_path_factory.mktemp("small"), filled) as one:
        add_rows(one, customers=4, contacts=6)
        add_links(one, count=2)
        yield one


@pytest.fixture(scope="module")
def large(filled, tmp_path_factory) -> Iterator[House]:
    with any_house(tmp_path_factory.mktemp("large"), filled) as one:
        add_rows(one, customers=CUSTOMERS, contacts=CONTACTS)
        add_links(one, count=300)
        yield one


def add_links(house: House, *, count: int) -> None:
    """Make a shared contact and link it to the first `count` of the customers that were added."""
    contact_id = house.world.ours["many"] = 900
    common = {name: value for name, value in RECORD.items() if name != "email_billing"}
    rows = [{"customer_id": n, "contact_id": contact_id, "linked_by": "admin"} for n in range(100, 100 + count)]
    with house.app.app_context(), db.engine.begin() as connection:
        connection.execute(insert(Contact.__table__), [{"id": contact_id, "last_name": "Many", **common}])
        connection.execute(insert(ContactLink), rows)


def add_rows(house: House, *, customers: int, contacts: int) -> None:
    """Add customers with contacts, an invoice and a message each; every 25th contact is our customer's."""
    ours, lookups = house.world.ours["customer"], house.world.lookups
    status, title, kind = lookups["customer_status"], lookups["title"], lookups["contact_type"]
    ids = range(100, 100 + customers)
    days = {"invoice_date": date(2026, 1, 1), "due_date": date(2026, 2, 1)}
    amounts = {"currency": "GBP", "status": "sent", "net": 1, "tax": 0, "total": 1}
    desk = {"ticket_type_id": lookups["ticket_type"], "ticket_status_id": lookups["ticket_status"]}
    line = {"position": 0, "description": "Cost", "quantity": 1, "unit_price": 1, "tax_rate": 0, "net": 1}
    mail = {"language": "en", "recipient_name": "", "document_kind": "invoice", "document_version": 1, "revision": 0}
    mail |= {"usage_reports": [], "reasons": [], "state": "sent"}

    run_row = {"state": "waiting", "fingerprint": "0" * 64, "seen_version": 1, "seen_until": 0, "copies": 1}
    run_row |= {"reaches_nobody": False}
    letter_row = {name: run_row[name] for name in ("state", "fingerprint", "copies", "reaches_nobody")}
    letter_row |= {"invoice_ids": []}

    def of_contact(n: int) -> int | None:
        return ours if n % 25 == 0 else 100 + n % customers if n % 3 else None

    def address(n: int) -> dict[str, str]:
        text = f"a{n}@cost.example"
        return {"address": text, "address_normalised": text, "message_id": f"<{text}>"}

    words = {
        "series": 1,
        "correspondence_type_id": house.world.lookups["correspondence_type"],
        "correspondence_class": "billing",
        "subject": "Cost",
        "filled_subject": "Cost",
        "filled_body": "Cost",
        "language": "en",
        "status": "ready",
    }
    tables = {
        Customer: [
            {"id": n, "account_number": f"COST-{n}", "company_name": f"Cost {n}", "status_id": status} for n in ids
        ],
        Contact: [
            {
                "id": n,
                "last_name": f"Cost {n}",
                "contact_type_id": kind,
                "title_id": title,
                "customer_id": of_contact(n),
            }
            for n in range(1000, 1000 + contacts)
        ],
        Invoice: [{"id": n, "number": f"COST-{n}/1", "series": 1, "customer_id": n, **days, **amounts} for n in ids],
        Ticket: [
            {"id": n, "number": f"COST-{n}/T001", "series": 1, "customer_id": n, "subject": f"Cost {n}", **desk}
            for n in ids
        ],
        TicketUpdate: [
            {"id": n, "ticket_id": n, "position": 1, "kind": "text", "body": "x", "internal": False, "door": "cli"}
            for n in ids
        ],
        Correspondence: [{"id": n, "number": f"COST-{n}/C001", "customer_id": n, **words} for n in ids],
        InvoiceLine: [{"id": n, "invoice_id": n, **line} for n in ids],
        Message: [
            {"id": n, "customer_id": n, "document_id": n, "document_number": f"COST-{n}/1", **mail, **address(n)}
            for n in ids
        ],
        RunInvoice: [{"id": n, "run_id": house.world.ours["billing_run"], "invoice_id": n, **run_row} for n in ids],
        BulkLetterRow: [
            {"id": n, "run_id": house.world.ours["bulk_letter"], "customer_id": n, **letter_row} for n in ids
        ],
        BulkLetterOutcome: [{"row_id": n, "outcome": outcome, "number": 1} for n in ids for outcome in OUTCOMES],
        RunOutcome: [{"row_id": n, "outcome": outcome, "number": 1} for n in ids for outcome in OUTCOMES],
        MessageAttempt: [
            {"id": n, "message_id": n, "started_at": RECORD["created_at"], "outcome": "sent"} for n in ids
        ],
    }
    tables |= audit_rows(house, customers)
    gone = {"deleted_at": RECORD["created_at"], "last_deleted_at": RECORD["created_at"]}
    deleted = [
        {"id": n, "last_name": f"Gone {n}", "deletion_id": n - 10_000, **gone}
        for n in range(20_000, 20_000 + customers)
    ]
    house.world.ours["trashed"] = 20_000
    with house.app.app_context(), db.engine.begin() as connection:
        for model, rows in tables.items():
            columns = set(model.__table__.columns.keys())
            common = {name: value for name, value in RECORD.items() if name in columns}
            connection.execute(insert(model.__table__), [{**common, **row} for row in rows])
        common = {name: value for name, value in RECORD.items() if name in Contact.__table__.columns}
        connection.execute(insert(Contact.__table__), [{**common, **row} for row in deleted])
    with house.session() as session:
        search_index.reindex(session)
        session.commit()


def audit_rows(house: House, customers: int) -> dict[type, list[dict[str, object]]]:
    """Return more entries than a page has, each about our customer, its contact and its draft."""
    ours, number = house.world.ours, itertools.count(100_000)
    status = [house.world.lookups["customer_status"], None]
    changes = {"company_name": ["Cost and Daughters", "Cost and Sons"], "status": status}
    touched = (("customer", "customer", changes), ("contact", "contact", {}), ("invoice", "draft", {}))
    ids = range(10_000, 10_120 + customers)
    entry = {"at": RECORD["created_at"], "username": "admin", "door": "screen", "verb": "customer:updated"}
    return {
        AuditEntry: [{"id": n, **entry} for n in ids],
        AuditRecord: [
            {
                "id": next(number),
                "entry_id": n,
                "label": "Cost",
                "resource": resource,
                "record_id": ours[key],
                "changes": what,
            }
            for n in ids
            for resource, key, what in touched
        ],
    }


def measured(house: House, path: str) -> tuple[int, int]:
    """Return the statements and the bytes of a page, once it is warm."""
    address = path.format(**house.world.ours)
    ask = house.api() if path.startswith("/api/") else (lambda _, where: house.browser().get(where))
    assert ask("get", address).status_code == 200, address
    statements = []

    def note(_connection, _cursor, statement, *_):
        # SQLite is told when to begin, which says nothing about the page.
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    with house.app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    answer = ask("get", address)
    event.remove(engine, "before_cursor_execute", note)
    assert answer.status_code == 200
    return len(statements), len(answer.data)


@pytest.fixture(scope="module")
def baseline(small) -> dict[str, int]:
    if os.environ.get("COUNTERPART_WRITE_BASELINE"):
        counts = {name: measured(small, path)[0] for name, path in PAGES.items()}
        BASELINE.write_text(json.dumps(counts, indent=2) + "\n", encoding="utf-8")
    return json.loads(BASELINE.read_text(encoding="utf-8"))


def test_the_baseline_speaks_of_these_pages(baseline):
    assert list(baseline) == list(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_costs_what_the_baseline_says_at_any_size(small, large, baseline, name):
    few, _ = measured(small, PAGES[name])
    many, size = measured(large, PAGES[name])
    # A page that shows fewer kinds of rows may ask for less; it never asks for more because there are more.
    assert few == baseline[name]
    assert many <= few
    if not name.startswith("REST"):
        assert size < LARGER.get(name, 50) * KIB, f"{size / KIB:.0f} KiB"


def test_a_picker_and_a_form_hold_few_of_many(large):
    page = large.browser().get("/contacts/add").text
    assert "Cost " not in page
    assert len(large.browser().get("/pickers/customer?q=cost").json["results"]) == 20
    listed = large.browser().get("/contacts/list/").text
    assert listed.count('href="/contacts/show/') in (20, 40)


def test_a_count_is_exact_up_to_ten_thousand_and_says_so_beyond(large):
    counted = large.api()("get", "/api/v1/contact/?q=(page_size:1)").json
    assert (counted["count"], counted["count_capped"]) == (10_000, True)
    counted = large.api()("get", "/api/v1/customer/?q=(page_size:1)").json
    assert counted["count"] == CUSTOMERS + 2
    assert "count_capped" not in counted
    assert "10,000" in large.browser().get("/contacts/list/").text
