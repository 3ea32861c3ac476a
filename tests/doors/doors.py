"""One script of verbs, three doors: the service as a command line calls it, REST, and the screens' forms.

Each door answers with a status and, where it tells one, a code: (200, "ok") when it was done. The commands that exist
under `flask` start, fill, send and purge; there is none that edits records, so that door is the services' verbs with
the actor that a command has. Each door has an application and a database of its own.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from app.access.table import Role
from app.contacts import service as contacts
from app.core.actor import Actor, Door
from app.core.errors import DomainError
from app.core.unit_of_work import unit_of_work
from app.customers import service as customers
from app.extensions import db
from app.invoices import service as invoices
from app.mailer.sending_defaults import sending_defaults
from app.mailer.service import Choices
from tests.conftest import PASSWORD
from tests.process.pages import Page

DONE = (200, "ok")
# A screen's refusal that has no status of its own: it is told at a field, or on the page that it leads back to.
REFUSED = 0
DATES = {"invoice_date": "2026-03-01", "due_date": "2026-03-31"}
LINE = {"description": "Line rental", "quantity": "2", "unit_price": "12.50", "tax_rate": "20"}


class CommandLine:
    """The services' verbs, with the actor of a command."""

    name = Door.CLI

    def __init__(self, app: Any) -> None:
        self.app = app

    def start(self) -> None:
        """Nothing is to be opened."""

    def _do(self, verb: Any, **given: Any) -> tuple[int, str]:
        actor = Actor(door=Door.CLI, roles=frozenset({Role.ADMIN.value}), username="admin", user_id=1)
        with self.app.app_context():
            try:
                with unit_of_work(db.session) as session:
                    verb(session, actor, **given)
            except DomainError as error:
                return error.status, error.code
            finally:
                db.session.remove()
        return DONE

    def add_customer(self, **values: Any) -> tuple[int, str]:
        return self._do(customers.create_customer, values=values)

    def add_contact(self, **values: Any) -> tuple[int, str]:
        return self._do(contacts.create_contact, values=values)

    def edit_contact(self, number: int, **values: Any) -> tuple[int, str]:
        return self._do(contacts.update_contact, contact_id=number, values=values)

    def link(self, customer: int, contact: int) -> tuple[int, str]:
        return self._do(contacts.add_shared_contact, customer_id=customer, contact_id=contact)

    def unlink(self, customer: int, contact: int) -> tuple[int, str]:
        return self._do(contacts.remove_shared_contact, customer_id=customer, contact_id=contact)

    def convert(self, number: int) -> tuple[int, str]:
        return self._do(contacts.convert_to_shared, contact_id=number)

    def delete(self, kind: str, number: int) -> tuple[int, str]:
        verb = {"customer": customers.delete_customer, "contact": contacts.delete_contact}[kind]
        return self._do(verb, **{f"{kind}_id": number})

    def restore(self, kind: str, number: int) -> tuple[int, str]:
        verb = {"customer": customers.restore_customer, "contact": contacts.restore_contact}[kind]
        return self._do(verb, **{f"{kind}_id": number})

    def add_invoice(self, customer: int) -> tuple[int, str]:
        given = {"customer_id": customer, **DATES, "lines": [LINE]}
        return self._do(invoices.create_invoice, values=given, default_currency="GBP")

    def send(self, invoice: int) -> tuple[int, str]:
        with self.app.app_context():
            defaults = sending_defaults()
        return self._do(
            invoices.send_invoice, invoice_id=invoice, choices=Choices(), fingerprint=None, defaults=defaults
        )


