"""What people call the fields of customers, and those that contacts share with them."""

from __future__ import annotations

from app.core.words import Words, say

PARTY_LABELS: dict[str, Words] = {
    "title": say("Title"),
    "first_name": say("First Name"),
    "last_name": say("Last Name"),
    "company_name": say("Company Name"),
    **{f"address_line_{line}": say("Address Line {number}", number=line) for line in range(1, 6)},
    "postcode": say("Postcode"),
    "country": say("Country"),
    **{f"number_{number}": say("Number {number}", number=number) for number in range(1, 5)},
    **{f"number_{number}_type": say("Number {number} Type", number=number) for number in range(1, 5)},
    "website": say("Website"),
    "dealer_code": say("Dealer Code"),
    "language": say("Language"),
    "email_bill_type": say("Email bill type"),
    "invoice_usage_report": say("Invoice Usage Report"),
    "marketing_consent_at": say("Marketing Consent At"),
    "marketing_consent_source": say("Marketing Consent Source"),
}
CUSTOMER_LABELS: dict[str, Words] = PARTY_LABELS | {
    "account_number": say("Account Number"),
    "crm_reference": say("CRM reference"),
    "email": say("Email addresses"),
    "status": say("Status"),
    "email_billing": say("Email billing"),
    "currency": say("Currency"),
}
