"""The pages on which a shared contact is linked to a customer, or taken off one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import redirect, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access

from app.contacts import queries, service
from app.contacts.models import Contact
from app.contacts.pickers import contact_options
from app.core.errors import DomainError, Invalid, NotFound
from app.core.fields import Reference
from app.core.unit_of_work import unit_of_work
from app.core.whole_numbers import clean_id
from app.core.words import Words, say
from app.customers import queries as customers
from app.extensions import db
from app.web.current import current_actor
from app.web.form_pages import Answer
from app.web.forms import RecordForm, form_class
from app.web.request_filters import id_or_404, whole_number
from app.web.undo import Undo, tell_too_late, tell_undoable
from app.web.words import tell


@dataclass(frozen=True, slots=True)
class Task:
    """Linking or unlinking: its words, whom it offers, its verb, and what is told when it is done."""

    button: Words
    text: Words
    source: str
    verb: Callable[..., Any]
    title: Callable[[str], Words]
    done: Callable[[str], Words]


ADD = Task(
    button=say("Add Shared Contact"),
    text=say("Search by name, company, address or email. Only shared contacts that are not linked yet are offered."),
    source="linkable_contact",
    verb=service.add_shared_contact,
    title=lambda customer: say("Add Shared Contact: {customer}", customer=customer),
    done=lambda contact: say("{contact} is linked.", contact=contact),
)
REMOVE = Task(
    button=say("Remove Shared Contact"),
    text=say("Only the link goes. The contact stays, with its links to other customers."),
    source="linked_contact",
    verb=service.remove_shared_contact,
    title=lambda customer: say("Remove Shared Contact: {customer}", customer=customer),
    done=lambda contact: say("{contact} is no longer linked.", contact=contact),
)


class SharedContactsView(BaseView):
    """Add Shared Contact and Remove Shared Contact: the two tasks of a customer's Actions menu."""

    route_base = "/customers"
    class_permission_name = "customer"
    method_permission_name = {"add_shared_contact": "link", "remove_shared_contact": "link", "link_again": "link"}
    default_view = "add_shared_contact"

    @expose("/<pk>/add-shared-contact", methods=["GET", "POST"])
    @has_access
    def add_shared_contact(self, pk: str) -> Answer:
        """Search, select, and link a shared contact."""
        return self._page(ADD, id_or_404(pk))

    @expose("/<pk>/remove-shared-contact", methods=["GET", "POST"])
    @has_access
    def remove_shared_contact(self, pk: str) -> Answer:
        """Select, and unlink a shared contact; the address may name it already."""
        return self._page(REMOVE, id_or_404(pk))

    @expose("/<pk>/link-again", methods=["POST"])
    @has_access
    def link_again(self, pk: str) -> Answer:
        """Undo the removal of a shared contact: link it again, as a link of its own."""
        customer_id = id_or_404(pk)
        customers.customer(db.session(), current_actor(), customer_id=customer_id)
        try:
            tell(self._run(ADD, customer_id, _chosen_id(_link_form(ADD, customer_id))))
        except DomainError as error:
            tell_too_late(error)
        return redirect(url_for("CustomerView.show", pk=customer_id, tab="contacts"))

    def _page(self, task: Task, customer_id: int) -> Answer:
        actor = current_actor()
        name = customers.customer(db.session(), actor, customer_id=customer_id).label
        form = _link_form(task, customer_id)
        error: DomainError | None = None
        if request.method == "POST":
            try:
                told = self._run(task, customer_id, _chosen_id(form))
            except NotFound as refusal:
                error = Invalid(refusal.message, code=refusal.code, field="contact_id")
            except DomainError as refusal:
                error = refusal
            else:
                again = Undo(
                    url_for("SharedContactsView.link_again", pk=customer_id),
                    {"contact_id": str(form.contact_id.data)},
                )
                undo = again if task is REMOVE and _is_in_sight(int(again.fields["contact_id"])) else None
                tell_undoable(told, undo)
                return redirect(url_for("CustomerView.show", pk=customer_id, tab="contacts"))
            form.show_errors(error)
        options = contact_options(db.session(), actor, form.contact_id.values())
        form.contact_id.texts = {option.value: option.text for option in options}
        page = self.render_template(
            "web/confirm.html",
            title=task.title(name),
            text=task.text,
            touches=[],
            submit_label=task.button,
            danger=False,
            cancel_url=url_for("CustomerView.show", pk=customer_id, tab="contacts"),
            form=form,
            error=error.message if error else None,
        )
        return page if error is None else (page, error.status)

    def _run(self, task: Task, customer_id: int, contact_id: int) -> Words:
        with unit_of_work(db.session) as session:
            task.verb(session, current_actor(), customer_id=customer_id, contact_id=contact_id)
            return task.done(session.get_one(Contact, contact_id).name)


_LinkForm = form_class(
    {"contact_id": Reference(resource="linkable_contact", required=True)},
    labels={"contact_id": say("Shared contact")},
    hints={},
)


def _link_form(task: Task, customer_id: int) -> RecordForm:
    named = whole_number(request.args.get("contact_id", ""))
    linked = named is not None and queries.link(db.session(), customer_id=customer_id, contact_id=named) is not None
    form: RecordForm = _LinkForm(data={"contact_id": str(named)} if linked and task is REMOVE else {})
    form.contact_id.url = f"/pickers/{task.source}?customer_id={customer_id}"
    return form


def _is_in_sight(contact_id: int) -> bool:
    """Tell whether the reader still sees a contact: a dealer's staff may have known it by the link alone."""
    rows = queries.contacts(current_actor()).where(Contact.id == contact_id)
    return db.session.scalar(rows.with_only_columns(Contact.id)) is not None


def _chosen_id(form: RecordForm) -> int:
    try:
        return clean_id(form.contact_id.data)
    except ValueError:
        raise Invalid(say("Select a shared contact."), field="contact_id") from None
