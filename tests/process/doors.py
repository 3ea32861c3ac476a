"""The two doors of the product, for the same walk: the screens by their HTML forms, and REST with a JWT."""

import re

import requests

from tests.process.pages import Page
from tests.process.running import PASSWORD

SECONDS = 30


class Screen:
    """A member of staff at the screens, without a browser: pages are fetched, and their forms posted."""

    name = "Screen"

    def __init__(self, url, user="finance"):
        self.url = url
        self.session = requests.Session()
        self.post("/login/", username=user, password=PASSWORD)

    def get(self, path):
        return Page(self.session.get(self.url + path, timeout=SECONDS))

    def post(self, path, **given):
        """Fill in the form of a page that has the given fields, and post it as a browser would."""
        form = self.get(path).form(next(iter(given)))
        return self.post_form(path, form, **given)

    def post_form(self, path, form, **given):
        return Page(self.session.post(self.url + path, data={**form, **given}, timeout=SECONDS))

    def _made(self, page):
        found = re.search(r"/show/(\d+)", page.url)
        assert page.status == 200, page.text
        assert found, page.text
        return int(found.group(1))

    def add_customer(self, **values):
        return self._made(self.post("/customers/add", **values))

    def add_direct_contact(self, customer_id, **values):
        path = f"/contacts/add?customer_id={customer_id}"
        page = self.post(path, **values)
        if page.status == 409:  # There is one like it: what was found is shown, and it is added all the same.
            page = self.post_form(path, page.form("seen_contacts"), **values)
        return self._made(page)

    def add_shared_contact(self, **values):
        return self._made(self.post("/contacts/add", **values))

    def link(self, customer_id, contact_id):
        page = self.post(f"/customers/{customer_id}/add-shared-contact", contact_id=contact_id)
        assert "is linked." in page.text, page.text

    def add_invoice(self, customer_id, lines):
        rows = {f"lines-{row}-{name}": value for row, line in enumerate(lines) for name, value in line.items()}
        page = self.post("/invoices/add", customer_id=customer_id, **rows)
        return self._made(page), page.heading.removeprefix("Invoice ")

    def edit_contact(self, contact_id, **values):
        page = self.post(f"/contacts/edit/{contact_id}", **values)
        assert "Saved." in page.text, page.text

    def plan(self, invoice_id):
        """Return what was looked at, who gets it (address: format, why), and who does not (address: why not)."""
        page = self.get(f"/invoices/{invoice_id}/send")
        gets = {row["Address"]: (row["Format"].lower().split()[0], row["Why"]) for row in page.rows if row.get("Why")}
        not_gets = [(row["Address"], row["Why not"]) for row in page.rows if row.get("Why not")]
        return page, gets, not_gets

    def send(self, invoice_id, looked_at):
        """Send the plan that was looked at; return (refused, what was said, how many copies were made)."""
        form = looked_at.form("fingerprint")
        page = self.post_form(f"/invoices/{invoice_id}/send", form, action="send")
        told = re.findall(r"(\d+)(?: cop(?:y|ies))? (?:is|are) (?:on the way|held)", page.text)
        return page.status == 409, page.text, sum(map(int, told))

    def states(self, invoice_id):
        """Return the state of each message of an invoice, by address; without those who got none."""
        page = self.get(f"/invoices/show/{invoice_id}?tab=messages")
        told = {row["Address"]: row["State"].lower() for row in page.rows if row.get("State")}
        return {address: state for address, state in told.items() if state != "not sent"}


class Rest:
    """A program at the REST interface."""

    name = "Rest"

    def __init__(self, url, user="finance"):
        self.url = url
        login = {"username": user, "password": PASSWORD, "provider": "db"}
        token = requests.post(f"{url}/api/v1/security/login", json=login, timeout=SECONDS).json()["access_token"]
        self.headers = {"Authorization": f"Bearer {token}"}

    def call(self, method, path, **given):
        return requests.request(method, f"{self.url}/api/v1{path}", headers=self.headers, timeout=SECONDS, **given)

    def _made(self, path, values):
        answer = self.call("POST", path, json=values)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def add_customer(self, **values):
        return self._made("/customer/", {**values, "email_billing": bool(values.get("email_billing"))})

    def add_direct_contact(self, customer_id, **values):
        return self._made(f"/customer/{customer_id}/contacts", values)

    def add_shared_contact(self, **values):
        return self._made("/contact/", values)

    def link(self, customer_id, contact_id):
        answer = self.call("POST", f"/customer/{customer_id}/shared_contacts", json={"contact_id": contact_id})
        assert answer.status_code == 201, answer.text

    def add_invoice(self, customer_id, lines):
        dates = {"invoice_date": "2026-05-01", "due_date": "2026-05-31"}
        number = self._made("/invoice/", {"customer_id": customer_id, "lines": lines, **dates})
        return number, self.call("GET", f"/invoice/{number}").json()["result"]["number"]

    def edit_contact(self, contact_id, **values):
        version = self.call("GET", f"/contact/{contact_id}").json()["result"]["version"]
        answer = self.call("PUT", f"/contact/{contact_id}", json={"version": version, **values})
        assert answer.status_code == 200, answer.text

    def plan(self, invoice_id):
        """Return what was looked at, who gets it (address: format, why), and who does not (address: why not)."""
        plan = self.call("GET", f"/invoice/{invoice_id}/plan").json()["result"]
        gets = {
            message["address"]: (
                message["format"],
                " ".join(f"{way['name']}: {way['reason']}" for way in message["recipients"]),
            )
            for message in plan["messages"]
        }
        return plan["fingerprint"], gets, [(skip["address"], skip["reason"]) for skip in plan["skipped"]]

    def send(self, invoice_id, looked_at):
        """Send the plan that was looked at; return (refused, what was said, how many copies were made)."""
        answer = self.call("POST", f"/invoice/{invoice_id}/send", json={"fingerprint": looked_at})
        if answer.status_code == 409:
            return True, answer.text, 0
        assert answer.status_code == 202, answer.text
        return False, answer.text, len(answer.json()["result"]["messages"])

    def messages(self, invoice_id):
        q = f"(filters:!((col:document_id,opr:eq,value:{invoice_id})))"
        answer = self.call("GET", "/message/", params={"q": q})
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    def states(self, invoice_id):
        """Return the state of each message of an invoice, by address."""
        return {message["address"]: message["state"] for message in self.messages(invoice_id)}
