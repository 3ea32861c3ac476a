"""The company that sends, as a letterhead needs it: no row of a database, just what stands on the paper."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerDetails:
    """The company that sends, for its letterhead; `logo` holds a PNG's or JPEG's bytes. Empty texts are left out."""

    name: str
    address: tuple[str, ...] = ()
    vat_number: str = ""
    email: str = ""
    website: str = ""
    bank_name: str = ""
    bank_sort_code: str = ""
    bank_account_number: str = ""
    bank_iban: str = ""
    bank_bic: str = ""
    footer: str = ""
    logo: bytes | None = None
