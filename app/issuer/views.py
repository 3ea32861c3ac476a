"""The screens of the issuer."""

from __future__ import annotations

from app.core.words import say
from app.issuer.resource import ISSUER
from app.web.admin_view import AdminView


class IssuerView(AdminView):
    """The company that sends: one record, which an administrator edits."""

    resource = ISSUER
    route_base = "/issuer"
    list_columns = ["name", "vat_number", "email", "bank_name"]
    sections = (
        (say("Company"), ("name", "vat_number", "email", "website")),
        (say("Address"), (*(f"address_line_{line}" for line in range(1, 6)), "postcode", "country")),
        (say("Bank"), ("bank_name", "bank_sort_code", "bank_account_number", "bank_iban", "bank_bic")),
        (say("Footer"), ("footer",)),
    )
    description_columns = {
        "name": say("Stands on every invoice, and as the sender of every mail."),
        "email": say("The sender's address, unless the settings name another."),
        "footer": say("At the foot of every invoice: company number, registered office."),
    }
