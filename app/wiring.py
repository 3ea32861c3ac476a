"""The list of features, menu entries and roles: the one file that knows every feature."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask, g
from flask_babel import gettext
from jinja2 import ChoiceLoader, FileSystemLoader

from app.access.ask import may
from app.access.table import LOOKUPS, Operation
from app.api_keys.bearer import program_of
from app.api_keys.views import ApiKeyView
from app.contacts import bulk_views as contact_bulk
from app.contacts import panels as contact_panels
from app.contacts import purging as contact_purging
from app.contacts.api import CustomerWithContactsApi
from app.contacts.password_views import VerifyPasswordView
from app.contacts.resource import CONTACT
from app.contacts.sharing_views import SharedContactsView
from app.contacts.views import ContactView
from app.core.words import say
from app.correspondence import panels as letter_panels
from app.correspondence import purging as letter_purging
from app.correspondence.api import CorrespondenceApi
from app.correspondence.bulk import jobs as bulk_letter_jobs
from app.correspondence.bulk import panels as bulk_letter_panels
from app.correspondence.bulk import purging as bulk_letter_purging
from app.correspondence.bulk.api import BulkLetterApi
from app.correspondence.bulk.list_filters import BULK_LETTER_FILTER
from app.correspondence.bulk.resource import BULK_LETTER
from app.correspondence.bulk.views import BulkLetterView
from app.correspondence.resource import LETTER
from app.correspondence.unsubscribing.views import UnsubscribeView
from app.correspondence.views import CorrespondenceView
from app.customers import purging as customer_purging
from app.customers.resource import CUSTOMER
from app.customers.views import CustomerView
from app.extensions import db
from app.history.api import AuditApi
from app.history.views import AuditView
from app.home.health import HealthView
from app.home.search import SearchView
from app.home.views import HomeView
from app.inbound import panels as inbound_panels
from app.inbound import purging as inbound_purging
from app.inbound.api import InboundMailApi, TicketApi
from app.inbound.resource import INBOUND_MAIL
from app.inbound.views import InboundMailView, TicketMailView
from app.invoices import panels as invoice_panels
from app.invoices import purging as invoice_purging
from app.invoices.api import InvoiceApi
from app.invoices.billing_runs import jobs as billing_run_jobs
from app.invoices.billing_runs import panels as billing_run_panels
from app.invoices.billing_runs import purging as billing_run_purging
from app.invoices.billing_runs.api import BillingRunApi
from app.invoices.billing_runs.resource import BILLING_RUN
from app.invoices.billing_runs.views import BillingRunView
from app.invoices.imports import views as import_views
from app.invoices.imports.views import ImportView
from app.invoices.resource import INVOICE
from app.invoices.views import InvoiceView
from app.issuer import views as issuer_views
from app.issuer.api import IssuerApi
from app.issuer.views import IssuerView
from app.lookups import purging as lookup_purging
from app.lookups.api import LOOKUP_APIS
from app.lookups.resource import LOOKUP_RESOURCES
from app.lookups.views import LOOKUP_VIEWS
from app.mailer import purging as mailer_purging
from app.mailer.api import MessageApi
from app.mailer.list_filters import NOT_REACHED
from app.mailer.receives_api import ContactApi
from app.mailer.resource import MESSAGE
from app.mailer.screens import outbox_banners, outbox_bulk, receives_views
from app.mailer.screens import panels as mailer_panels
from app.mailer.screens.inbox import InboxView
from app.mailer.screens.outbox_views import OutboxView
from app.mailer.screens.receives_views import ReceivesView
from app.mailer.suppressions import marks as suppression_marks
from app.mailer.suppressions import purging as suppression_purging
from app.mailer.suppressions.api import SuppressionApi
from app.mailer.suppressions.resource import SUPPRESSION
from app.mailer.suppressions.views import SuppressionView
from app.mailer.views import MessageView, register_message_page
from app.mailer.watching.metrics_view import MetricsView
from app.mailer.wording import views as template_views
from app.mailer.wording.api import MailTemplateApi
from app.mailer.wording.resource import MAIL_TEMPLATE
from app.mailer.wording.views import MailTemplateView
from app.tickets import panels as ticket_panels
from app.tickets import purging as ticket_purging
from app.tickets.resource import TICKET
from app.tickets.views import TicketUpdateView, TicketView
from app.web.current import current_actor
from app.web.export import ExportPages
from app.web.languages import LanguageView
from app.web.list_filters import register_list_filter
from app.web.list_settings import ListSettingsView
from app.web.pickers import PickerView
from app.web.programs import register_keys
from app.web.security import CounterpartAppBuilder, CounterpartSecurityManager, builtin_roles
from app.web.trash import register_bin
from app.web.trash_views import TrashView
from app.wiring_records import (
    register_cascades,
    register_documents,
    register_history,
    register_pickers,
    register_search,
)

APIS: tuple[Any, ...] = (
    *(
        CustomerWithContactsApi,
        ContactApi,
        InvoiceApi,
        BillingRunApi,
        TicketApi,
        CorrespondenceApi,
        BulkLetterApi,
        MessageApi,
        SuppressionApi,
        InboundMailApi,
    ),
    *(IssuerApi, MailTemplateApi, AuditApi),
)
ROOT = Path(__file__).resolve().parent
MIGRATIONS = ROOT.parent / "migrations"

# The menu: each entry with its page, the resource that it shows, and its icon.
MENU: tuple[tuple[str, Any, str, str], ...] = (
    (say("Customers"), CustomerView, "customer", "building"),
    (say("Contacts"), ContactView, "contact", "address-book"),
    (say("Invoices"), InvoiceView, "invoice", "file-invoice"),
    (say("Billing runs"), BillingRunView, "billing_run", "file-text"),
    (say("Correspondence"), CorrespondenceView, "correspondence", "mail"),
    (say("Tickets"), TicketView, "ticket", "ticket"),
    (say("Incoming mails"), InboundMailView, "inbound_mail", "inbox"),
    (say("Messages"), MessageView, "message", "send"),
    (say("Suppressed addresses"), SuppressionView, "suppression", "ban"),
    (say("Trash"), TrashView, "trash", "trash"),
    (say("Audit trail"), AuditView, "audit", "history"),
)
# What each feature puts on pages, its own and those of others, in the order of its tabs; and its background work.
PARTS: tuple[Any, ...] = (
    *(contact_panels, contact_bulk, invoice_panels, import_views, billing_run_panels, billing_run_jobs),
    *(letter_panels, bulk_letter_panels, bulk_letter_jobs, ticket_panels, inbound_panels, issuer_views),
    *(mailer_panels, suppression_marks, receives_views, outbox_bulk, template_views),
)
PURGINGS: tuple[Any, ...] = (
    *(lookup_purging, customer_purging, contact_purging, mailer_purging, suppression_purging),
    *(invoice_purging, billing_run_purging, letter_purging, bulk_letter_purging, ticket_purging, inbound_purging),
)
# Pages of tasks, which are in no menu.
TASKS: tuple[Any, ...] = (
    *(SharedContactsView, contact_bulk.ManyCustomersView, VerifyPasswordView, ReceivesView, ImportView),
    *(OutboxView, TicketUpdateView, TicketMailView, outbox_bulk.ManyMessagesView, UnsubscribeView, BulkLetterView),
)
# Flask-AppBuilder looks these up in the catalogue by themselves.
INBOX = str(say("Inbox"))
LISTS = str(say("Lists"))
API_KEYS = str(say("API keys"))
MAIL_TEMPLATES = str(MAIL_TEMPLATE.plural)
SECURITY_MENU = {"Security": "user", "List Users": "user", "List Roles": "role", API_KEYS: "api_key"}


def roles() -> dict[str, list[list[str]]]:
    """Return FAB_ROLES: what each role may do, and the menu entries that it sees."""
    menu = {name: resource for name, _, resource, _ in MENU}
    menu |= {resource.plural: name for name, resource in LOOKUP_RESOURCES.items()}
    return builtin_roles(
        menu | {LISTS: "topic", "Issuer": "issuer", MAIL_TEMPLATES: "mail_template", INBOX: "inbox"} | SECURITY_MENU
    )


def register_features(app: Flask) -> None:
    """Put every feature's pages, REST resources, tabs, pickers and cascades in place."""
    folders = [str(folder) for folder in sorted(ROOT.glob("*/templates")) if folder.parent.name != "web"]
    app.jinja_loader = ChoiceLoader([app.jinja_loader, FileSystemLoader(folders)])  # type: ignore[list-item]
    app.context_processor(house)
    register_cascades()
    for feature in PURGINGS:
        feature.register()
    documents = (INVOICE, BILLING_RUN, LETTER, BULK_LETTER, TICKET)
    for resource in (CUSTOMER, CONTACT, *documents, *LOOKUP_RESOURCES.values(), MESSAGE, SUPPRESSION, INBOUND_MAIL):
        register_bin(resource)
    register_pickers()
    register_search()
    register_message_page()
    for part in PARTS:
        part.register()
    register_list_filter("contact", NOT_REACHED)
    register_list_filter("correspondence", BULK_LETTER_FILTER)
    register_documents()
    register_history()
    builder = CounterpartAppBuilder(indexview=HomeView, security_manager_class=CounterpartSecurityManager)
    builder.init_app(app, db.session)
    for name, view, _, icon in MENU:
        builder.add_view(view, str(name), icon=icon)
    if app.config["SETTINGS"].uses_catcher:
        builder.add_view(InboxView, INBOX, icon="inbox")
    for view in (*TASKS, PickerView, SearchView, HealthView, MetricsView, LanguageView, ListSettingsView):
        builder.add_view_no_menu(view)
    _add_lists(app, builder)
    _add_administration(builder)
    for api in APIS:
        builder.add_api(api)
    _offer_exports(builder)
    # Flask-AppBuilder puts its own entries first; people come for customers.
    builder.menu.menu.sort(key=lambda entry: entry.name == "Security")


