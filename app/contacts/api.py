"""The REST resource of contacts, and the calls about a customer's contacts."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request
from flask_appbuilder.api import expose, protect
from werkzeug.wrappers import Response as WerkzeugResponse

from app.access.ask import ensure
from app.access.table import Operation
from app.contacts import queries, service
from app.contacts.models import Contact
from app.contacts.password_views import verified_by
from app.contacts.resource import CONTACT
from app.core.errors import Invalid, Unreadable
from app.core.fields import Reference
from app.core.unit_of_work import unit_of_work
from app.core.words import said, say
from app.customers import queries as customers
from app.customers.api import CustomerApi, PartyApi, with_warnings
from app.extensions import db
from app.web.admin_api import body_id
from app.web.api_body import no_such_fields, only, read_body, read_version, take_version
from app.web.api_query import read_query, read_rison
from app.web.current import current_actor
from app.web.listing import Wanted, list_page, sort_of
from app.web.operations import MESSAGE, ONLY_VERSION, RECORD, VERSION, WRITE_ERRORS, operation, record_of
from app.web.request_filters import id_or_404

MAX_CONTACTS = 1000
_CONTACTS = {
    "type": "object",
    "properties": {
        "count": {"type": "integer"},
        "count_capped": {"type": "boolean"},
        "result": {"type": "array", "items": {"$ref": "#/components/schemas/ContactApi.get"}},
    },
}
_PAGE = {"name": "q", "schema": {"type": "string"}, "description": "The page, from 0: `(page:0)`."}
_CONTACT_ID = {
    "type": "object",
    "required": ["contact_id"],
    "properties": {"contact_id": {"type": "integer", "minimum": 1}, "version": VERSION},
    "additionalProperties": False,
}
_LINK = {"type": "object", "properties": {"result": {"type": "object"}}}


_PASSWORD = {
    "type": "object",
    "required": ["password"],
    "properties": {
        "password": {"type": "string", "minLength": 1, "maxLength": 128, "format": "password"},
        "version": VERSION,
    },
    "additionalProperties": False,
}
_VERIFIED = {
    "type": "object",
    "properties": {"result": {"type": "object", "properties": {"verified": {"type": "boolean"}}}},
}


class ContactApi(PartyApi):
    """Contacts, direct and shared."""

    resource = CONTACT
    method_permission_name = {"convert_to_shared": "convert", "verify_password": "verify_password"}

    def answer(self, record: Any, status: int, *, columns: list[str] | None = None) -> Response:
        """Answer with a contact; a new one also with those in sight that seem to be the same."""
        answer = super().answer(record, status, columns=columns)
        return with_warnings(answer, record, _duplicates(record)) if status == 201 else answer  # noqa: PLR2004  created

    @expose("/<pk>/verify_password", methods=["POST"])
    @protect()
    @operation(gives=_VERIFIED, takes=_PASSWORD, headers=["If-Match"], errors=(*WRITE_ERRORS, 412, 429))
    def verify_password(self, pk: str) -> Response:
        """Tell whether a password is the contact's; a few tries a minute."""
        number = id_or_404(pk)
        body = read_body()
        version = take_version(body, required=False)
        password = only(body, "password").get("password")
        verified = verified_by(current_actor(), contact_id=number, password=password, version=version)
        return jsonify(result={"verified": verified})

    @expose("/<pk>/convert_to_shared", methods=["POST"])
    @protect()
    @operation(gives=RECORD, takes=ONLY_VERSION, body_optional=True, errors=(*WRITE_ERRORS, 412))
    def convert_to_shared(self, pk: str) -> WerkzeugResponse:
        """Convert a direct contact to a shared one that stays linked to its customer."""
        number = id_or_404(pk)
        actor = current_actor()
        version = read_version()
        with unit_of_work(db.session) as session:
            service.convert_to_shared(session, actor, contact_id=number, version=version)
        return self.answer(queries.contact(db.session(), actor, contact_id=number), 200)


