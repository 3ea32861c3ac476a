"""What the screens and REST of customers have in common."""

from __future__ import annotations

from flask import current_app
from sqlalchemy.orm import joinedload, raiseload

from app.core.words import say
from app.customers import queries, service
from app.customers.labels import CUSTOMER_LABELS
from app.customers.list_filters import CUSTOMER_FILTERS
from app.customers.models import Customer
from app.customers.rules import CUSTOMER_FIELDS
from app.web.resource import Resource, filled, folded


def fields_of_modules_off() -> frozenset[str]:
    """Return the fields of customers and contacts that belong to a module that is off."""
    return frozenset() if current_app.config["SETTINGS"].invoice_usage else frozenset({"invoice_usage_report"})


CUSTOMER = Resource(
    name="customer",
    label=say("Customer"),
    plural=say("Customers"),
    add_label=say("Add customer"),
    none_yet=say("No customers yet"),
    labels=CUSTOMER_LABELS,
    model=Customer,
    fields=CUSTOMER_FIELDS,
    rows=queries.customers,
    get=lambda session, actor, number: queries.customer(session, actor, customer_id=number),
    orders={
        "id": Customer.id,
        "account_number": Customer.account_number,
        "company_name": folded(Customer.company_name),
        "last_name": (folded(Customer.last_name), filled(folded(Customer.first_name))),
        "created_at": Customer.created_at,
        "last_modified_at": Customer.last_modified_at,
    },
    default_order="account_number",
    list_filters=CUSTOMER_FILTERS,
    filters={
        "id": Customer.id,
        "account_number": Customer.account_number,
        "crm_reference": Customer.crm_reference,
        "first_name": Customer.first_name,
        "last_name": Customer.last_name,
        "company_name": Customer.company_name,
        "postcode": Customer.postcode,
        "country": Customer.country,
        "email": Customer.email,
        "status": Customer.status_id,
        "email_billing": Customer.email_billing,
        "email_bill_type": Customer.email_bill_type,
        "dealer_code": Customer.dealer_code,
        "created_at": Customer.created_at,
        "last_modified_at": Customer.last_modified_at,
    },
    matching=queries.matching,
    load=(joinedload(Customer.status), joinedload(Customer.title), raiseload("*")),
    hidden=fields_of_modules_off,
    create=lambda session, actor, values: service.create_customer(session, actor, values=values),
    update=lambda session, actor, number, values, version: service.update_customer(
        session, actor, customer_id=number, values=values, version=version
    ),
    delete=lambda session, actor, number, version: service.delete_customer(
        session, actor, customer_id=number, version=version
    ),
    trash=queries.trash,
    restore=lambda session, actor, number, version, act: service.restore_customer(
        session, actor, customer_id=number, version=version, act=act
    ),
    purge=lambda session, actor, number, reason, version: service.purge_customer(
        session, actor, customer_id=number, reason=reason, version=version
    ),
)
