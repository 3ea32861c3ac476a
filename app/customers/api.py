"""The REST resource of customers."""

from __future__ import annotations

from app.customers.resource import CUSTOMER
from app.web.admin_api import AdminApi


class CustomerApi(AdminApi):
    """Customers; the calls about their contacts are beside the contacts'."""

    resource = CUSTOMER
