"""The table of who may do what, against section 5 of the product page written out by hand."""

from __future__ import annotations

import pytest

from app.access.ask import allows, document_kinds_in_sight, ensure, ensure_settable, may, settable
from app.access.table import LOOKUPS, NOT_SETTABLE, ONLY_SETTABLE, TABLE, Operation, Role
from app.contacts.rules import CONTACT_FIELDS
from app.core.actor import Actor, Door
from app.core.errors import Forbidden
from app.customers.rules import CUSTOMER_FIELDS
from app.invoices.fields import INVOICE_FIELDS
from app.lookups.models import LOOKUP_MODELS
from app.lookups.rules import LOOKUP_FIELDS

# Each line: resource, then what Admin, Finance, Support and Auditor may do with it.
# c create, r read, u update, d delete, b see in the bin, t restore from it, p purge, l link, v convert,
# w verify a password, a approve, s send, y retry, x cancel, i lift, h pause, m resume; "*" is everything.
LETTERS = dict(
    zip(
        "crudbtplvwasyxihm",
        (
            *("create", "read", "update", "delete", "trash", "restore", "purge", "link", "convert"),
            *("verify_password", "approve", "send", "retry", "cancel", "lift", "pause", "resume"),
        ),
        strict=True,
    )
)
EXPECTED = """
customer              *      crudbtl  rul       rb
contact               *      crudbtv  crudbtvw  rb
invoice               *      crudbtas -         rb
billing_run           *      crudbtshm -        rb
correspondence        *      crudbts  crudbts   rb
correspondence.billing            * crudbts - rb
correspondence.credit_control     * crudbts - rb
correspondence.customer_services  * r crudbts rb
correspondence.marketing          * r crudbts rb
bulk_letter                       * crudbtshm crudbtshm rb
ticket                *      r        crudbts   rb
message               rpyx   ryx      ryx       r
suppression           crbtpi ri       ri        rb
inbound_mail          rudbtp -        rudbt     -
outbox                rhm    r        r         r
metrics               r      -        -         -
issuer                ru     r        r         r
mail_template         ru     r        r         r
audit                 r      r        r         r
inbox                 r      -        -         -
user                  crudbt -        -         -
role                  r      -        -         -
api_key               crd    -        -         -
home                  r      r        r         r
trash                 rtp    rt       rt        r
contact_type          *      r        r         rb
title                 *      r        r         rb
number_type           *      r        r         rb
topic                 *      r        r         rb
ticket_type           *      r        r         rb
ticket_status         *      r        r         rb
correspondence_type   *      r        r         rb
usage_report_profile  *      r        r         rb
customer_status       *      r        r         rb
dealer                *      r        r         rb
"""
ROLES = ("Admin", "Finance", "Support", "Auditor")
MATRIX = {
    (row[0], role): set(LETTERS.values()) if cell == "*" else {LETTERS[one] for one in cell if one != "-"}
    for row in (line.split() for line in EXPECTED.strip().splitlines())
    for role, cell in zip(ROLES, row[1:], strict=True)
}
NAMES_ADDRESSES_NUMBERS = {
    "title", "first_name", "last_name", "company_name", "address_line_1", "address_line_2", "address_line_3",
    "address_line_4", "address_line_5", "postcode", "country", "number_1", "number_1_type", "number_2",
    "number_2_type", "number_3", "number_3_type", "number_4", "number_4_type",
}  # fmt: skip


def holding(*roles, dealer_code=None):
    return Actor(door=Door.SCREEN, roles=frozenset(roles), dealer_code=dealer_code)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("resource", sorted({resource for resource, _ in MATRIX}))
def test_a_role_may_do_exactly_what_the_page_says(resource, role):
    assert {one.value for one in Operation if may(holding(role), one, resource)} == MATRIX[resource, role]


def test_every_resource_is_written_out_above():
    assert {resource for resource, _ in MATRIX} == set(TABLE)
    assert set(LETTERS.values()) == {one.value for one in Operation}
    assert tuple(Role) == ROLES


