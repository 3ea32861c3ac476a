"""The list of features, menu entries and roles: the one file that knows every feature."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pycountry
from flask import Flask, g
from flask_babel import gettext
from jinja2 import ChoiceLoader, FileSystemLoader

from app.access.ask import may
from app.access.table import LOOKUPS, Operation
from app.contacts import panels as contact_panels
from app.contacts.api import ContactApi, CustomerWithContactsApi
from app.contacts.models import Contact
from app.contacts.pickers import linkable_picker, linked_picker
from app.contacts.views import ContactView, SharedContactsView
from app.core.audit import Touch
from app.core.soft_delete import Cascade, register_cascade
from app.customers.models import Customer
from app.customers.views import CustomerView, customer_picker
from app.extensions import db
from app.home.health import HealthView
from app.home.views import HomeView
from app.invoices import panels as invoice_panels
from app.invoices.api import InvoiceApi, IssuerApi
from app.invoices.models import Invoice
from app.invoices.source import InvoiceSource
from app.invoices.views import InvoiceView, IssuerView
from app.lookups.api import LOOKUP_APIS
from app.lookups.resource import LOOKUP_RESOURCES
from app.lookups.views import LOOKUP_VIEWS, dealer_picker, lookup_picker
from app.mailer import panels as mailer_panels
from app.mailer.api import MessageApi
from app.mailer.documents import register_source
from app.mailer.inbox import InboxView
from app.mailer.views import MessageView, register_message_page
from app.web.current import current_actor
from app.web.pickers import PickerView, listed, register_picker
from app.web.security import CounterpartAppBuilder, CounterpartSecurityManager, builtin_roles

ROOT = Path(__file__).resolve().parent
MIGRATIONS = ROOT.parent / "migrations"

# The menu: each entry with its page, the resource that it shows, and its icon.
MENU: tuple[tuple[str, Any, str, str], ...] = (
    ("Customers", CustomerView, "customer", "building"),
    ("Contacts", ContactView, "contact", "address-book"),
    ("Invoices", InvoiceView, "invoice", "file-invoice"),
    ("Messages", MessageView, "message", "send"),
)
INBOX = "Inbox"
SECURITY_MENU = {"Security": "user", "List Users": "user", "List Roles": "role"}


def roles() -> dict[str, list[list[str]]]:
    """Return FAB_ROLES: what each role may do, and the menu entries that it sees."""
    menu = {name: resource for name, _, resource, _ in MENU}
    menu |= {resource.plural: name for name, resource in LOOKUP_RESOURCES.items()}
    return builtin_roles(menu | {"Lists": "topic", "Issuer": "issuer", INBOX: "inbox"} | SECURITY_MENU)


def register_features(app: Flask) -> None:
    """Put every feature's pages, REST resources, tabs, pickers and cascades in place."""
    folders = [str(folder) for folder in sorted(ROOT.glob("*/templates")) if folder.parent.name != "web"]
    app.jinja_loader = ChoiceLoader([app.jinja_loader, FileSystemLoader(folders)])  # type: ignore[list-item]
    app.context_processor(house)
    _register_cascades()
    _register_pickers()
    contact_panels.register()
    invoice_panels.register()
    register_message_page()
    mailer_panels.register()
    register_source(InvoiceSource())
    builder = CounterpartAppBuilder(indexview=HomeView, security_manager_class=CounterpartSecurityManager)
    builder.init_app(app, db.session)
    for name, view, _, icon in MENU:
        builder.add_view(view, name, icon=icon)
    if app.config["SETTINGS"].uses_catcher:
        builder.add_view(InboxView, INBOX, icon="inbox")
    for view in (SharedContactsView, PickerView, HealthView):
        builder.add_view_no_menu(view)
    for name in LOOKUPS:
        label = LOOKUP_RESOURCES[name].plural
        builder.add_view(LOOKUP_VIEWS[name], label, icon="list", category="Lists", category_icon="settings")
        builder.add_api(LOOKUP_APIS[name])
    builder.add_view(IssuerView, "Issuer", icon="building", category="Lists")
    for api in (CustomerWithContactsApi, ContactApi, InvoiceApi, MessageApi, IssuerApi):
        builder.add_api(api)
    # Flask-AppBuilder puts its own entries first; people come for customers.
    builder.menu.menu.sort(key=lambda entry: entry.name == "Security")


def house() -> dict[str, Any]:
    """Give every page the header's Add menu."""
    user = g.get("user")
    if user is None or user.is_anonymous:
        return {}
    actor = current_actor()
    entries = (
        ("customer", gettext("Customer"), "/customers/add"),
        ("contact", gettext("Contact"), "/contacts/add"),
        ("invoice", gettext("Invoice"), "/invoices/add"),
    )
    return {
        "add_menu_items": [
            {"label": label, "url": url} for name, label, url in entries if may(actor, Operation.CREATE, name)
        ]
    }


def _register_cascades() -> None:
    register_cascade(Cascade(Customer, Contact, Contact.customer_id, lambda one: Touch("contact", one.id, str(one))))
    register_cascade(Cascade(Customer, Invoice, Invoice.customer_id, lambda one: Touch("invoice", one.id, str(one))))


def _register_pickers() -> None:
    for name in LOOKUPS:
        register_picker(name, lookup_picker(name))
    register_picker("dealer", dealer_picker())
    register_picker("customer", customer_picker())
    register_picker("linkable_contact", linkable_picker())
    register_picker("linked_contact", linked_picker())
    register_picker("country", listed({one.alpha_2: one.name for one in pycountry.countries}))
    register_picker("currency", listed({one.alpha_3: one.name for one in pycountry.currencies}))
    register_picker(
        "language", listed({one.alpha_2: one.name for one in pycountry.languages if hasattr(one, "alpha_2")})
    )