class Rest:
    """A program with a token."""

    name = Door.API

    def __init__(self, app: Any) -> None:
        self.app, self.client, self.token = app, app.test_client(), ""

    def start(self) -> None:
        """Log in."""
        if not self.token:
            given = {"username": "admin", "password": PASSWORD, "provider": "db"}
            self.token = self.client.post("/api/v1/security/login", json=given).json["access_token"]

    def _call(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {self.token}"}
        given = {} if body is None else {"json": body}
        answer = self.client.open(f"/api/v1{path}", method=method, headers=headers, **given)
        assert answer.status_code != 500, answer.text
        return DONE if answer.status_code < 300 else (answer.status_code, answer.json["code"])

    def add_customer(self, **values: Any) -> tuple[int, str]:
        return self._call("POST", "/customer/", values)

    def add_contact(self, **values: Any) -> tuple[int, str]:
        return self._call("POST", "/contact/", values)

    def edit_contact(self, number: int, **values: Any) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {self.token}"}
        found = self.client.get(f"/api/v1/contact/{number}", headers=headers)
        version = found.json["result"]["version"] if found.status_code == 200 else 1
        return self._call("PUT", f"/contact/{number}", {**values, "version": version})

    def link(self, customer: int, contact: int) -> tuple[int, str]:
        return self._call("POST", f"/customer/{customer}/shared_contacts", {"contact_id": contact})

    def unlink(self, customer: int, contact: int) -> tuple[int, str]:
        return self._call("DELETE", f"/customer/{customer}/shared_contacts/{contact}")

    def convert(self, number: int) -> tuple[int, str]:
        return self._call("POST", f"/contact/{number}/convert_to_shared")

    def delete(self, kind: str, number: int) -> tuple[int, str]:
        return self._call("DELETE", f"/{kind}/{number}")

    def restore(self, kind: str, number: int) -> tuple[int, str]:
        return self._call("POST", f"/{kind}/{number}/restore")

    def add_invoice(self, customer: int) -> tuple[int, str]:
        return self._call("POST", "/invoice/", {"customer_id": customer, **DATES, "lines": [LINE]})

    def send(self, invoice: int) -> tuple[int, str]:
        return self._call("POST", f"/invoice/{invoice}/send", {})


class Screen:
    """A browser: each form is opened, filled in and posted with its token."""

    name = Door.SCREEN

    def __init__(self, app: Any) -> None:
        self.app, self.client = app, app.test_client()
        self._open = False

    def start(self) -> None:
        """Log in."""
        if not self._open:
            form = self._page(self.client.get("/login/")).form("username")
            answer = self.client.post("/login/", data={**form, "username": "admin", "password": PASSWORD})
            assert answer.status_code == 302, answer.text
            self._open = True

    @staticmethod
    def _page(answer: Any) -> Page:
        return Page(SimpleNamespace(url="", status_code=answer.status_code, text=answer.text))

    def _post(self, path: str, field: str, /, **given: Any) -> tuple[int, str]:
        opened = self.client.get(path)
        if opened.status_code != 200:
            return opened.status_code, ""
        form = self._page(opened).form(field)
        answer = self.client.post(path, data={**form, **given})
        if answer.status_code == 409 and "seen_contacts" in (shown := self._page(answer).form(field)):
            # One like it exists: it was shown, and is added anyway.
            answer = self.client.post(path, data={**shown, **given})
        assert answer.status_code < 500, answer.text
        return DONE if answer.status_code == 302 else (answer.status_code, "")

    def add_customer(self, **values: Any) -> tuple[int, str]:
        return self._post("/customers/add", "account_number", **values)

    def add_contact(self, **values: Any) -> tuple[int, str]:
        given = {name: "" if value is None else value for name, value in values.items()}
        return self._post("/contacts/add", "last_name", **given)

    def edit_contact(self, number: int, **values: Any) -> tuple[int, str]:
        given = {name: "" if value is None else value for name, value in values.items()}
        return self._post(f"/contacts/edit/{number}", "last_name", **given)

    def link(self, customer: int, contact: int) -> tuple[int, str]:
        return self._link(customer, contact, "add")

    def unlink(self, customer: int, contact: int) -> tuple[int, str]:
        return self._link(customer, contact, "remove")

    def _link(self, customer: int, contact: int, task: str) -> tuple[int, str]:
        """Choose a contact; one that isn't there is wrong at its field, where others are told that there is none."""
        path = f"/customers/{customer}/{task}-shared-contact"
        status, code = self._post(path, "contact_id", contact_id=contact)
        return (REFUSED, code) if status == 422 else (status, code)

    def convert(self, number: int) -> tuple[int, str]:
        return self._post(f"/contacts/{number}/convert-to-shared", "version")

    def delete(self, kind: str, number: int) -> tuple[int, str]:
        return self._post(f"/{kind}s/delete/{number}", "version")

    def restore(self, kind: str, number: int) -> tuple[int, str]:
        """Press the button of the trash; a refusal is told there, and leads back to it."""
        opened = self.client.get("/customers/add")
        token = self._page(opened).form("csrf_token")["csrf_token"]
        answer = self.client.post(f"/trash/{kind}/{number}/restore", data={"csrf_token": token})
        if answer.status_code == 302 and "/show/" not in answer.headers["Location"]:
            return REFUSED, ""
        return DONE if answer.status_code == 302 else (answer.status_code, "")

    def add_invoice(self, customer: int) -> tuple[int, str]:
        rows = {f"lines-0-{name}": value for name, value in LINE.items()}
        return self._post("/invoices/add", "customer_id", customer_id=customer, **DATES, **rows)

    def send(self, invoice: int) -> tuple[int, str]:
        return self._post(f"/invoices/{invoice}/send", "fingerprint", action="send")
