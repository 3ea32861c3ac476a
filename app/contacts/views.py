"""The screens of contacts, and Convert to Shared Contact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from wtforms import BooleanField

from app.contacts import duplicates, queries, service
from app.contacts.models import Contact
from app.contacts.resource import CONTACT
from app.contacts.rules import COMMUNICATION_DETAILS, CONTACT_DETAILS, ensure_convertible
from app.contacts.showing import in_a_list, kind_tag, touched
from app.core.actor import Actor
from app.core.words import say
from app.customers import queries as customers
from app.customers.cancelled_copies import remembering_cancelled
from app.customers.models import Customer
from app.customers.party_view import ADDRESS_HINTS, CONSENT_HINTS, PartyView
from app.extensions import db
from app.web.admin_view import Answer
from app.web.current import current_actor
from app.web.display import link
from app.web.forms import RecordForm
from app.web.request_filters import id_or_404


class RemovablePassword(RecordForm):
    """The part of a contact's form that removes the password; blank alone leaves it."""

    NAME = "remove_account_password"

    remove_account_password = BooleanField(
        say("Remove the password"), description=say("A new one typed beside it takes its place instead.")
    )

    def given(self) -> dict[str, object]:
        """Return what was typed, with null for a password that goes."""
        values = super().given()
        if values.pop(self.NAME, False) and not str(values.get("account_password") or "").strip():
            values["account_password"] = None
        return values


