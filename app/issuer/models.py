"""The issuer: the company that sends."""

from __future__ import annotations

from sqlalchemy import LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.records import Record


class Issuer(Record):
    """The company that sends: one record."""

    __tablename__ = "issuer"

    name: Mapped[str] = mapped_column(String(160), nullable=False)
    address_line_1: Mapped[str | None] = mapped_column(String(120))
    address_line_2: Mapped[str | None] = mapped_column(String(120))
    address_line_3: Mapped[str | None] = mapped_column(String(120))
    address_line_4: Mapped[str | None] = mapped_column(String(120))
    address_line_5: Mapped[str | None] = mapped_column(String(120))
    postcode: Mapped[str | None] = mapped_column(String(20))
    country: Mapped[str | None] = mapped_column(String(2))
    email: Mapped[str | None] = mapped_column(String(320))
    website: Mapped[str | None] = mapped_column(String(300))
    vat_number: Mapped[str | None] = mapped_column(String(40))
    bank_name: Mapped[str | None] = mapped_column(String(120))
    bank_sort_code: Mapped[str | None] = mapped_column(String(20))
    bank_account_number: Mapped[str | None] = mapped_column(String(40))
    bank_iban: Mapped[str | None] = mapped_column(String(40))
    bank_bic: Mapped[str | None] = mapped_column(String(20))
    footer: Mapped[str | None] = mapped_column(Text)
    logo: Mapped[bytes | None] = mapped_column(LargeBinary)

    def __repr__(self) -> str:
        return self.name