def _add_lists(app: Flask, builder: CounterpartAppBuilder) -> None:
    with app.app_context():
        # Those of modules that are off are kept, and nobody meets them.
        names = [name for name in LOOKUPS if LOOKUP_RESOURCES[name].is_on()]
    for name in names:
        label = str(LOOKUP_RESOURCES[name].plural)
        builder.add_view(LOOKUP_VIEWS[name], label, icon="list", category=LISTS, category_icon="settings")
        builder.add_api(LOOKUP_APIS[name])


def _add_administration(builder: CounterpartAppBuilder) -> None:
    builder.add_view(IssuerView, "Issuer", icon="building", category=LISTS)
    builder.add_view(MailTemplateView, MAIL_TEMPLATES, icon="mail", category=LISTS)
    builder.add_view(ApiKeyView, API_KEYS, icon="key", category="Security")
    register_keys(program_of)
    builder.sm.no_dealers = frozenset({INBOX})


def _offer_exports(builder: CounterpartAppBuilder) -> None:
    for view in builder.baseviews:
        if isinstance(view, ExportPages):
            view.offer_export()


def house() -> dict[str, Any]:
    """Give every page the header's search and its Add menu."""
    user = g.get("user")
    if user is None or user.is_anonymous:
        return {}
    actor = current_actor()
    entries = (
        ("customer", gettext("Customer"), "/customers/add"),
        ("contact", gettext("Contact"), "/contacts/add"),
        ("invoice", gettext("Invoice"), "/invoices/add"),
        ("correspondence", gettext("Letter"), "/correspondence/add"),
        ("ticket", gettext("Ticket"), "/tickets/add"),
    )
    return {
        "banners": outbox_banners.banners(actor),
        "search_url": "/search/",
        "add_menu_items": [
            {"label": label, "url": url} for name, label, url in entries if may(actor, Operation.CREATE, name)
        ],
    }
