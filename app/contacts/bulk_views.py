"""One shared contact linked to many customers at once, or taken off them: asked first, with a result for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import redirect, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access
from sqlalchemy.orm import Session

from app.access.table import Operation
from app.contacts import queries, service
from app.contacts.models import Contact
from app.contacts.pickers import contact_options
from app.core.actor import Actor
from app.core.errors import DomainError, Invalid, NotFound
from app.core.fields import Reference
from app.core.unit_of_work import unit_of_work
from app.core.whole_numbers import clean_id
from app.core.words import Words, said, say, say_count
from app.customers.models import Customer
from app.customers.resource import CUSTOMER
from app.extensions import db
from app.web.bulk import BulkAction, Selection, read_selection, register_bulk_action
from app.web.current import current_actor
from app.web.form_pages import Answer
from app.web.forms import RecordForm, form_class
from app.web.undo import tell_too_late

MAX_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class BulkTask:
    """Linking to many or unlinking from many: its words, its verb, and what is said of each that it was done to."""

    button: Words
    question: Callable[[str, int], Words]
    verb: Callable[..., Any]
    done: Words


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one customer: its label, its page, what is said, and whether anything was changed."""

    customer_id: int

    label: str
    url: str
    text: str
    changed: bool


ADD = BulkTask(
    button=say("Add Shared Contact"),
    question=lambda name, count: say_count(
        "Link {name} to {count} customer?", "Link {name} to {count} customers?", count, name=name
    ),
    verb=service.add_shared_contact,
    done=say("Linked"),
)
REMOVE = BulkTask(
    button=say("Remove Shared Contact"),
    question=lambda name, count: say_count(
        "Take {name} off {count} customer? Only the link goes.",
        "Take {name} off {count} customers? Only the links go.",
        count,
        name=name,
    ),
    verb=service.remove_shared_contact,
    done=say("Link removed"),
)


def register() -> None:
    """Put both tasks into the menu for the chosen customers."""
    for name, task, icon in (("add", ADD, "link"), ("remove", REMOVE, "unlink")):
        register_bulk_action("customer", _action(f"{name}_shared_contact", task, icon))


def _action(name: str, task: BulkTask, icon: str) -> BulkAction:
    return BulkAction(
        name=name,
        label=task.button,
        resource="customer",
        operation=Operation.LINK,
        url=lambda: url_for(f"ManyCustomersView.{name}"),
        icon=icon,
    )


class ManyCustomersView(BaseView):
    """Add Shared Contact and Remove Shared Contact, for the customers that were chosen in their list."""

    route_base = "/customers"
    class_permission_name = "customer"
    method_permission_name = {
        "add_shared_contact": "link",
        "remove_shared_contact": "link",
        "link_again": "link",
        "unlink_again": "link",
    }
    default_view = "add_shared_contact"

    @expose("/many/add-shared-contact", methods=["POST"])
    @has_access
    def add_shared_contact(self) -> Answer:
        """Link one shared contact to the chosen customers."""
        return self._page(ADD)

    @expose("/many/remove-shared-contact", methods=["POST"])
    @has_access
    def remove_shared_contact(self) -> Answer:
        """Take one shared contact off the chosen customers."""
        return self._page(REMOVE)

    @expose("/many/link-again", methods=["POST"])
    @has_access
    def link_again(self) -> Answer:
        """Undo a removal: link the contact again to those customers that it was taken off."""
        return self._undone(ADD)

    @expose("/many/unlink-again", methods=["POST"])
    @has_access
    def unlink_again(self) -> Answer:
        """Undo a linking: take the contact off those customers that it was linked to."""
        return self._undone(REMOVE)

    def _undone(self, task: BulkTask) -> Answer:
        """Run the opposite task for the customers that the Undo button names; what has come between is told."""
        actor, session = current_actor(), db.session()
        selection = read_selection(CUSTOMER, actor)
        try:
            contact = _chosen_contact(session, actor, _ContactForm())
            customer_ids = _chosen_customers(session, selection)
        except DomainError as refusal:
            tell_too_late(refusal)
            return redirect(_list_url(selection))
        outcomes = [_run(actor, task, customer_id, contact.id) for customer_id in customer_ids]
        return self._results(task, contact, outcomes, selection)

    def _page(self, task: BulkTask) -> Answer:
        """Ask for the contact, then whether it is meant, then do it; each step carries the choice along."""
        actor, session = current_actor(), db.session()
        selection = read_selection(CUSTOMER, actor)
        customer_ids = _chosen_customers(session, selection)
        form: RecordForm = _ContactForm()
        contact: Contact | None = None
        error: DomainError | None = None
        if "contact_id" in request.form:
            try:
                contact = _chosen_contact(session, actor, form)
            except DomainError as refusal:
                error = refusal
                form.show_errors(refusal)
        if contact is not None and request.form.get("confirmed"):
            outcomes = [_run(actor, task, customer_id, contact.id) for customer_id in customer_ids]
            return self._results(task, contact, outcomes, selection)
        form.contact_id.texts = {
            option.value: option.text for option in contact_options(session, actor, form.contact_id.values())
        }
        page = self.render_template(
            "contacts/many.html",
            title=task.button,
            question=task.question(contact.name, len(customer_ids)) if contact else None,
            chosen=say_count("{count} customer is chosen.", "{count} customers are chosen.", len(customer_ids)),
            contact_id=contact.id if contact else None,
            form=form,
            fields=selection.fields(),
            submit_label=task.button if contact else say("Continue"),
            cancel_url=_list_url(selection),
            error=error.message if error else None,
        )
        return (page, error.status) if error else page

    def _results(self, task: BulkTask, contact: Contact, outcomes: list[Outcome], selection: Selection) -> Answer:
        changed = sum(outcome.changed for outcome in outcomes)
        return self.render_template(
            "contacts/many_results.html",
            title=say("{task}: {contact}", task=task.button, contact=contact.name),
            undo=_undo(task, contact.id, outcomes, selection) if changed and _is_in_sight(contact.id) else None,
            summary=say("{changed} of {all} changed.", changed=changed, all=len(outcomes)),
            all_well=changed == len(outcomes),
            outcomes=outcomes,
            list_url=_list_url(selection),
        )


