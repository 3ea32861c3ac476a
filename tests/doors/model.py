"""What the verbs do, once more and in plain Python: dicts and sets, no database, no line of the program."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

FULLNESS = {"none": 0, "short": 1, "long": 2, "full": 3}
SHOWN = ("last_name", "email", "email_bill_type", "customer_id")
DONE, GONE, WRONG = (200, "ok"), (404, "not_found"), (422, "invalid")


@dataclass
class Model:
    """Customers, contacts, links and what was sent to whom."""

    customers: dict[int, dict[str, Any]] = field(default_factory=dict)
    contacts: dict[int, dict[str, Any]] = field(default_factory=dict)
    links: set[tuple[int, int]] = field(default_factory=set)
    invoices: dict[int, dict[str, Any]] = field(default_factory=dict)
    mails: dict[tuple[int, str], dict[str, Any]] = field(default_factory=dict)
    acts: int = 0

    def _lives(self, kind: str, number: int) -> bool:
        return number in (rows := getattr(self, f"{kind}s")) and rows[number]["act"] is None

    def add_customer(self, **values: Any) -> tuple[int, str]:
        if not values.get("company_name"):
            return WRONG
        if any(one["account_number"] == values["account_number"] for one in self.customers.values()):
            return 409, "duplicate"
        self.customers[len(self.customers) + 1] = {**values, "act": None}
        return DONE

    def add_contact(self, **values: Any) -> tuple[int, str]:
        customer = values["customer_id"]
        if not self._is_whole(values) or (customer and not self._lives("customer", customer)):
            return WRONG
        self.contacts[len(self.contacts) + 1] = {**values, "act": None}
        return DONE

    @staticmethod
    def _is_whole(values: dict[str, Any]) -> bool:
        wants = values["email_bill_type"] != "none"
        return bool(values["last_name"]) and not (wants and not values["email"]) and values["email"] != "not an address"

    def edit_contact(self, number: int, **values: Any) -> tuple[int, str]:
        if not self._lives("contact", number):
            return GONE
        if not self._is_whole(self.contacts[number] | values):
            return WRONG
        self.contacts[number] |= values
        return self._done_and_followed()

    def link(self, customer: int, contact: int) -> tuple[int, str]:
        if not self._lives("customer", customer) or not self._lives("contact", contact):
            return GONE
        if self.contacts[contact]["customer_id"]:
            return 422, "not_shared"
        if (customer, contact) in self.links:
            return 409, "already_linked"
        self.links.add((customer, contact))
        return DONE

    def unlink(self, customer: int, contact: int) -> tuple[int, str]:
        if not self._lives("customer", customer):
            return GONE
        if (customer, contact) not in self.links:
            return 404, "not_linked"
        if not self._lives("contact", contact):
            return GONE
        self.links.discard((customer, contact))
        return self._done_and_followed()

    def convert(self, number: int) -> tuple[int, str]:
        if not self._lives("contact", number):
            return GONE
        one = self.contacts[number]
        if not one["customer_id"]:
            return 409, "already_shared"
        self.links.add((one["customer_id"], number))
        one["customer_id"] = None
        return DONE

    def delete(self, kind: str, number: int) -> tuple[int, str]:
        if not self._lives(kind, number):
            return GONE
        self.acts += 1
        getattr(self, f"{kind}s")[number]["act"] = self.acts
        if kind == "customer":
            for one in [*self.contacts.values(), *self.invoices.values()]:
                if one["customer_id"] == number and one["act"] is None:
                    one["act"] = self.acts
        return self._done_and_followed()

    def _reaches(self, number: int, customer: int, address: str) -> bool:
        """Tell whether a contact gets a customer's invoices at an address."""
        one = self.contacts[number]
        concerned = one["customer_id"] == customer or (customer, number) in self.links
        wants = one["email_bill_type"] != "none" and (one["email"] or "").lower() == address
        return concerned and wants and one["act"] is None and self._lives("customer", customer)

    def _done_and_followed(self) -> tuple[int, str]:
        """Cancel the mails that have lost their every reason: none has left, and sending makes them anew."""
        for (invoice, address), mail in self.mails.items():
            customer = self.invoices[invoice]["customer_id"]
            if not any(self._reaches(number, customer, address) for number in mail["reasons"]):
                mail["cancelled"] = True
        return DONE

    def restore(self, kind: str, number: int) -> tuple[int, str]:
        rows = getattr(self, f"{kind}s")
        if number not in rows:
            return GONE
        one = rows[number]
        if one["act"] is None:
            return 409, "not_deleted"
        if kind == "contact" and one["customer_id"] and not self._lives("customer", one["customer_id"]):
            return 409, "parent_deleted"
        act, one["act"] = one["act"], None
        if kind == "customer":
            for other in [*self.contacts.values(), *self.invoices.values()]:
                if other["customer_id"] == number and other["act"] == act:
                    other["act"] = None
        return DONE

    def add_invoice(self, customer: int) -> tuple[int, str]:
        if not self._lives("customer", customer):
            return WRONG
        self.invoices[len(self.invoices) + 1] = {"customer_id": customer, "act": None}
        return DONE

    def send(self, invoice: int) -> tuple[int, str]:
        if not self._lives("invoice", invoice):
            return GONE
        customer = self.invoices[invoice]["customer_id"]
        for number, one in self.contacts.items():
            address = (one["email"] or "").lower()
            if not self._reaches(number, customer, address):
                continue
            mail = self.mails.get((invoice, address))
            if mail is None or mail["cancelled"]:
                mail = {"formats": [], "reasons": [], "new": True, "cancelled": False}
                self.mails[invoice, address] = mail
            if mail["new"]:
                mail["formats"].append(one["email_bill_type"])
                mail["reasons"].append(number)
        for mail in self.mails.values():
            mail["new"] = False
        return DONE

    def dump(self) -> dict[str, Any]:
        """Return what a database must hold."""
        return {
            "customers": {n: (one["account_number"], one["act"] is None) for n, one in self.customers.items()},
            "contacts": {
                n: (
                    one["last_name"],
                    one["email"] or None,
                    one["email_bill_type"],
                    one["customer_id"],
                    one["act"] is None,
                )
                for n, one in self.contacts.items()
            },
            "links": sorted(self.links),
            "mails": sorted((i, a, max(m["formats"], key=FULLNESS.__getitem__)) for (i, a), m in self.mails.items()),
        }
