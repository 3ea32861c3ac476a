"""No page is forgotten: each address of the URL map that shows one is looked at by the browser's tests."""

from __future__ import annotations

import pytest
from werkzeug.exceptions import NotFound

from app.lookups.resource import LOOKUP_RESOURCES
from tests.browser.test_imports import IMPORT_PAGES
from tests.browser.test_pages import KEY_PAGES, LOOKUP, PLAIN_PAGES
from tests.browser.test_record_pages import GERMAN_PAGES, OTHERS, RECORD_PAGES

# What answers with a file, a fragment, JSON or another address is no page.
NO_PAGES = {
    "AuditView.index",
    "BulkLetterView.preview_mail",
    "BulkLetterView.preview_pdf",
    "CorrespondenceView.attachment",
    "CorrespondenceView.mail",
    "CorrespondenceView.pdf",
    "CorrespondenceView.texts",
    "HealthView.health",
    "InboundMailView.source",
    "ImportView.faults",
    "ImportView.sample",
    "InboxView.html",
    "InboxView.part",
    "InboxView.source",
    "InvoiceView.pdf",
    "IssuerView.logo",
    "MailTemplateView.preview",
    "MessageView.extra_attachment",
    "MessageView.mail",
    "MetricsView.metrics",
    "PickerView.search",
    "SearchView.suggest",
    "TicketView.attachment",
    "TicketMailView.mail",
    "UtilView.back",
    "appbuilder.static",
    "web.static",
}
# What a record of this kind can't have done to it: the address is the base view's, and answers 404.
NO_VERBS = {
    "ApiKeyView.edit",
    "IssuerView.add",
    "IssuerView.delete",
    "MailTemplateView.add",
    "MailTemplateView.delete",
    "MessageView.add",
    "MessageView.delete",
    "MessageView.edit",
    "SuppressionView.delete",
    "SuppressionView.edit",
}
# These have no login before them, and are looked at by themselves.
ELSEWHERE = {"LoginView.login", "UnsubscribeView.unsubscribe"}
NAMES = ("customer", "contact", "shared", "gone", "sent", "draft", "message", "held", "mail", "suppressed")
NAMES += ("finished_run", "planned_run", "ticket", "update", "letter", "file", "bulk", "incoming")
# The lists are one page with different rows: the list of each is looked at, the other pages for one of them.
LOOKUPS = {f"/{resource.plural.lower().replace(' ', '-')}" for resource in LOOKUP_RESOURCES.values()} - {LOOKUP}


def matched(app, paths) -> set[str]:
    """Return the endpoints of addresses."""
    adapter = app.url_map.bind("localhost")
    found = set()
    for path in paths:
        address = path.format(**dict.fromkeys(NAMES, "1")).partition("?")[0]
        found.add(adapter.match(address, method="GET")[0])
    return found


def pages(app) -> set[str]:
    """Return the endpoints that show a page."""
    found = set()
    for rule in app.url_map.iter_rules():
        stands_for_others = any(rule.rule.startswith(f"{one}/") for one in LOOKUPS) and not rule.rule.endswith("/list/")
        if "GET" in rule.methods and not rule.rule.startswith("/api/") and not stands_for_others:
            found.add(rule.endpoint)
    return found - NO_PAGES - NO_VERBS - ELSEWHERE


def test_every_page_is_looked_at(app):
    others = [path for _, path in OTHERS]
    looked_at = matched(app, [*PLAIN_PAGES, *KEY_PAGES, *IMPORT_PAGES, *RECORD_PAGES, *GERMAN_PAGES, *others])
    assert pages(app) - looked_at == set(), "put these pages into the lists of test_pages or test_record_pages"


def test_what_is_left_out_exists(app):
    assert {*NO_PAGES, *NO_VERBS, *ELSEWHERE} <= {rule.endpoint for rule in app.url_map.iter_rules()}


def test_an_address_that_is_gone_would_be_seen(app):
    with pytest.raises(NotFound):
        matched(app, ["/customers/{customer}/no-such-task"])