def test_every_list_is_in_the_table():
    assert set(LOOKUPS) == set(LOOKUP_MODELS) == set(LOOKUP_FIELDS)


@pytest.mark.parametrize("roles", [(), ("Public",), ("admin",), ("Boss", "")])
def test_an_unknown_role_may_nothing(roles):
    assert not any(may(holding(*roles), operation, resource) for operation in Operation for resource in TABLE)


def test_an_unknown_resource_is_nobodys():
    assert not allows(["Admin"], Operation.READ, "spaceship")


def test_roles_add_up():
    both = holding("Finance", "Support")
    assert may(both, Operation.VERIFY_PASSWORD, "contact")
    assert may(both, Operation.APPROVE, "invoice")
    assert not may(both, Operation.PURGE, "customer")


def test_the_program_itself_may_everything():
    assert all(may(Actor.system(Door.WORKER), operation, resource) for operation in Operation for resource in TABLE)
    assert settable(Actor.system(Door.IMPORT), "customer", ["email"]) == {"email"}


def test_the_refusal_says_what_and_to_what():
    with pytest.raises(Forbidden, match=r"delete.*contact type"):
        ensure(holding("Support"), Operation.DELETE, "contact_type")


@pytest.mark.parametrize(
    ("resource", "fields", "role", "may_set"),
    [
        ("customer", CUSTOMER_FIELDS, "Admin", set(CUSTOMER_FIELDS)),
        ("customer", CUSTOMER_FIELDS, "Finance", set(CUSTOMER_FIELDS)),
        ("customer", CUSTOMER_FIELDS, "Support", NAMES_ADDRESSES_NUMBERS),
        ("customer", CUSTOMER_FIELDS, "Auditor", set()),
        ("contact", CONTACT_FIELDS, "Admin", set(CONTACT_FIELDS)),
        ("contact", CONTACT_FIELDS, "Finance", set(CONTACT_FIELDS) - {"copy_ticket_updates", "account_password"}),
        ("contact", CONTACT_FIELDS, "Support", set(CONTACT_FIELDS) - {"email_bill_type", "invoice_usage_report"}),
        ("contact", CONTACT_FIELDS, "Auditor", set()),
        ("invoice", INVOICE_FIELDS, "Finance", set(INVOICE_FIELDS)),
        ("invoice", INVOICE_FIELDS, "Support", set()),
        ("topic", LOOKUP_FIELDS["topic"], "Admin", {"name", "active", "position"}),
        ("topic", LOOKUP_FIELDS["topic"], "Finance", set()),
    ],
)
def test_which_fields_a_role_may_set(resource, fields, role, may_set):
    assert settable(holding(role), resource, fields) == may_set


def test_two_roles_may_set_what_either_may():
    both = holding("Finance", "Support")
    assert settable(both, "contact", CONTACT_FIELDS) == set(CONTACT_FIELDS)
    assert settable(both, "customer", CUSTOMER_FIELDS) == set(CUSTOMER_FIELDS)


def test_a_refused_field_is_named():
    with pytest.raises(Forbidden) as refusal:
        ensure_settable(holding("Finance"), "contact", ["last_name", "account_password", "copy_ticket_updates"])
    assert set(refusal.value.errors) == {"account_password", "copy_ticket_updates"}
    assert refusal.value.code == "field_forbidden"


def test_field_rules_name_fields_that_exist():
    fields = {"customer": CUSTOMER_FIELDS, "contact": CONTACT_FIELDS}
    for (resource, _), names in {**NOT_SETTABLE, **ONLY_SETTABLE}.items():
        assert names <= set(fields[resource])


@pytest.mark.parametrize(
    ("role", "kinds"),
    [
        ("Admin", ["invoice", "correspondence", "ticket_update"]),
        ("Finance", ["invoice", "correspondence", "ticket_update"]),
        ("Support", ["ticket_update"]),
    ],
)
def test_messages_are_seen_by_who_sees_their_documents(role, kinds):
    assert document_kinds_in_sight(holding(role)) == kinds
