"""The verbs of contacts."""

from __future__ import annotations

import pytest

from app.contacts import queries, service
from app.core.errors import Conflict, Invalid, NotFound
from app.customers.service import create_customer
from tests.conftest import actor


@pytest.fixture
def customer(do):
    return do(create_customer, actor(), values={"account_number": "AC1", "company_name": "Acme"}).id


def test_a_direct_contact_is_converted_and_stays_linked(do, session, customer):
    contact_id = do(service.create_contact, actor(), values={"last_name": "Jones", "customer_id": customer}).id
    converted = do(service.convert_to_shared, actor(), contact_id=contact_id)
    assert converted.kind == "shared"
    assert queries.link(session, customer_id=customer, contact_id=contact_id) is not None
    with pytest.raises(Conflict) as refusal:
        do(service.convert_to_shared, actor(), contact_id=contact_id)
    assert refusal.value.code == "already_shared"


def test_linking_twice_and_unlinking_twice_are_refused(do, customer):
    contact_id = do(service.create_contact, actor(), values={"last_name": "Shared"}).id
    do(service.add_shared_contact, actor(), customer_id=customer, contact_id=contact_id)
    with pytest.raises(Conflict) as linked:
        do(service.add_shared_contact, actor(), customer_id=customer, contact_id=contact_id)
    assert linked.value.code == "already_linked"
    do(service.remove_shared_contact, actor(), customer_id=customer, contact_id=contact_id)
    with pytest.raises(NotFound) as unlinked:
        do(service.remove_shared_contact, actor(), customer_id=customer, contact_id=contact_id)
    assert unlinked.value.code == "not_linked"


def test_a_direct_contact_cannot_be_linked(do, customer):
    contact_id = do(service.create_contact, actor(), values={"last_name": "Direct", "customer_id": customer}).id
    with pytest.raises(Invalid) as refusal:
        do(service.add_shared_contact, actor(), customer_id=customer, contact_id=contact_id)
    assert refusal.value.code == "not_shared"
