"""The issuer as paper needs it."""

from __future__ import annotations

from app.issuer.models import Issuer
from app.paper.issuer import IssuerDetails


def details_of(issuer: Issuer) -> IssuerDetails:
    """Return what a letterhead shows of the issuer."""
    lines = (getattr(issuer, f"address_line_{number}") for number in range(1, 6))
    return IssuerDetails(
        name=issuer.name,
        address=tuple(line for line in (*lines, issuer.postcode) if line),
        vat_number=issuer.vat_number or "",
        email=issuer.email or "",
        website=issuer.website or "",
        bank_name=issuer.bank_name or "",
        bank_sort_code=issuer.bank_sort_code or "",
        bank_account_number=issuer.bank_account_number or "",
        bank_iban=issuer.bank_iban or "",
        bank_bic=issuer.bank_bic or "",
        footer=issuer.footer or "",
        logo=issuer.logo,
    )