_ContactForm = form_class(
    {"contact_id": Reference(resource="shared_contact", required=True)},
    labels={"contact_id": say("Shared contact")},
    hints={"contact_id": say("Search by name, company, address or email.")},
)


def _chosen_customers(session: Session, selection: Selection) -> list[int]:
    """Return the ids of the chosen customers that are in sight. Raises Invalid for too many, or none."""
    statement = selection.rows(session).with_only_columns(Customer.id).order_by(None).order_by(Customer.id)
    ids = list(session.scalars(statement.limit(MAX_ROWS + 1)))
    if not ids:
        raise Invalid(say("Choose at least one row."), field="rowid")
    if len(ids) > MAX_ROWS:
        raise Invalid(
            say("This is done to {most} customers at most. Narrow the list first.", most=f"{MAX_ROWS:,}"),
            code="too_many_rows",
        )
    return ids


def _chosen_contact(session: Session, actor: Actor, form: RecordForm) -> Contact:
    """Return the shared contact in sight that the form names. Raises Invalid."""
    try:
        number = clean_id(form.contact_id.data)
    except ValueError:
        number = None
    if number is None:
        raise Invalid(say("Select a shared contact."), field="contact_id")
    try:
        contact = queries.contact(session, actor, contact_id=number)
    except NotFound as error:
        raise Invalid(said(error), code=error.code, field="contact_id") from error
    if contact.customer_id is not None:
        words = say("This is a direct contact. Convert it to a shared contact first.")
        raise Invalid(words, code="not_shared", field="contact_id")
    return contact


def _run(actor: Actor, task: BulkTask, customer_id: int, contact_id: int) -> Outcome:
    """Do it for one customer, in a unit of work of its own: what is refused for one stops no other."""
    try:
        with unit_of_work(db.session) as session:
            task.verb(session, actor, customer_id=customer_id, contact_id=contact_id)
        text: str = task.done
        changed = True
    except DomainError as refusal:
        text, changed = said(refusal), False
    customer = db.session().get(Customer, customer_id)
    in_sight = changed or (customer is not None and customer.deleted_at is None)
    return Outcome(
        customer_id=customer_id,
        label=customer.label if customer is not None and in_sight else str(customer_id),
        url=url_for("CustomerView.show", pk=customer_id),
        text=text,
        changed=changed,
    )


def _undo(task: BulkTask, contact_id: int, outcomes: list[Outcome], selection: Selection) -> dict[str, Any]:
    """Return where the Undo button posts to, and what: the contact, and the customers that were changed."""
    rows = [("rowid", str(one.customer_id)) for one in outcomes if one.changed]
    opposite = "unlink_again" if task is ADD else "link_again"
    return {
        "url": url_for(f"ManyCustomersView.{opposite}"),
        "fields": [("state", selection.state.query()), ("contact_id", str(contact_id)), *rows],
    }


def _is_in_sight(contact_id: int) -> bool:
    """Tell whether the reader still sees a contact: a dealer's staff may have known it by the links alone."""
    rows = queries.contacts(current_actor()).where(Contact.id == contact_id)
    return db.session.scalar(rows.with_only_columns(Contact.id)) is not None


def _list_url(selection: Selection) -> str:
    query = selection.state.query()
    return url_for("CustomerView.list") + (f"?{query}" if query else "")
