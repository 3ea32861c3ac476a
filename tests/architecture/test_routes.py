"""Every route and every role: what the address map holds is what the access table says, and nothing else."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from app.access.table import TABLE, Operation, Role
from app.core import clock
from tests.web.house import House, World, build, dispose, fill

pytestmark = pytest.mark.slow

ROLES = {"admin": Role.ADMIN, "finance": Role.FINANCE, "support": Role.SUPPORT, "auditor": Role.AUDITOR}
EVERYBODY = "everybody who is logged in"
ANYBODY = "anybody"

# What a method of a view does to its resource, told apart from the views' own words.
OPERATIONS = {
    **dict.fromkeys(
        ("list", "show", "export", "get", "get_list", "info", "plan", "pdf", "mail", "html", "part"), "read"
    ),
    **dict.fromkeys(("add", "post"), "create"),
    **dict.fromkeys(("edit", "put"), "update"),
    "delete": "delete",
    "trash": "trash",
    "restore": "restore",
    "purge": "purge",
    "link_again": "link",
    "unlink_again": "link",
    "source": "read",
    "convert_to_shared": "convert",
    "verify_password": "verify_password",
    "receives": "read",
    "usage": "read",
    "index": "read",
    "approve": "approve",
    "credit": "approve",
    "send": "send",
    "send_again": "send",
    "why": "read",
    "retry": "retry",
    "start": "send",
    "invoices": "read",
    "customers": "read",
    "preview_pdf": "read",
    "preview_mail": "read",
    "choose": "update",
    "leave_out": "update",
    "plan_again": "update",
    "lift": "lift",
    "cancel": "cancel",
    "pause": "pause",
    "resume": "resume",
    "metrics": "read",
    "add_shared_contact": "link",
    "remove_shared_contact": "link",
    "preview": "read",
    "tried": "update",
    "use_shipped": "update",
    "publish": "create",
    "discard": "create",
    "faults": "read",
    "sample": "read",
    "opening_plan": "create",
    **dict.fromkeys(("answer", "note", "close", "reopen", "add_update"), "update"),
    **dict.fromkeys(("get_updates", "plan_next"), "read"),
    "attach": "update",
    "detach": "update",
    "attachment": "read",
    "extra_attachment": "read",
    "texts": "create",
    "delivered": "send",
    **dict.fromkeys(("logo", "get_logo"), "read"),
    **dict.fromkeys(("set_logo", "remove_logo"), "update"),
    **dict.fromkeys(("add_to_ticket", "finish", "done"), "update"),
}
# Views whose class names no resource, and methods that are about another resource than their view's.
RESOURCES = {
    "ImportView": "invoice",
    "ManyMessagesView": "message",
    "OutboxView": "outbox",
    "MetricsView": "metrics",
    "SharedContactsView": "customer",
    "ManyCustomersView": "customer",
    "VerifyPasswordView": "contact",
    "ReceivesView": "contact",
    "InboxView": "inbox",
    "TrashView": "trash",
    "TicketUpdateView": "ticket",
    "TicketMailView": "ticket",
    "UserView": "user",
    "RoleView": "role",
}
SPECIAL = {
    "CustomerWithContactsApi.contacts": ("contact", "read"),
    "CustomerWithContactsApi.add_contact": ("contact", "create"),
    "UserView.action": ("user", "update"),
    "PickerView.search": ("home", "read"),
    **{
        f"ListSettingsView.{name}": ("home", "read")
        for name in ("choose_columns", "save_view", "rename_view", "delete_view")
    },
    "SearchView.search": ("home", "read"),
    "SearchView.suggest": ("home", "read"),
    "ResetPasswordView.this_form_get": ("user", "update"),
    "ResetPasswordView.this_form_post": ("user", "update"),
}
# Pages that show to every reader what only some may do there.
READING = {(f"{name}.send", "GET") for name in ("InvoiceView", "CorrespondenceView", "TicketUpdateView")}
# Routes that no row of the table speaks of, each with its reason.
EXCEPTIONS = {
    "HomeView.index": EVERYBODY,  # sends others to the login by itself
    "UserView.userinfo": EVERYBODY,  # one's own profile
    "ProfileView.this_form_get": EVERYBODY,
    "ProfileView.this_form_post": EVERYBODY,
    "MyPasswordView.this_form_get": EVERYBODY,
    "MyPasswordView.this_form_post": EVERYBODY,
    "MenuApi.get_menu_data": EVERYBODY,
    "OpenApi.get": EVERYBODY,
    "SwaggerView.show": EVERYBODY,
    "LoginView.login": ANYBODY,
    "LoginView.logout": ANYBODY,
    "LanguageView.choose": ANYBODY,  # one's own screens, before the login too
    "LoginApi.login": ANYBODY,
    "LoginApi.refresh": ANYBODY,  # answers to a refresh token alone
    "UtilView.back": ANYBODY,  # leads to the home page, which asks for a login
    "HealthView.health": ANYBODY,
    "UnsubscribeView.unsubscribe": ANYBODY,  # knows its reader by a signed token
    "web.static": ANYBODY,
    "appbuilder.static": ANYBODY,  # the scripts of Swagger's page
}
PARTS = {
    "version": "v1",
    "filename": "app.css",
    "source": "customer",
    "mail_id": "0" * 32,
    "update_id": "1",
    "number": "1",
    "name": "resetpasswords",
    "kind": "contact",
    "attachment_pk": "1",
    "token": "1-aaaaaaaaaaaaaaaa",
}
WRITES = {"POST", "PUT", "DELETE", "PATCH"}


class Call(NamedTuple):
    """A method at an address, and the endpoint behind it."""

    method: str
    rule: str
    endpoint: str


@pytest.fixture(scope="module")
def house(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("routes")
    shutil.copy(template, folder / "counterpart.sqlite")
    one = House(build(folder), World())
    fill(one)
    expires_at = (clock.now() + timedelta(days=9)).isoformat()[:19]
    assert (
        one.browser().post("/api-keys/add", data={"label": "Walk", "user": "1", "expires_at": expires_at}).status_code
        == 200
    )
    yield one
    dispose(one.app)


@pytest.fixture(scope="module")
def calls(house: House) -> list[Call]:
    return sorted(
        Call(method, rule.rule, rule.endpoint)
        for rule in house.app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    )


def needs(house: House, call: Call) -> tuple[str, str] | str | None:
    """Return the resource and operation that a route is about, or why it is about none; None where nobody says."""
    endpoint = call.endpoint
    if endpoint in EXCEPTIONS:
        return EXCEPTIONS[endpoint]
    if endpoint in SPECIAL:
        return SPECIAL[endpoint]
    name, _, method = endpoint.partition(".")
    view = next((one for one in house.app.appbuilder.baseviews if one.endpoint == name), None)
    resource = RESOURCES.get(name) or getattr(getattr(view, "resource", None), "name", None)
    if resource is None or method not in OPERATIONS:
        return None
    return resource, "read" if (endpoint, call.method) in READING else OPERATIONS[method]


def address(house: House, call: Call, *, exists: bool) -> str:
    """Fill in a rule: with the id of a record, or with one that nothing has."""
    resource = (needs(house, call) or ("", ""))[0]
    if call.endpoint.startswith("CustomerWithContactsApi") or call.endpoint.startswith("SharedContactsView"):
        resource = "customer"
    known = {**house.world.lookups, **house.world.ours}.get(resource, 1)
    parts = {**PARTS, "pk": str(known if exists else 999_999), "contact_pk": str(house.world.ours["linked"])}
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: parts[found.group(1)], call.rule)


def ask(house: House, name: str, call: Call, *, exists: bool) -> int:
    """Make a call as a user, in a browser at screens and with a token over REST; returns the status."""
    path = address(house, call, exists=exists)
    if call.rule.startswith("/api/"):
        return house.api(name)(call.method, path).status_code
    answer = house.browser(name).open(path, method=call.method)
    if call.endpoint == "LoginView.logout":
        house.browsers.pop(name, None)
    is_login = answer.status_code == 302 and answer.headers["Location"].startswith("/login/")
    return 401 if is_login else answer.status_code


def allowed(role: Role, need: tuple[str, str] | str) -> bool:
    if isinstance(need, str):
        return True
    resource, operation = need
    return Operation(operation) in TABLE[resource][role]


def test_every_route_is_about_a_row_of_the_access_table(house, calls):
    unknown = sorted({call.endpoint for call in calls if needs(house, call) is None})
    assert unknown == []
    rows = {needs(house, call)[0] for call in calls if not isinstance(needs(house, call), str)}
    assert rows <= TABLE.keys()
    assert len(rows) > 15


def test_no_exception_speaks_of_a_route_that_is_gone(calls):
    endpoints = {call.endpoint for call in calls}
    assert (EXCEPTIONS.keys() | SPECIAL.keys()) <= endpoints


def test_nobody_is_let_in_without_a_login(house, calls):
    let_in = [call for call in calls if needs(house, call) != ANYBODY and ask(house, "", call, exists=True) != 401]
    assert let_in == []


@pytest.mark.parametrize("name", ROLES)
def test_a_role_is_refused_what_the_table_does_not_give_it(house, calls, name):
    refused = [call for call in calls if not allowed(ROLES[name], needs(house, call))]
    assert len(refused) > (5 if name == "admin" else 60)
    house.browser(name), house.api(name)
    before = {table: house.count(table) for table in ("audit_entry", "contact_link", "invoice_line")}
    got_in = {call: ask(house, name, call, exists=True) for call in refused}
    assert {call: status for call, status in got_in.items() if status not in (403, 405)} == {}
    # 405 is for verbs that are not offered at all, whoever asks.
    assert all("issuer" in call.rule or "message" in call.rule for call, status in got_in.items() if status == 405)
    assert {table: house.count(table) for table in before} == before


@pytest.mark.parametrize("name", ROLES)
def test_a_role_gets_what_the_table_gives_it(house, calls, name):
    given = [call for call in calls if allowed(ROLES[name], needs(house, call))]
    assert len(given) > 40
    statuses = {call: ask(house, name, call, exists=call.method == "GET") for call in given}
    expected = {"LoginApi.refresh": 401, "LoginView.logout": 401, "HealthView.health": 503}
    odd = {call.endpoint: status for call, status in statuses.items() if status in (401, 403, 405) or status >= 500}
    # Logging out leads to the login; nobody has a refresh token here; no worker runs beside a test.
    assert odd == expected
    not_there = {call.endpoint for call in given if call.method == "GET" and statuses[call] not in (200, 302)}
    # The caught mail and the file are made up, the message isn't composed, and no worker runs beside a test. What
    # messages are about stays out of sight of those who may not see it.
    made_up = {"web.static", "appbuilder.static", "HealthView.health", "MessageView.mail"}
    made_up |= {"InboxView.show", "InboxView.html", "InboxView.part", "InboxView.source"}
    # Which user is in the address's query, and none is given here.
    made_up |= {"ResetPasswordView.this_form_get"}
    # No record here is in the trash: what it shows of one that is, is tested with the trash.
    made_up |= {"TrashView.show", "TrashView.purge"}
    # No file was imported, and its samples are of two kinds alone; tested with the imports.
    made_up |= {"ImportView.show", "ImportView.faults", "ImportView.sample"}
    # Nor which address is asked about.
    made_up |= {"InvoiceApi.why", "CorrespondenceApi.why"}
    # Nobody has signed the token.
    made_up |= {"UnsubscribeView.unsubscribe"}
    # The update here came by no mail; that of one that did is tested with the mails that come in.
    made_up |= {"TicketMailView.mail", "TicketApi.mail"}
    # Nothing was chosen for one sending alone here.
    made_up |= {"MessageView.extra_attachment", "MessageApi.extra_attachment"}
    if name == "support":
        made_up |= {call.endpoint for call in given if call.endpoint.startswith(("Correspondence", "BulkLetter"))}
        made_up |= {"MessageApi.get", "MessageView.show", "MessageView.retry", "MessageView.cancel"}
    assert not_there <= made_up


def test_nothing_is_written_by_a_get(house, calls):
    tables = ("audit_entry", "customer", "contact", "contact_link", "invoice", "message", "ab_user")
    # Logging in is in the trail.
    house.browser("admin"), house.api("admin")
    before = {table: house.count(table) for table in tables}
    reads = [call for call in calls if call.method == "GET" and call.endpoint != "LoginView.logout"]
    for call in reads:
        ask(house, "admin", call, exists=True)
    assert {table: house.count(table) for table in tables} == before
    # What only writes has no GET at all; what asks first shows a form.
    only_writing = {call.rule for call in calls if call.method in WRITES} - {call.rule for call in reads}
    answers = {
        rule: ask(house, "admin", Call("GET", rule, endpoint_of(calls, rule)), exists=True) for rule in only_writing
    }
    # Where a record's id could stand, a GET asks for a record that isn't there.
    assert {rule for rule, status in answers.items() if status != 405} <= {
        "/customers/many/add-shared-contact",
        "/customers/many/remove-shared-contact",
        "/customers/many/link-again",
        "/customers/many/unlink-again",
        "/messages/many/retry",
        "/messages/many/cancel",
    }
    assert set(answers.values()) <= {404, 405}
    assert only_writing


def endpoint_of(calls: list[Call], rule: str) -> str:
    return next(call.endpoint for call in calls if call.rule == rule)
