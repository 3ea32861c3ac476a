"""The REST resource of the issuer."""

from __future__ import annotations

from app.issuer.resource import ISSUER
from app.web.admin_api import AdminApi


class IssuerApi(AdminApi):
    """The company that sends: one record."""

    resource = ISSUER
