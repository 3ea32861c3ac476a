"""The trash at its doors: over REST and on the screen, by role and dealer; Undo; and `flask purge`."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from app.access.table import LOOKUPS
from app.contacts import service as contacts
from app.contacts.models import Contact, ContactLink
from app.core.models import AuditEntry
from app.customers.models import Customer
from app.customers.service import delete_customer
from app.extensions import db

REASON = {"reason": "They asked us to."}


def get(house, model, key):
    with house.session() as session:
        return session.get(model, key)


def deleted(house, kind="contact", name="admin", **values):
    """Make a record and delete it over REST; return its id."""
    number = house.customer(**values) if kind == "customer" else house.contact(**values)
    assert house.api(name)("delete", f"/api/v1/{kind}/{number}").status_code == 200
    return number


def undo_form(page: str) -> tuple[str, dict[str, str]]:
    """Return where the Undo button of a page posts to, and what."""
    form = re.search(r'<form method="post" action="([^"]+)" class="notice-undo">(.*?)</form>', page, re.DOTALL)
    assert form, "no Undo button"
    return form[1], dict(re.findall(r'name="(?!csrf)(\w+)" value="([^"]*)"', form[2]))


class TestRest:
    def test_deleted_records_are_given_with_their_deletion(self, house):
        customer = house.customer(company_name="Trashed works")
        direct = house.contact(customer_id=customer, last_name="Along")
        house.api("finance")("delete", f"/api/v1/customer/{customer}")
        wanted = f"?q=(filters:!((col:id,opr:eq,value:{customer})))"
        answer = house.api()("get", f"/api/v1/customer/trash{wanted}").json
        (row,) = answer["result"]
        assert (answer["count"], answer["ids"]) == (1, [customer])
        assert row["company_name"] == "Trashed works"
        assert row["deleted_at"]
        assert row["deletion"] == {"deleted_by": "finance", "went_with": None, "took_along": 1}
        wanted = f"?q=(filters:!((col:id,opr:eq,value:{direct})))"
        (row,) = house.api()("get", f"/api/v1/contact/trash{wanted}").json["result"]
        root = row["deletion"]["went_with"]
        assert (root["resource"], root["id"]) == ("customer", customer)
        assert root["label"].endswith("Trashed works")

    def test_pages_orders_and_columns_are_as_in_lists(self, house):
        ours = [deleted(house, last_name=f"Paged {n}") for n in range(5)]
        prefix = "filters:!((col:last_name,opr:sw,value:'Paged ')),page_size:2"
        call = house.api()
        last = call("get", f"/api/v1/contact/trash?q=({prefix})").json
        assert last["ids"] == [ours[4], ours[3]]
        assert last["count"] == 5
        after = call("get", f"/api/v1/contact/trash?q=({prefix},after:'{last['next']}')").json
        assert after["ids"] == [ours[2], ours[1]]
        named = call("get", f"/api/v1/contact/trash?q=({prefix},order_column:last_name,columns:!(last_name))").json
        assert [set(row) for row in named["result"]] == [{"last_name", "deletion"}] * 2
        assert named["result"][0]["last_name"] == "Paged 0"
        assert call("get", "/api/v1/contact/trash?q=(order_column:nonsense)").status_code == 400

    @pytest.mark.parametrize("resource", ["customer", "contact", "invoice", "ticket", *LOOKUPS])
    def test_every_record_is_deleted_restored_and_purged(self, house, resource):
        call, customer = house.api(), house.customer()
        given = {"name": f"Gone {resource}"}
        if resource == "dealer":
            given |= {"code": "GONE"}
        elif resource == "correspondence_type":
            given |= {"correspondence_class": "billing"}
        elif resource == "customer":
            given = {"account_number": "GONE-1", "last_name": "Gone"}
        elif resource == "contact":
            given = {"last_name": "Gone"}
        elif resource == "invoice":
            given = {"customer_id": customer, "invoice_date": "2026-01-01", "due_date": "2026-02-01", "lines": []}
        elif resource == "ticket":
            given = {"customer_id": customer, "ticket_type": house.world.lookups["ticket_type"]}
            given |= {"subject": "Gone", "body": "Gone"}
        path = f"/api/v1/{resource}/"
        number = call("post", path, json=given).json["id"]
        at = f"{path}{number}"
        assert call("post", f"{at}/restore").json["code"] == "not_deleted"
        assert call("post", f"{at}/purge", json=REASON).json["code"] == "not_deleted"
        assert call("delete", at).status_code == 200
        trashed = call("get", f"{path}trash").json
        assert number in trashed["ids"]
        back = call("post", f"{at}/restore")
        assert (back.status_code, back.json["id"]) == (200, number)
        assert back.headers["ETag"] == f'"{back.json["result"]["version"]}"'
        assert call("get", at).status_code == 200
        call("delete", at)
        version = next(row for row in call("get", f"{path}trash").json["result"] if row["id"] == number)["version"]
        assert call("post", f"{at}/restore", json={"version": version + 1}).status_code == 412
        assert call("post", f"{at}/purge", json={**REASON, "version": version + 1}).status_code == 412
        assert call("post", f"{at}/purge", json={}).json["errors"].keys() == {"reason"}
        assert call("post", f"{at}/purge", json={**REASON, "more": 1}).status_code == 422
        assert call("post", f"{at}/purge").status_code == 415
        answer = call("post", f"{at}/purge", json=REASON, headers={"If-Match": f'"{version}"'})
        assert answer.status_code == 200, answer.text
        assert number not in call("get", f"{path}trash").json["ids"]
        for method, where, body in (
            ("get", at, None),
            ("delete", at, None),
            ("post", f"{at}/restore", None),
            ("post", f"{at}/purge", REASON),
        ):
            assert call(method, where, **({"json": body} if body else {})).status_code == 404, where

    def test_a_message_is_purged_and_has_no_trash(self, house):
        call, number = house.api(), house.world.theirs["message"]
        assert call("get", "/api/v1/message/trash").status_code == 404
        assert call("post", f"/api/v1/message/{number}/restore").status_code in (404, 405)
        answer = call("post", f"/api/v1/message/{number}/purge", json=REASON)
        assert (answer.status_code, answer.json["code"]) == (409, "under_way")
        assert call("post", f"/api/v1/message/{number}/cancel").status_code == 200
        assert call("post", f"/api/v1/message/{number}/purge", json=REASON).status_code == 200
        assert call("get", f"/api/v1/message/{number}").status_code == 404

    @pytest.mark.parametrize(
        ("name", "kind", "trash", "restore", "purge"),
        [
            ("admin", "customer", 200, 200, 200),
            ("finance", "customer", 200, 200, 403),
            ("support", "customer", 403, 403, 403),
            ("auditor", "customer", 200, 403, 403),
            ("finance", "contact", 200, 200, 403),
            ("support", "contact", 200, 200, 403),
            ("auditor", "contact", 200, 403, 403),
            ("finance", "topic", 403, 403, 403),
            ("auditor", "topic", 200, 403, 403),
            ("", "contact", 401, 401, 401),
        ],
    )
    def test_who_may_what(self, house, name, kind, trash, restore, purge):
        if kind == "topic":
            number = house.api()("post", "/api/v1/topic/", json={"name": f"For {name}"}).json["id"]
            house.api()("delete", f"/api/v1/topic/{number}")
        else:
            number = deleted(house, kind)
        call = house.api(name)
        assert call("get", f"/api/v1/{kind}/trash").status_code == trash
        assert call("post", f"/api/v1/{kind}/{number}/purge", json=REASON).status_code == purge
        assert call("post", f"/api/v1/{kind}/{number}/restore").status_code == (404 if name == "admin" else restore)

    def test_a_dealers_staff_see_their_own_trash(self, house):
        ours = [deleted(house, "contact", dealer_code="NORTH"), deleted(house, "customer", dealer_code="NORTH")]
        theirs = [deleted(house, "contact", dealer_code="SOUTH"), deleted(house, "customer", dealer_code="SOUTH")]
        unowned = deleted(house, "contact")
        call = house.api("north_finance")
        for kind, own, foreign in zip(("contact", "customer"), ours, theirs, strict=True):
            ids = call("get", f"/api/v1/{kind}/trash?q=(page_size:100)").json["ids"]
            assert own in ids
            assert not {foreign, unowned} & set(ids)
            assert call("post", f"/api/v1/{kind}/{foreign}/restore").status_code == 404
            assert call("post", f"/api/v1/{kind}/{own}/restore").status_code == 200
        assert call("post", f"/api/v1/contact/{unowned}/restore").status_code == 404

    def test_a_shared_contact_comes_back_into_sight_or_not_at_all(self, house):
        """Its one tie to the dealer is a customer that is deleted too: the customer comes first."""
        customer, number = house.customer(dealer_code="NORTH"), house.contact(last_name="Tied")
        house.do(contacts.add_shared_contact, customer_id=customer, contact_id=number)
        call, browser = house.api("north_finance"), house.browser("north_finance")
        assert call("delete", f"/api/v1/contact/{number}").status_code == 200
        assert call("delete", f"/api/v1/customer/{customer}").status_code == 200
        entries = house.count("audit_entry")
        answer = call("post", f"/api/v1/contact/{number}/restore")
        assert (answer.status_code, answer.json["code"]) == (409, "parent_deleted")
        assert "shared by customers that are deleted too. Restore one of them first." in answer.json["message"]
        page = browser.post(f"/trash/contact/{number}/restore", follow_redirects=True)
        assert page.status_code == 200
        assert "Restore one of them first." in page.text
        assert get(house, Contact, number).deleted_at is not None
        assert house.count("audit_entry") == entries
        assert call("post", f"/api/v1/customer/{customer}/restore").status_code == 200
        assert call("post", f"/api/v1/contact/{number}/restore").status_code == 200
        # Whoever is of no dealer sees it without any customer.
        assert call("delete", f"/api/v1/contact/{number}").status_code == 200
        assert call("delete", f"/api/v1/customer/{customer}").status_code == 200
        assert house.api("finance")("post", f"/api/v1/contact/{number}/restore").status_code == 200


class TestScreen:
    def test_the_trash_tells_who_deleted_what_and_what_went_along(self, house):
        customer = house.customer(company_name="Listed works")
        house.contact(customer_id=customer, last_name="Listed along")
        house.do(delete_customer, "finance", customer_id=customer)
        page = house.browser().get("/trash/?kind=customer&q=listed+works").text
        assert f'href="/trash/customer/{customer}"' in page
        assert "1 other went along" in page
        assert re.search(r'data-label="Deleted by">\s*finance', page)
        assert f'action="/trash/customer/{customer}/restore"' in page
        page = house.browser().get("/trash/?kind=contact&q=along").text
        assert "Went with" in page
        assert f'href="/trash/customer/{customer}"' in page
        assert 'restore"' not in page.split("<main")[1]

    def test_each_role_gets_its_own_kinds(self, house):
        def kinds(name):
            page = house.browser(name).get("/trash/").text
            return re.findall(r'<option value="(\w+)"', page.split('id="trash-kind"')[1].split("</select>")[0])

        everything = [
            "customer",
            "contact",
            "invoice",
            "billing_run",
            "correspondence",
            "bulk_letter",
            "ticket",
            *LOOKUPS,
            "suppression",
        ]
        assert kinds("admin") == [*everything, "inbound_mail"]
        assert kinds("auditor") == everything
        assert kinds("finance") == ["customer", "contact", "invoice", "billing_run", "correspondence", "bulk_letter"]
        assert kinds("support") == ["contact", "correspondence", "bulk_letter", "ticket", "inbound_mail"]
        assert house.browser("support").get("/trash/?kind=customer").status_code == 403
        assert house.browser().get("/trash/?kind=nonsense").status_code == 404
        assert house.browser().get("/trash/?kind=message").status_code == 404

    def test_buttons_are_for_those_who_may(self, house):
        number = deleted(house, last_name="Buttoned")
        for name, may_restore, may_purge in (
            ("admin", True, True),
            ("finance", True, False),
            ("support", True, False),
            ("auditor", False, False),
        ):
            for path in ("/trash/?kind=contact&q=buttoned", f"/trash/contact/{number}"):
                page = house.browser(name).get(path).text
                assert (f"/trash/contact/{number}/restore" in page) is may_restore, (name, path)
                assert (f"/trash/contact/{number}/purge" in page) is may_purge, (name, path)

    def test_an_empty_trash_says_what_it_is_for(self, house):
        page = house.browser().get("/trash/?kind=ticket_status").text
        assert "Nothing of this kind in the trash" in page
        assert "stays here until it is restored or purged" in page
        assert "Nothing matches" in house.browser().get("/trash/?kind=contact&q=nosuchname").text

    def test_restoring_leads_to_the_record(self, house):
        number = deleted(house, last_name="Returned")
        page = house.browser("support").post(f"/trash/contact/{number}/restore", follow_redirects=True)
        assert page.request.path == f"/contacts/show/{number}"
        assert "Contact Returned was restored." in page.text

    def test_what_cannot_come_back_alone_says_what_to_do(self, house):
        customer = house.customer(company_name="Parent works")
        direct = house.contact(customer_id=customer, last_name="Child")
        house.do(delete_customer, customer_id=customer)
        page = house.browser().post(f"/trash/contact/{direct}/restore", follow_redirects=True).text
        assert "Child went along with" in page
        assert "Restoring" in house.browser().get(f"/trash/contact/{direct}").text

    def test_purging_lists_what_goes_and_asks_why(self, house):
        customer = house.customer(company_name="Purged works")
        house.contact(customer_id=customer, last_name="Purged along")
        shared = house.contact(last_name="Linked friend")
        house.do(contacts.add_shared_contact, customer_id=customer, contact_id=shared)
        house.do(delete_customer, customer_id=customer)
        browser, path = house.browser(), f"/trash/customer/{customer}/purge"
        page = browser.get(path).text
        for line in ("Purged works", "Purged along", "The link to Linked friend"):
            assert line in page.split("<main")[1]
        answer = browser.post(path, data={"reason": ""})
        assert answer.status_code == 422
        assert "why this is purged" in answer.text
        assert get(house, Customer, customer).company_name == "Purged works"
        answer = browser.post(path, data={"reason": "They asked."}, follow_redirects=True)
        assert answer.request.path == "/trash/"
        assert "Purged works was purged." in answer.text
        assert get(house, Customer, customer).company_name is None
        assert browser.get(f"/trash/customer/{customer}").status_code == 404
        assert browser.get(f"/customers/show/{customer}").status_code == 404
        assert house.browser("finance").get(path).status_code in (302, 403)

    def test_a_message_is_purged_from_its_page(self, house):
        number = house.world.ours["message"]
        browser = house.browser()
        assert "/trash/message/" not in browser.get(f"/messages/show/{number}").text
        house.api()("post", f"/api/v1/message/{number}/cancel")
        assert f"/trash/message/{number}/purge" in browser.get(f"/messages/show/{number}").text
        answer = browser.post(f"/trash/message/{number}/purge", data={"reason": "x"}, follow_redirects=True)
        assert answer.request.path == "/messages/list/"
        assert browser.get(f"/messages/show/{number}").status_code == 404


class TestUndo:
    @pytest.mark.parametrize("name", ["finance", "support"])
    def test_deleting_is_taken_back_by_one_click(self, house, name):
        number = house.contact(last_name="Undone")
        browser = house.browser(name)
        page = browser.post(f"/contacts/delete/{number}", follow_redirects=True).text
        assert "Contact Undone was deleted." in page
        url, fields = undo_form(page)
        assert get(house, Contact, number).deleted_at is not None
        page = browser.post(url, data=fields, follow_redirects=True).text
        assert "Contact Undone was restored." in page
        assert get(house, Contact, number).deleted_at is None
        assert "notice-undo" not in browser.get("/contacts/list/").text

    @pytest.mark.parametrize(
        ("meanwhile", "words"),
        [
            (["restore"], "is not deleted"),
            (["restore", "delete"], "restored, and deleted once more"),
            (["purge"], "There is no contact"),
        ],
    )
    def test_it_says_plainly_when_it_is_too_late(self, house, meanwhile, words):
        number = house.contact(last_name="Late")
        url, fields = undo_form(house.browser().post(f"/contacts/delete/{number}", follow_redirects=True).text)
        for one in meanwhile:
            if one == "delete":
                house.api()("delete", f"/api/v1/contact/{number}")
            else:
                body = REASON if one == "purge" else {}
                answer = house.api()("post", f"/api/v1/contact/{number}/{one}", json=body)
                assert answer.status_code == 200
        entries = house.count("audit_entry")
        page = house.browser().post(url, data=fields, follow_redirects=True).text
        assert "can&#39;t be undone any more" in page
        assert words in page
        assert house.count("audit_entry") == entries

    def test_it_takes_back_that_act_alone(self, house):
        customer = house.customer(company_name="Undone works")
        before, along = house.contact(customer_id=customer), house.contact(customer_id=customer)
        house.do(contacts.delete_contact, contact_id=before)
        page = house.browser().post(f"/customers/delete/{customer}", follow_redirects=True).text
        url, fields = undo_form(page)
        house.browser().post(url, data=fields)
        assert get(house, Customer, customer).deleted_at is None
        assert get(house, Contact, along).deleted_at is None
        assert get(house, Contact, before).deleted_at is not None

    def test_unlinking_is_taken_back_as_a_link_of_its_own(self, house):
        customer, contact = house.customer(), house.contact(last_name="Relinked")
        house.do(contacts.add_shared_contact, "finance", customer_id=customer, contact_id=contact)
        path = f"/customers/{customer}/remove-shared-contact"
        browser = house.browser("support")
        url, fields = undo_form(browser.post(path, data={"contact_id": contact}, follow_redirects=True).text)
        assert get(house, ContactLink, (customer, contact)) is None
        page = browser.post(url, data=fields, follow_redirects=True).text
        assert "Relinked" in page
        link = get(house, ContactLink, (customer, contact))
        assert link.linked_by == "support"
        with house.session() as session:
            entry = session.query(AuditEntry).order_by(AuditEntry.id.desc()).first()
            assert (entry.verb, entry.username) == ("customer:shared_contact_added", "support")
        page = browser.post(url, data=fields, follow_redirects=True).text
        assert "can&#39;t be undone any more" in page
        assert "is linked to the customer already" in page

    def test_linking_offers_no_undo(self, house):
        customer, contact = house.customer(), house.contact()
        path = f"/customers/{customer}/add-shared-contact"
        page = house.browser().post(path, data={"contact_id": contact}, follow_redirects=True).text
        assert "notice-undo" not in page

    @pytest.mark.parametrize("act", ["", "x", "-1", "9" * 30])
    def test_an_act_that_is_none_is_refused(self, house, act):
        number = deleted(house)
        assert house.browser().post(f"/trash/contact/{number}/restore", data={"act": act}).status_code == 400
        assert get(house, Contact, number).deleted_at is not None


class TestCommand:
    def run(self, house, *arguments):
        return house.app.test_cli_runner().invoke(args=["purge", *arguments])

    def old(self, house, number, model=Contact):
        """Have a record be deleted years ago."""
        table = model.__table__
        with house.app.app_context(), db.engine.begin() as connection:
            long_ago = datetime(2020, 1, 1, tzinfo=UTC)
            connection.execute(table.update().where(table.c.id == number).values(deleted_at=long_ago))

    def test_what_is_old_is_purged_and_what_is_younger_stays(self, house):
        young, old = deleted(house, last_name="Young"), deleted(house, last_name="Old")
        self.old(house, old)
        options = ("--older-than", "30", "--resource", "contact", "--reason", "Retention", "--as", "admin")
        entries = house.count("audit_entry")
        result = self.run(house, *options, "--dry-run")
        assert (result.exit_code, result.output) == (0, "Contacts: 1 to purge.\n")
        assert house.count("audit_entry") == entries
        result = self.run(house, *options)
        assert (result.exit_code, result.output) == (0, "Contacts: 1 purged.\n")
        assert (get(house, Contact, old).last_name, get(house, Contact, young).last_name) == (None, "Young")
        with house.session() as session:
            entry = session.query(AuditEntry).order_by(AuditEntry.id.desc()).first()
            assert (entry.verb, entry.username, entry.door, entry.reason) == (
                "contact:purged",
                "admin",
                "cli",
                "Retention",
            )

    def test_all_kinds_the_children_with_their_parents(self, house):
        customer = house.customer(company_name="Old works")
        direct = house.contact(customer_id=customer)
        house.do(delete_customer, customer_id=customer)
        self.old(house, customer, Customer)
        result = self.run(house, "--older-than", "30", "--reason", "Retention", "--as", "admin")
        assert result.exit_code == 0, result.output
        assert "Customers: 1 purged." in result.output
        assert "Topics: 0 purged." in result.output
        assert get(house, Contact, direct).purged_at is not None

    def test_what_is_needed_is_kept_and_named(self, house):
        topic = house.api()("post", "/api/v1/topic/", json={"name": "Needed"}).json["id"]
        house.contact(contact_regarding=[topic])
        house.api()("delete", f"/api/v1/topic/{topic}")
        result = self.run(house, "--older-than", "0", "--resource", "topic", "--reason", "Retention", "--as", "admin")
        assert f"  Kept: Topic {topic}: This can't be purged yet" in result.output
        assert "1 contact has it." in result.output

    @pytest.mark.parametrize("name", ["finance", "support", "auditor", "nobody"])
    def test_by_administrators_alone(self, house, name):
        result = self.run(house, "--older-than", "0", "--reason", "x", "--as", name)
        assert result.exit_code == 1
        assert result.output.startswith("Error: ")

    def test_not_without_a_reason(self, house):
        assert self.run(house, "--older-than", "0", "--reason", " ", "--as", "admin").exit_code == 1

    def test_help(self, house):
        text = self.run(house, "--help").output
        for option in ("--older-than", "--resource", "--dry-run", "--reason", "--as"):
            assert option in text


def test_trash_and_trail_are_where_every_list_is(house):
    browser = house.browser()
    assert browser.get("/trash/list/?kind=contact").text.count("<h1") == 1
    assert browser.get("/trash/list/").status_code == browser.get("/trash/").status_code == 200
    answer = browser.get("/audit/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/audit/list/")
