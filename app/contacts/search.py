"""What a contact is found by."""

from __future__ import annotations

from app.contacts.models import Contact
from app.core.search_index import Searchable
from app.customers.search import PARTY_COLUMNS, party_terms

CONTACTS = Searchable("contact", Contact, PARTY_COLUMNS, party_terms)
