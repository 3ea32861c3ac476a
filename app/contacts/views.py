"""The screens of contacts, and the pages on which a shared contact is linked, unlinked or converted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access

from app.contacts import queries, service
from app.contacts.models import Contact
from app.contacts.pickers import contact_options
from app.contacts.resource import CONTACT
from app.contacts.rules import COMMUNICATION_DETAILS, CONTACT_DETAILS, ensure_convertible
from app.core.actor import Actor
from app.core.errors import DomainError, Invalid, NotFound
from app.core.fields import MAX_ID, Reference
from app.core.unit_of_work import unit_of_work
from app.customers import queries as customers
from app.customers.models import Customer
from app.customers.views import ADDRESS_HINTS, SYSTEM_LABELS
from app.extensions import db
from app.web.admin_view import AdminView, Answer
from app.web.current import current_actor
from app.web.display import link, tag
from app.web.forms import RecordForm, form_class
from app.web.request_filters import id_or_404

# A notice names so many customers, and counts the others: their tab has them all.
MAX_NAMED = 3
_COMMUNICATION_LABELS = {
    "contact_regarding": "Contact Regarding",
    "email_bill_type": "Copy Email Bill",
    "invoice_usage_report": "Invoice Usage Report",
    "copy_correspondence": "Copy Correspondence",
    "copy_ticket_updates": "Copy Ticket Updates",
}


class ContactView(AdminView):
    """Contacts: the list, the page, the forms, and Convert to Shared Contact."""

    resource = CONTACT
    route_base = "/contacts"
    method_permission_name = {"convert_to_shared": "convert"}
    list_columns = ["last_name", "first_name", "company_name", "email", "kind", "customer_id", "email_bill_type"]
    sections = (("Contact Details", tuple(CONTACT_DETAILS)), ("Communication Details", tuple(COMMUNICATION_DETAILS)))
    show_extra = (("System Information", ("created_at", "last_modified_at", "last_deleted_at")),)
    label_columns = SYSTEM_LABELS | _COMMUNICATION_LABELS | {"customer_id": "Customer", "kind": "Kind"}
    description_columns = ADDRESS_HINTS | {
        "customer_id": "With a customer: a direct contact. Left empty: a shared contact, to be linked to customers.",
        "last_name": "A last name or a company name is needed.",
        "email": "Needed as soon as any copy is ticked below.",
        "account_password": "Kept as a hash and never shown. Left blank, the one there is stays.",
        "contact_regarding": "What this person is responsible for.",
        "email_bill_type": "The format of their own copy of each invoice. None: no invoices, whatever else is set.",
        "invoice_usage_report": "Goes along with their invoice.",
        "copy_correspondence": "The letters that they get a copy of.",
        "copy_ticket_updates": "The tickets whose updates they get a copy of.",
    }
    search_hint = "Name, company, address or email."
    empty_text = "Contacts are the people who get their own copies of what a customer is sent."

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
        touched = _touched(actor, record)
        if not touched:
            return "This is a shared contact, linked to no customer yet."
        return "This is a shared contact. A change applies everywhere: " + ", ".join(touched) + "."

    def touches(self, actor: Actor, record: Contact) -> list[str]:
        """List the customers that lose a shared contact."""
        return _touched(actor, record) if record.customer_id is None else []

    def narrowed(self, statement: Any) -> Any:
        """Narrow the list to the contacts of the customer that the address names, direct and shared."""
        customer = _customer_of_address()
        return statement if customer is None else statement.where(Contact.id.in_(queries.ids_of_customer(customer.id)))

    def list_filters(self) -> Sequence[Mapping[str, Any]]:
        """Offer the way back from one customer's contacts to everybody's."""
        customer = _customer_of_address()
        if customer is None:
            return ()
        options = [
            {"value": "", "label": "Every customer", "selected": False},
            {"value": str(customer.id), "label": customer.label, "selected": True},
        ]
        return [{"name": "customer_id", "label": "Customer", "options": options}]

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
        return "Add direct contact" if preset else "Add contact"

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
            title=f"Convert {contact.name} to a shared contact",
            text="A shared contact can be linked to any number of customers. There is no way back.",
            touches=[f"{contact.name} stays linked to {customer.label}"] if customer else [],
            submit_label="Convert to Shared Contact",
            record=contact,
            run=lambda session, version: service.convert_to_shared(session, actor, contact_id=number, version=version),
            done=f"{contact.name} is a shared contact.",
            after=self.show_url(number),
        )


class SharedContactsView(BaseView):
    """Add Shared Contact and Remove Shared Contact: the two tasks of a customer's Actions menu."""

    route_base = "/customers"
    class_permission_name = "customer"
    method_permission_name = {"add_shared_contact": "link", "remove_shared_contact": "link"}
    default_view = "add_shared_contact"

    @expose("/<pk>/add-shared-contact", methods=["GET", "POST"])
    @has_access
    def add_shared_contact(self, pk: str) -> Answer:
        """Search, select, and link a shared contact."""
        return self._task(
            id_or_404(pk),
            title="Add Shared Contact",
            source="linkable_contact",
            text="Search by name, company, address or email. Only shared contacts that are not linked yet are offered.",
            verb=service.add_shared_contact,
            done="is linked",
        )

    @expose("/<pk>/remove-shared-contact", methods=["GET", "POST"])
    @has_access
    def remove_shared_contact(self, pk: str) -> Answer:
        """Select, and unlink a shared contact."""
        return self._task(
            id_or_404(pk),
            title="Remove Shared Contact",
            source="linked_contact",
            text="Only the link goes. The contact stays, with its links to other customers.",
            verb=service.remove_shared_contact,
            done="is no longer linked",
        )

    def _task(self, customer_id: int, *, title: str, source: str, text: str, verb: Any, done: str) -> Answer:
        actor = current_actor()
        customer = customers.customer(db.session(), actor, customer_id=customer_id)
        name = customer.label
        form = _link_form(source, customer_id)
        error: DomainError | None = None
        if request.method == "POST":
            try:
                contact_id = _chosen_id(form)
                with unit_of_work(db.session) as session:
                    verb(session, actor, customer_id=customer_id, contact_id=contact_id)
                    contact = session.get(Contact, contact_id)
                    told = f"{contact.name if contact else 'The contact'} {done}."
            except NotFound as refusal:
                error = Invalid(refusal.message, code=refusal.code, field="contact_id")
            except DomainError as refusal:
                error = refusal
            else:
                flash(told, "success")
                return redirect(url_for("CustomerView.show", pk=customer_id, tab="contacts"))
            form.show_errors(error)
            values = form.contact_id.values()
            form.contact_id.texts = {
                option.value: option.text for option in contact_options(db.session(), actor, values)
            }
        page = self.render_template(
            "web/confirm.html",
            title=f"{title}: {name}",
            text=text,
            touches=[],
            submit_label=title,
            danger=False,
            cancel_url=url_for("CustomerView.show", pk=customer_id, tab="contacts"),
            form=form,
            error=error.message if error else None,
        )
        return page if error is None else (page, error.status)


