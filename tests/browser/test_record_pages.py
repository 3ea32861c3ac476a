"""The pages of records and tasks, and how they look to those who may do less: nothing is wrong with any of them."""

import pytest

pytestmark = pytest.mark.browser

RECORD_PAGES = [
    "/customers/show/{customer}?tab=contacts",
    "/customers/show/{customer}?tab=invoices",
    "/customers/show/{customer}?tab=messages",
    "/customers/edit/{customer}",
    "/customers/delete/{customer}",
    "/customers/{customer}/add-shared-contact",
    "/customers/{customer}/remove-shared-contact",
    "/contacts/add?customer_id={customer}",
    "/contacts/show/{contact}?tab=customers",
    "/contacts/show/{contact}?tab=messages",
    "/contacts/edit/{contact}",
    "/contacts/edit/{shared}",
    "/contacts/delete/{shared}",
    "/contacts/{contact}/convert-to-shared",
    "/invoices/add?customer_id={customer}",
    "/invoices/show/{draft}?tab=lines",
    "/invoices/show/{draft}?tab=pdf",
    "/invoices/show/{sent}?tab=messages",
    "/invoices/edit/{draft}",
    "/invoices/delete/{draft}",
    "/invoices/{draft}/approve",
    "/invoices/{draft}/send",
    "/invoices/{sent}/send",
    "/messages/show/{message}?tab=why",
    "/messages/show/{message}?tab=attempts",
    "/messages/show/{message}?tab=mail",
    "/messages/show/{held}?tab=attempts",
    "/messages/{held}/cancel",
    "/inbox/{mail}",
]
# What looks different to those who may do less.
OTHERS = [
    ("finance", "/"),
    ("finance", "/customers/show/{customer}"),
    ("finance", "/contacts/edit/{contact}"),
    ("finance", "/users/userinfo/"),
    ("support", "/"),
    ("support", "/customers/show/{customer}"),
    ("support", "/customers/edit/{customer}"),
    ("support", "/contacts/edit/{contact}"),
    ("support", "/contacts/list/"),
    ("auditor", "/contacts/show/{shared}"),
    ("auditor", "/invoices/show/{draft}?tab=lines"),
]


@pytest.mark.parametrize("path", RECORD_PAGES)
def test_a_page_of_a_record(watch, records, path):
    assert watch("admin").look_at(path.format(**records)) == []


@pytest.mark.parametrize(("user", "path"), OTHERS)
def test_a_page_as_others_see_it(watch, records, user, path):
    assert watch(user).look_at(path.format(**records)) == []
