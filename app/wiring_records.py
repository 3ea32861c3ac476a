"""What features have of one another: documents, pickers, search, history, and what goes along with a customer."""

from __future__ import annotations

from app.access.table import LOOKUPS
from app.api_keys.resource import API_KEY
from app.api_keys.views import ApiKeyView, user_picker
from app.contacts.models import Contact
from app.contacts.pickers import linkable_picker, linked_picker, report_picker, shared_picker
from app.contacts.resource import CONTACT
from app.contacts.search import CONTACTS
from app.contacts.views import ContactView
from app.core.audit import Touch
from app.core.reach import register_follower
from app.core.records import Record
from app.core.search_index import register_searchable
from app.core.soft_delete import Cascade, register_cascade
from app.correspondence.bulk.resource import BULK_LETTER
from app.correspondence.bulk.views import BulkLetterView
from app.correspondence.fields import template_errors
from app.correspondence.linked import register_choosing, register_linked
from app.correspondence.models import Correspondence
from app.correspondence.pickers import BULK_LETTER_TYPE, LETTER_TYPE, letter_type_picker
from app.correspondence.resource import LETTER
from app.correspondence.search import LETTERS
from app.correspondence.sending import SENDING as SENDING_LETTERS
from app.correspondence.source import LetterSource, attached_files
from app.correspondence.views import CorrespondenceView
from app.customers.models import Customer
from app.customers.resource import CUSTOMER
from app.customers.search import CUSTOMERS
from app.customers.usage_reports import customers_by_id
from app.customers.views import CustomerView, customer_picker
from app.extensions import mail
from app.history import panels as history_panels
from app.history.subjects import Subject, register_subject
from app.history.users import USERS
from app.home import findables
from app.inbound.resource import INBOUND_MAIL
from app.inbound.views import InboundMailView
from app.invoices import queries as invoice_queries
from app.invoices.billing_runs.choosing import CHOOSING as BY_INVOICES
from app.invoices.billing_runs.resource import BILLING_RUN
from app.invoices.billing_runs.views import BillingRunView
from app.invoices.models import Invoice
from app.invoices.pickers import invoice_picker
from app.invoices.resource import INVOICE
from app.invoices.search import INVOICES
from app.invoices.sending import SENDING
from app.invoices.source import InvoiceSource, own_noun
from app.invoices.views import InvoiceView
from app.issuer.resource import ISSUER
from app.issuer.views import IssuerView
from app.lookups.referring import register_finder
from app.lookups.resource import LOOKUP_RESOURCES
from app.lookups.service import register_rule
from app.lookups.views import LOOKUP_VIEWS, dealer_picker, lookup_picker
from app.mailer.documents import register_attachments, register_own_noun, register_source
from app.mailer.planning import lost as lost_messages
from app.mailer.resource import MESSAGE
from app.mailer.sending_kinds import register_sending
from app.mailer.smtp.connection import connect
from app.mailer.suppressions.resource import SUPPRESSION
from app.mailer.suppressions.views import SuppressionView, register_lifting
from app.mailer.views import MessageView
from app.mailer.wording.resource import MAIL_TEMPLATE
from app.mailer.wording.views import MailTemplateView
from app.tickets.models import Ticket
from app.tickets.pickers import ticket_picker
from app.tickets.resource import TICKET
from app.tickets.search import TICKETS
from app.tickets.sending import SENDING as TICKET_SENDING
from app.tickets.source import TicketUpdateSource
from app.tickets.source import attached_files as files_of_update
from app.tickets.views import TicketView
from app.web.pickers import listed, register_picker


def register_documents() -> None:
    """Let each kind of document be sent, by whichever door."""
    register_source(InvoiceSource())
    register_own_noun(InvoiceSource.kind, own_noun)
    register_source(TicketUpdateSource())
    register_attachments(TicketUpdateSource.kind, files_of_update)
    register_sending(SENDING)
    register_sending(TICKET_SENDING)
    register_source(LetterSource())
    register_attachments(LetterSource.kind, attached_files)
    register_sending(SENDING_LETTERS)
    register_rule("correspondence_type", template_errors)
    register_linked("invoice", Invoice, invoice_queries.invoices)
    register_choosing("invoices", BY_INVOICES)
    register_follower(lost_messages.follow)
    mail.opens = connect


def register_search() -> None:
    """Have the header's search and the lists find what each feature has."""
    for searchable in (CUSTOMERS, CONTACTS, INVOICES, LETTERS, TICKETS):
        register_searchable(searchable)
    findables.register()


def register_cascades() -> None:
    """Have what belongs to a customer go and come with it."""
    for child in (Contact, Invoice, Correspondence, Ticket):
        register_cascade(Cascade(Customer, child, child.customer_id, _named))


def _named(one: Record) -> Touch:
    return Touch(one.__tablename__, one.id, str(one))


def register_history() -> None:
    """Show the history of each kind of record on its pages."""
    register_lifting()
    documents = (
        (INVOICE, InvoiceView),
        (BILLING_RUN, BillingRunView),
        (LETTER, CorrespondenceView),
        (BULK_LETTER, BulkLetterView),
        (TICKET, TicketView),
        (MESSAGE, MessageView),
        (INBOUND_MAIL, InboundMailView),
    )
    lists = ((SUPPRESSION, SuppressionView), (ISSUER, IssuerView), (MAIL_TEMPLATE, MailTemplateView))
    for resource, view in ((CUSTOMER, CustomerView), (CONTACT, ContactView), *documents, *lists):
        history_panels.register(Subject.of(resource, view))
    for name in LOOKUPS:
        history_panels.register(Subject.of(LOOKUP_RESOURCES[name], LOOKUP_VIEWS[name], is_list=True))
    register_subject(USERS)
    history_panels.register(Subject.of(API_KEY, ApiKeyView))


def register_pickers() -> None:
    """Give forms what can be chosen."""
    for name in LOOKUPS:
        register_picker(name, lookup_picker(name))
    register_picker("usage_report_profile", report_picker())
    register_picker("dealer", dealer_picker())
    # Customers and contacts carry a dealer's code; a list refers to its row.
    register_picker("dealer_by_id", lookup_picker("dealer"))
    register_finder("customer", customers_by_id)
    register_picker(LETTER_TYPE, letter_type_picker())
    register_picker(BULK_LETTER_TYPE, letter_type_picker(bulk=True))
    register_picker("invoice", invoice_picker())
    register_picker("ticket", ticket_picker())
    register_picker("customer", customer_picker())
    register_picker("user", user_picker())
    register_picker("linkable_contact", linkable_picker())
    register_picker("linked_contact", linked_picker())
    register_picker("shared_contact", shared_picker())
    for name in ("country", "currency", "language"):
        register_picker(name, listed(name))
