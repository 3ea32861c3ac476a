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
from app.api_keys.resource import API_KEY
from app.api_keys.views import ApiKeyView, user_picker
from app.contacts import bulk_views as contact_bulk
from app.contacts import panels as contact_panels
from app.contacts import purging as contact_purging
from app.contacts.api import CustomerWithContactsApi
from app.contacts.models import Contact
from app.contacts.password_views import VerifyPasswordView
from app.contacts.pickers import linkable_picker, linked_picker, shared_picker
from app.contacts.resource import CONTACT
from app.contacts.search import CONTACTS
from app.contacts.sharing_views import SharedContactsView
from app.contacts.views import ContactView
from app.core.audit import Touch
from app.core.reach import register_follower
from app.core.records import Record
from app.core.search_index import register_searchable
from app.core.soft_delete import Cascade, register_cascade
from app.core.words import say
from app.correspondence import panels as letter_panels
from app.correspondence import purging as letter_purging
from app.correspondence.api import CorrespondenceApi
from app.correspondence.linked import register_linked
from app.correspondence.models import Correspondence
from app.correspondence.pickers import LETTER_TYPE, letter_type_picker
from app.correspondence.resource import LETTER
from app.correspondence.search import LETTERS
from app.correspondence.sending import SENDING as SENDING_LETTERS
from app.correspondence.source import LetterSource, attached_files
from app.correspondence.views import CorrespondenceView
from app.customers import purging as customer_purging
from app.customers.models import Customer
from app.customers.resource import CUSTOMER
from app.customers.search import CUSTOMERS
from app.customers.views import CustomerView, customer_picker
from app.extensions import db, mail
from app.history import panels as history_panels
from app.history.api import AuditApi
from app.history.subjects import Subject, register_subject
from app.history.users import USERS
from app.history.views import AuditView
from app.home import findables
from app.home.health import HealthView
from app.home.search import SearchView
from app.home.views import HomeView
from app.invoices import panels as invoice_panels
from app.invoices import purging as invoice_purging
from app.invoices import queries as invoice_queries
from app.invoices.api import InvoiceApi
from app.invoices.models import Invoice
from app.invoices.pickers import invoice_picker
from app.invoices.resource import INVOICE
from app.invoices.search import INVOICES
from app.invoices.sending import SENDING
from app.invoices.source import InvoiceSource
from app.invoices.views import InvoiceView
from app.issuer.api import IssuerApi
from app.issuer.resource import ISSUER
from app.issuer.views import IssuerView
from app.lookups import purging as lookup_purging
from app.lookups.api import LOOKUP_APIS
from app.lookups.resource import LOOKUP_RESOURCES
from app.lookups.views import LOOKUP_VIEWS, dealer_picker, lookup_picker
from app.mailer import purging as mailer_purging
from app.mailer.api import MessageApi
from app.mailer.documents import register_attachments, register_source
from app.mailer.list_filters import NOT_REACHED
from app.mailer.planning import lost as lost_messages
from app.mailer.receives_api import ContactApi
from app.mailer.resource import MESSAGE
from app.mailer.screens import outbox_banners, outbox_bulk, receives_views
from app.mailer.screens import panels as mailer_panels
from app.mailer.screens.inbox import InboxView
from app.mailer.screens.outbox_views import OutboxView
from app.mailer.screens.receives_views import ReceivesView
from app.mailer.sending_kinds import register_sending
from app.mailer.smtp.connection import connect
from app.mailer.suppressions import marks as suppression_marks
from app.mailer.suppressions import purging as suppression_purging
from app.mailer.suppressions.api import SuppressionApi
from app.mailer.suppressions.resource import SUPPRESSION
from app.mailer.suppressions.views import SuppressionView, register_lifting
from app.mailer.views import MessageView, register_message_page
from app.mailer.watching.metrics_view import MetricsView
from app.mailer.wording import views as template_views
from app.mailer.wording.api import MailTemplateApi
from app.mailer.wording.resource import MAIL_TEMPLATE
from app.mailer.wording.views import MailTemplateView
from app.web.current import current_actor
from app.web.export import ExportPages
from app.web.languages import LanguageView
from app.web.list_filters import register_list_filter
from app.web.list_settings import ListSettingsView
from app.web.pickers import PickerView, listed, register_picker
from app.web.programs import register_keys
from app.web.security import CounterpartAppBuilder, CounterpartSecurityManager, builtin_roles
from app.web.trash import register_bin
from app.web.trash_views import TrashView

APIS: tuple[Any, ...] = (
    *(CustomerWithContactsApi, ContactApi, InvoiceApi, CorrespondenceApi, MessageApi, SuppressionApi),
    *(IssuerApi, MailTemplateApi, AuditApi),
)
ROOT = Path(__file__).resolve().parent
MIGRATIONS = ROOT.parent / "migrations"