_LinkForm = form_class(
    {"contact_id": Reference(resource="linkable_contact", required=True)},
    labels={"contact_id": "Shared contact"},
    hints={},
)


def _link_form(source: str, customer_id: int) -> RecordForm:
    form: RecordForm = _LinkForm()
    form.contact_id.url = f"/pickers/{source}?customer_id={customer_id}"
    return form


def _chosen_id(form: RecordForm) -> int:
    text = str(form.contact_id.data or "")
    if not (text.isascii() and text.isdigit()) or not 0 < int(text[:11]) <= MAX_ID:
        raise Invalid("Select a shared contact.", field="contact_id")
    return int(text)


def _customer_of_address() -> Customer | None:
    """Return the customer in sight that the address names, or none. Raises NotFound."""
    text = request.args.get("customer_id", "")
    return customers.customer(db.session(), current_actor(), customer_id=id_or_404(text)) if text else None


def kind_tag(contact: Contact) -> Any:
    """Return the mark that says direct or shared."""
    return tag("Shared", "info") if contact.customer_id is None else tag("Direct")


def customer_url(customer: Customer) -> str:
    """Return the address of a customer's page."""
    return url_for("CustomerView.show", pk=customer.id)


def _touched(actor: Actor, contact: Contact) -> list[str]:
    """Name some customers of a contact that the reader may see, and count the others."""
    seen, others = queries.touched_customers(db.session(), actor, contact, named=MAX_NAMED)
    names = [customer.label for customer in seen]
    if others:
        ending = "s" if others > 1 else ""
        names.append(f"and {others:,} other{ending}" if names else f"{others:,} customer{ending} out of your sight")
    return names
