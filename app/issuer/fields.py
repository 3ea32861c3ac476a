"""What the issuer's fields accept, and what people call them."""

from __future__ import annotations

from app.core.codes import country
from app.core.fields import Email, Fields, Text, WebAddress
from app.core.words import Words, say

ISSUER_FIELDS: Fields = {
    "name": Text(limit=160, required=True),
    **{f"address_line_{line}": Text(limit=120) for line in range(1, 6)},
    "postcode": Text(limit=20),
    "country": country(),
    "email": Email(),
    "website": WebAddress(),
    "vat_number": Text(limit=40),
    "bank_name": Text(limit=120),
    "bank_sort_code": Text(limit=20),
    "bank_account_number": Text(limit=40),
    "bank_iban": Text(limit=40),
    "bank_bic": Text(limit=20),
    "footer": Text(limit=1000, multiline=True),
}

ISSUER_LABELS: dict[str, Words] = {
    "name": say("Name"),
    **{f"address_line_{line}": say("Address Line {number}", number=line) for line in range(1, 6)},
    "postcode": say("Postcode"),
    "country": say("Country"),
    "email": say("Email"),
    "website": say("Website"),
    "vat_number": say("VAT number"),
    "bank_name": say("Bank Name"),
    "bank_sort_code": say("Sort code"),
    "bank_account_number": say("Bank account number"),
    "bank_iban": say("IBAN"),
    "bank_bic": say("BIC"),
    "footer": say("Footer"),
    "logo": say("Logo"),
}
