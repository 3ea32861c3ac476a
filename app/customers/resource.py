"""What the screens and REST of customers have in common."""

from __future__ import annotations

from sqlalchemy.orm import joinedload, raiseload

from app.customers import queries, service
from app.customers.models import Customer
from app.customers.rules import CUSTOMER_FIELDS
from app.web.resource import Resource

CUSTOMER = Resource(
    name="customer",
    label="Customer",
    plural="Customers",
    model=Customer,
    fields=CUSTOMER_FIELDS,
    rows=queries.customers,
    get=lambda session, actor, number: queries.customer(session, actor, customer_id=number),
    orders={
        "id": Customer.id,
        "account_number": Customer.account_number,
        "company_name": Customer.company_name,
        "last_name": Customer.last_name,
        "created_at": Customer.created_at,
        "last_modified_at": Customer.last_modified_at,
    },
    default_order=(Customer.account_number,),
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
    read_only={
        "marketing_consent_at": lambda customer: customer.marketing_consent_at,
        "marketing_consent_source": lambda customer: customer.marketing_consent_source,
    },
    create=lambda session, actor, values: service.create_customer(session, actor, values=values),
    update=lambda session, actor, number, values, version: service.update_customer(
        session, actor, customer_id=number, values=values, version=version
    ),
    delete=lambda session, actor, number, version: service.delete_customer(
        session, actor, customer_id=number, version=version
    ),
)