class CustomerWithContactsApi(CustomerApi):
    """Customers, with the calls about their contacts."""

    method_permission_name = {
        "contacts": "read",
        "add_contact": "read",
        "add_shared_contact": "link",
        "remove_shared_contact": "link",
    }

    @expose("/<pk>/contacts", methods=["GET"])
    @protect()
    @operation(gives=_CONTACTS, query=[_PAGE])
    def contacts(self, pk: str) -> Response:
        """Give a customer's contacts, direct and shared together, a thousand a page."""
        actor = current_actor()
        session = db.session()
        customer = customers.customer(session, actor, customer_id=id_or_404(pk))
        page = list_page(
            session,
            queries.contacts_of_customer(actor, customer_id=customer.id),
            resource=CONTACT,
            sort=sort_of(CONTACT),
            wanted=Wanted(page=_page_number()),
            page_size=MAX_CONTACTS,
        )
        capped = {"count_capped": True} if page.count_capped else {}
        return jsonify(count=page.count, result=[_contact(row) for row in page.rows], **capped)

    @expose("/<pk>/contacts", methods=["POST"])
    @protect()
    @operation(
        gives=record_of("ContactApi"),
        status=201,
        takes={"$ref": "#/components/schemas/ContactApi.post"},
        errors=WRITE_ERRORS,
    )
    def add_contact(self, pk: str) -> WerkzeugResponse:
        """Make a direct contact of this customer."""
        actor = current_actor()
        ensure(actor, Operation.CREATE, "contact")
        body = no_such_fields(read_body(), CONTACT.hidden())
        customer = customers.customer(db.session(), actor, customer_id=id_or_404(pk))
        _ensure_same_customer(body, customer.id)
        values = {**body, "customer_id": customer.id}
        with unit_of_work(db.session) as session:
            number = service.create_contact(session, actor, values=values).id
        contact = queries.contact(db.session(), actor, contact_id=number)
        answer = jsonify(id=number, result=_contact(contact))
        answer.status_code = 201
        answer.set_etag(str(contact.version))
        return with_warnings(answer, contact, _duplicates(contact))

    @expose("/<pk>/shared_contacts", methods=["POST"])
    @protect()
    @operation(gives=_LINK, status=201, takes=_CONTACT_ID, headers=["If-Match"], errors=(*WRITE_ERRORS, 412))
    def add_shared_contact(self, pk: str) -> WerkzeugResponse:
        """Link a shared contact to this customer; the version is the customer's."""
        number = id_or_404(pk)
        body = read_body()
        version = take_version(body, required=False)
        contact_id = body_id(only(body, "contact_id"), "contact_id")
        with unit_of_work(db.session) as session:
            service.add_shared_contact(
                session, current_actor(), customer_id=number, contact_id=contact_id, version=version
            )
        answer = jsonify(result={"customer_id": number, "contact_id": contact_id})
        answer.status_code = 201
        return answer

    @expose("/<pk>/shared_contacts/<contact_pk>", methods=["DELETE"])
    @protect()
    @operation(gives=MESSAGE, takes=ONLY_VERSION, body_optional=True, headers=["If-Match"], errors=(*WRITE_ERRORS, 412))
    def remove_shared_contact(self, pk: str, contact_pk: str) -> WerkzeugResponse:
        """Take a shared contact off this customer; only the link goes, and the version is the customer's."""
        number, contact_id = id_or_404(pk), id_or_404(contact_pk)
        version = read_version()
        with unit_of_work(db.session) as session:
            service.remove_shared_contact(
                session, current_actor(), customer_id=number, contact_id=contact_id, version=version
            )
        return jsonify(message="OK")


def _page_number() -> int:
    """Return the page that `q` asks for, from 0. Raises Unreadable."""
    text = request.args.get("q")
    if set(read_rison(text)) - {"page"}:
        raise Unreadable(say("The parameter q takes a page here, such as (page:0), and nothing else."), field="q")
    return read_query(text, CONTACT).page


def _ensure_same_customer(body: dict[str, Any], customer_id: int) -> None:
    """Refuse a body that names another customer than the address. Raises Invalid."""
    try:
        named = Reference().clean(body.get("customer_id"))
    except ValueError as error:
        raise Invalid(said(error), field="customer_id") from error
    if named not in (None, customer_id):
        raise Invalid(say("The address names another customer."), field="customer_id")


def _contact(contact: Contact) -> dict[str, Any]:
    return {name: CONTACT.value(contact, name) for name in CONTACT.readable()}


def _duplicates(contact: Contact) -> dict[str, Any]:
    """Return the contacts in sight that seem to be the same as a new one: their ids, and a warning at each field."""
    found = queries.duplicates(db.session(), current_actor(), contact)
    if not found:
        return {}
    warnings: dict[str, list[str]] = {}
    for one in found:
        if contact.email_normalised and one.email_normalised == contact.email_normalised:
            text = say("Contact {id}, {name}, has this address already.", id=one.id, name=one.name)
            warnings.setdefault("email", []).append(text)
        else:
            text = say("Contact {id} has this name and company already.", id=one.id)
            warnings.setdefault("company_name", []).append(text)
    return {"warnings": warnings, "duplicates": [one.id for one in found]}