# The menu: each entry with its page, the resource that it shows, and its icon.
MENU: tuple[tuple[str, Any, str, str], ...] = (
    (say("Customers"), CustomerView, "customer", "building"),
    (say("Contacts"), ContactView, "contact", "address-book"),
    (say("Invoices"), InvoiceView, "invoice", "file-invoice"),
    (say("Correspondence"), CorrespondenceView, "correspondence", "mail"),
    (say("Messages"), MessageView, "message", "send"),
    (say("Suppressed addresses"), SuppressionView, "suppression", "ban"),
    (say("Trash"), TrashView, "trash", "trash"),
    (say("Audit trail"), AuditView, "audit", "history"),
)
# Pages of tasks, which are in no menu.
TASKS: tuple[Any, ...] = (
    SharedContactsView,
    contact_bulk.ManyCustomersView,
    VerifyPasswordView,
    ReceivesView,
    OutboxView,
    outbox_bulk.ManyMessagesView,
)
# Flask-AppBuilder looks these up in the catalogue by themselves.
INBOX = str(say("Inbox"))
LISTS = str(say("Lists"))
API_KEYS = str(say("API keys"))
MAIL_TEMPLATES = str(MAIL_TEMPLATE.plural)
SECURITY_MENU = {"Security": "user", "List Users": "user", "List Roles": "role", API_KEYS: "api_key"}


_PURGING = (lookup_purging, customer_purging, contact_purging)


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
    _register_cascades()
    for feature in (*_PURGING, mailer_purging, suppression_purging, invoice_purging, letter_purging):
        feature.register()
    for resource in (CUSTOMER, CONTACT, INVOICE, LETTER, *LOOKUP_RESOURCES.values(), MESSAGE, SUPPRESSION):
        register_bin(resource)
    _register_pickers()
    _register_search()
    contact_panels.register()
    contact_bulk.register()
    invoice_panels.register()
    letter_panels.register()
    register_message_page()
    mailer_panels.register()
    suppression_marks.register()
    receives_views.register()
    outbox_bulk.register()
    template_views.register()
    register_list_filter("contact", NOT_REACHED)
    _register_documents()
    _register_history()
    builder = CounterpartAppBuilder(indexview=HomeView, security_manager_class=CounterpartSecurityManager)
    builder.init_app(app, db.session)
    for name, view, _, icon in MENU:
        builder.add_view(view, str(name), icon=icon)
    if app.config["SETTINGS"].uses_catcher:
        builder.add_view(InboxView, INBOX, icon="inbox")
    for view in (*TASKS, PickerView, SearchView, HealthView, MetricsView, LanguageView, ListSettingsView):
        builder.add_view_no_menu(view)
    _add_lists(builder)
    _add_administration(builder)
    for api in APIS:
        builder.add_api(api)
    _offer_exports(builder)
    # Flask-AppBuilder puts its own entries first; people come for customers.
    builder.menu.menu.sort(key=lambda entry: entry.name == "Security")


def _register_documents() -> None:
    register_source(InvoiceSource())
    register_sending(SENDING)
    register_source(LetterSource())
    register_attachments(LetterSource.kind, attached_files)
    register_sending(SENDING_LETTERS)
    register_linked("invoice", Invoice, invoice_queries.invoices)
    register_follower(lost_messages.follow)
    mail.opens = connect


def _register_search() -> None:
    for searchable in (CUSTOMERS, CONTACTS, INVOICES, LETTERS):
        register_searchable(searchable)
    findables.register()


def _add_lists(builder: CounterpartAppBuilder) -> None:
    for name in LOOKUPS:
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
    )
    return {
        "banners": outbox_banners.banners(actor),
        "search_url": "/search/",
        "add_menu_items": [
            {"label": label, "url": url} for name, label, url in entries if may(actor, Operation.CREATE, name)
        ],
    }


def _register_cascades() -> None:
    for child in (Contact, Invoice, Correspondence):
        register_cascade(Cascade(Customer, child, child.customer_id, _named))


def _named(one: Record) -> Touch:
    return Touch(one.__tablename__, one.id, str(one))


def _register_history() -> None:
    register_lifting()
    documents = ((INVOICE, InvoiceView), (LETTER, CorrespondenceView), (MESSAGE, MessageView))
    lists = ((SUPPRESSION, SuppressionView), (ISSUER, IssuerView), (MAIL_TEMPLATE, MailTemplateView))
    for resource, view in ((CUSTOMER, CustomerView), (CONTACT, ContactView), *documents, *lists):
        history_panels.register(Subject.of(resource, view))
    for name in LOOKUPS:
        history_panels.register(Subject.of(LOOKUP_RESOURCES[name], LOOKUP_VIEWS[name], is_list=True))
    register_subject(USERS)
    history_panels.register(Subject.of(API_KEY, ApiKeyView))


def _register_pickers() -> None:
    for name in LOOKUPS:
        register_picker(name, lookup_picker(name))
    register_picker("dealer", dealer_picker())
    register_picker(LETTER_TYPE, letter_type_picker())
    register_picker("invoice", invoice_picker())
    register_picker("customer", customer_picker())
    register_picker("user", user_picker())
    register_picker("linkable_contact", linkable_picker())
    register_picker("linked_contact", linked_picker())
    register_picker("shared_contact", shared_picker())
    for name in ("country", "currency", "language"):
        register_picker(name, listed(name))
