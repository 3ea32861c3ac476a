"""What a contact receives, over REST."""

from __future__ import annotations

from flask import Response, current_app, jsonify, request
from flask_appbuilder.api import expose, protect

from app.contacts import api, queries
from app.contacts.resource import CONTACT
from app.core.errors import Unreadable
from app.core.words import say
from app.extensions import db
from app.mailer.planning.receiving import as_dict, received
from app.web.api_query import read_query, read_rison
from app.web.current import current_actor
from app.web.operations import operation
from app.web.request_filters import id_or_404

MAX_CUSTOMERS = 1000
_IDS = {"type": "array", "items": {"type": "integer"}}
_OBSTACLE = {
    "type": "object",
    "properties": {
        "concerns": {"type": "string", "description": "The field whose choice does not come about"},
        "types": {**_IDS, "description": "Which of its types; none for a field without types"},
        "reason": {"type": "string"},
        "detail": {"type": "string"},
    },
}
_ONE = {
    "type": "object",
    "properties": {
        "customer_id": {"type": "integer"},
        "account_number": {"type": "string"},
        "name": {"type": "string"},
        "email_bill_type": {"type": "string"},
        "invoice_usage_report": {"type": "integer", "nullable": True},
        "copy_correspondence": _IDS,
        "copy_ticket_updates": _IDS,
        "obstacles": {"type": "array", "items": _OBSTACLE},
    },
}
_RECEIVES = {
    "type": "object",
    "properties": {
        "count": {"type": "integer", "description": "How many customers in sight there are"},
        "out_of_sight": {"type": "integer", "description": "How many others the contact has"},
        "result": {"type": "array", "items": _ONE},
    },
}
_PAGE = {"name": "q", "schema": {"type": "string"}, "description": "The page, from 0: `(page:0)`."}


class ContactApi(api.ContactApi):
    """Contacts, with what each receives."""

    method_permission_name = {**(api.ContactApi.method_permission_name or {}), "receives": "read"}

    @expose("/<pk>/receives", methods=["GET"])
    @protect()
    @operation(gives=_RECEIVES, query=[_PAGE])
    def receives(self, pk: str) -> Response:
        """Tell what a contact gets, customer by customer, and what stands in the way; a thousand a page."""
        actor, session = current_actor(), db.session()
        contact = queries.contact(session, actor, contact_id=id_or_404(pk))
        module = current_app.config["SETTINGS"].invoice_usage
        first = _page_number() * MAX_CUSTOMERS
        rows = received(session, actor, contact, first=first, count=MAX_CUSTOMERS, usage_module=module)
        count = queries.count_customers(session, queries.customers_in_sight(actor, contact))
        every = queries.count_customers(session, queries.customers_of_contact(contact))
        told = [as_dict(one, usage_module=module) for one in rows]
        return jsonify(count=count, out_of_sight=every - count, result=told)


def _page_number() -> int:
    """Return the page that `q` asks for, from 0. Raises Unreadable."""
    text = request.args.get("q")
    if set(read_rison(text)) - {"page"}:
        raise Unreadable(say("The parameter q takes a page here, such as (page:0), and nothing else."), field="q")
    return read_query(text, CONTACT).page