class ContactView(PartyView):
    """Contacts: the list, the page, the forms, and Convert to Shared Contact."""

    resource = remembering_cancelled(replace(CONTACT, create=duplicates.create_asking))
    route_base = "/contacts"
    method_permission_name = {"convert_to_shared": "convert"}
    list_columns = ["last_name", "first_name", "company_name", "email", "kind", "customer_id", "email_bill_type"]
    list_choices = [
        "title",
        "contact_type",
        "position",
        "contact_regarding",
        "copy_correspondence",
        "copy_ticket_updates",
        "address_line_1",
        "postcode",
        "country",
        "number_1",
        "website",
        "dealer_code",
        "language",
        "created_at",
        "last_modified_at",
    ]
    all_sections = (
        (say("Contact Details"), tuple(CONTACT_DETAILS)),
        (say("Communication Details"), tuple(COMMUNICATION_DETAILS)),
    )
    show_extra = ((say("System Information"), ("created_at", "last_modified_at", "last_deleted_at")),)
    description_columns = {
        **ADDRESS_HINTS,
        **CONSENT_HINTS,
        "customer_id": say(
            "With a customer: a direct contact. Left empty: a shared contact, to be linked to customers."
        ),
        "last_name": say("A last name or a company name is needed."),
        "email": say("Needed as soon as any copy is ticked below."),
        "account_password": say("Kept as a hash and never shown. Left blank, the one there is stays."),
        "contact_regarding": say("What this person is responsible for."),
        "email_bill_type": say(
            "The format of their own copy of each invoice. None: no invoices, whatever else is set."
        ),
        "invoice_usage_report": say("Goes along with their invoice, of those customers that it is available to."),
        "copy_correspondence": say("The letters that they get a copy of."),
        "copy_ticket_updates": say("The tickets whose updates they get a copy of."),
    }
    search_hint = say("Name, company, address, email or the end of a phone number.")
    empty_text = say("Contacts are the people who get their own copies of what a customer is sent.")

    def __init__(self) -> None:
        super().__init__()
        self._form_class = type("ContactForm", (RemovablePassword, self._form_class), {})

    def cell(self, record: Contact, name: str) -> Any:
        """Show the kind as a mark, and the customer as a link."""
        if name == "kind":
            return kind_tag(record)
        if name == "customer_id":
            customer = record.customer
            return link(customer.name or customer.account_number, customer_url(customer)) if customer else None
        return super().cell(record, name)

    def subtitle(self, _actor: Actor, record: Contact) -> str:
        """Return position and company."""
        company = record.company_name if record.person_name else None
        return ", ".join(part for part in (record.position, company) if part)

    def badges(self, record: Contact) -> list[Any]:
        """Mark the kind."""
        return [kind_tag(record)]

    def notice(self, actor: Actor, record: Contact) -> Any:
        """Name the customers that a change of a shared contact touches."""
        if record.customer_id is not None:
            return None
        names = touched(actor, record)
        if not names:
            return say("This is a shared contact, linked to no customer yet.")
        return say("This is a shared contact. A change applies everywhere: {customers}.", customers=in_a_list(names))

    def touches(self, actor: Actor, record: Contact) -> list[str]:
        """List the customers that lose a shared contact."""
        names = touched(actor, record) if record.customer_id is None else []
        return [say("These customers lose it: {names}.", names=in_a_list(names))] if names else []

    def preset(self) -> dict[str, object]:
        """Take the customer of a direct contact out of the address: the form can't change it."""
        customer = _customer_of_address()
        return {} if customer is None else {"customer_id": str(customer.id)}

    def preset_text(self, name: str, value: Any) -> Any:
        """Show a preset customer by name."""
        if name == "customer_id" and str(value).isdigit():
            return customers.customer(db.session(), current_actor(), customer_id=int(value)).label
        return value

    def add_title_of(self, preset: Mapping[str, object]) -> str:
        """Say which kind of contact the form makes."""
        return say("Add direct contact") if preset else self.resource.add_label

    def extra_context(self, record: Any, given: Mapping[str, object] | None) -> dict[str, Any]:
        """Show the contacts that exist already, and have the same form add another one all the same."""
        return {} if record else duplicates.context(current_actor(), given or {})

    def _form(self, actor: Actor, record: Any, preset: Any) -> RecordForm:
        form = super()._form(actor, record, preset)
        if "account_password" not in form or record is None or record.account_password_hash is None:
            del form[RemovablePassword.NAME]
        return form

    def owner_of_reports(self, record: Any, preset: Any) -> dict[str, Any]:
        """Return the contact, or the customer of a direct one that is to be made."""
        return {"contact_id": record.id} if record is not None else {"customer_id": preset.get("customer_id")}

    def _form_sections(self, form: RecordForm, record: Any, preset: Any) -> Any:
        sections = super()._form_sections(form, record, preset)
        for section in sections:
            if "account_password" in section["fields"]:
                section["fields"].insert(section["fields"].index("account_password") + 1, RemovablePassword.NAME)
        return sections

    def cancel_url(self, preset: Mapping[str, object]) -> str:
        """Lead back to where the form was opened."""
        if "customer_id" in preset:
            return url_for("CustomerView.show", pk=preset["customer_id"], tab="contacts")
        return super().cancel_url(preset)

    @expose("/<pk>/convert-to-shared", methods=["GET", "POST"])
    @has_access
    def convert_to_shared(self, pk: str) -> Answer:
        """Ask, and convert a direct contact to a shared one."""
        actor = current_actor()
        number = id_or_404(pk)
        contact = queries.contact(db.session(), actor, contact_id=number)
        if request.method == "GET":
            ensure_convertible(is_shared=contact.customer_id is None)
        customer = contact.customer
        return self.confirmed(
            title=say("Convert {name} to a shared contact", name=contact.name),
            text=say("A shared contact can be linked to any number of customers. There is no way back."),
            touches=[say("{name} stays linked to {customer}", name=contact.name, customer=customer.label)]
            if customer
            else [],
            submit_label=say("Convert to Shared Contact"),
            record=contact,
            run=lambda session, version: service.convert_to_shared(session, actor, contact_id=number, version=version),
            done=say("{name} is a shared contact.", name=contact.name),
            after=self.show_url(number),
        )


def _customer_of_address() -> Customer | None:
    """Return the customer in sight that the address names, or none. Raises NotFound."""
    text = request.args.get("customer_id", "")
    return customers.customer(db.session(), current_actor(), customer_id=id_or_404(text)) if text else None


def customer_url(customer: Customer) -> str:
    """Return the address of a customer's page."""
    return url_for("CustomerView.show", pk=customer.id)
