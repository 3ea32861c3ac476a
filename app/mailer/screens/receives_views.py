"""The page that shows what a contact receives, customer by customer."""

from __future__ import annotations

from typing import Any

from flask import current_app, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access

from app.access.table import Operation
from app.contacts import queries
from app.contacts.models import Contact
from app.contacts.rules import CONTACT_FIELDS
from app.contacts.showing import kind_tag
from app.core.words import say
from app.extensions import db
from app.mailer.planning.receiving import Received, received, sentences
from app.web.current import current_actor
from app.web.display import choice_words
from app.web.panels import TAB_ROWS, Action, register_action
from app.web.request_filters import id_or_404

_COLUMNS = {
    "customer": say("Customer"),
    "bill": say("Copy Email Bill"),
    "usage": say("Invoice Usage Report"),
    "letters": say("Copy Correspondence"),
    "tickets": say("Copy Ticket Updates"),
    "obstacles": say("What stands in the way"),
}


def register() -> None:
    """Put the entry of the contact's Actions menu in place."""
    register_action(
        "contact",
        Action(
            say("Receives"),
            "contact",
            Operation.READ,
            lambda contact: url_for("ReceivesView.receives", pk=contact.id),
            icon="mail",
        ),
    )


class ReceivesView(BaseView):
    """What a contact receives."""

    route_base = "/contacts"
    class_permission_name = "contact"
    method_permission_name = {"receives": "read"}
    default_view = "receives"

    @expose("/<pk>/receives")
    @has_access
    def receives(self, pk: str) -> str:
        """Show what a contact gets of each customer, and what stands in the way."""
        actor, session = current_actor(), db.session()
        contact = queries.contact(session, actor, contact_id=id_or_404(pk))
        module = current_app.config["SETTINGS"].invoice_usage
        rows = received(session, actor, contact, first=0, count=TAB_ROWS, usage_module=module)
        every = queries.count_customers(session, queries.customers_of_contact(contact))
        in_sight = queries.count_customers(session, queries.customers_in_sight(actor, contact))
        columns = {key: label for key, label in _COLUMNS.items() if module or key != "usage"}
        return self.render_template(
            "mailer/receives.html",
            title=say("What {name} receives", name=contact.name),
            kind=kind_tag(contact),
            columns=[{"key": key, "label": label} for key, label in columns.items()],
            rows=[_row(contact, one, columns) for one in rows],
            more=in_sight - len(rows),
            others=every - in_sight,
            empty={
                "title": say("Linked to no customer"),
                "text": say("A contact gets copies of its customers' documents; this one has none yet."),
            },
            back_url=url_for("ContactView.show", pk=contact.id),
        )


def _row(contact: Contact, one: Received, columns: dict[str, Any]) -> dict[str, Any]:
    what = one.receives
    report = contact.invoice_usage_report
    against = sentences(contact, what.obstacles)
    values = {
        "customer": one.customer.label,
        "bill": choice_words(CONTACT_FIELDS["email_bill_type"], what.email_bill_type.value),
        "usage": report.name if report else None,
        "letters": ", ".join(row.name for row in contact.copy_correspondence),
        "tickets": ", ".join(row.name for row in contact.copy_ticket_updates),
        "obstacles": against,
    }
    return {
        "url": url_for("CustomerView.show", pk=one.customer.id),
        "cells": [{"key": key, "label": label, "value": values[key]} for key, label in columns.items()],
    }
