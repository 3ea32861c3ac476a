"""What a customer and a contact have in common: names, address, numbers, website, and how they take their bills."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from app.core.records import Record, UtcDateTime
from app.lookups.models import NumberType, Title, UsageReportProfile


class Party(Record):
    """The columns that a customer and a contact share; `number_n_type` says what kind of number `number_n` is."""

    __abstract__ = True

    first_name: Mapped[str | None] = mapped_column(String(80))
    last_name: Mapped[str | None] = mapped_column(String(80))
    company_name: Mapped[str | None] = mapped_column(String(160))
    address_line_1: Mapped[str | None] = mapped_column(String(120))
    address_line_2: Mapped[str | None] = mapped_column(String(120))
    address_line_3: Mapped[str | None] = mapped_column(String(120))
    address_line_4: Mapped[str | None] = mapped_column(String(120))
    address_line_5: Mapped[str | None] = mapped_column(String(120))
    postcode: Mapped[str | None] = mapped_column(String(20))
    country: Mapped[str | None] = mapped_column(String(2))
    number_1: Mapped[str | None] = mapped_column(String(40))
    number_2: Mapped[str | None] = mapped_column(String(40))
    number_3: Mapped[str | None] = mapped_column(String(40))
    number_4: Mapped[str | None] = mapped_column(String(40))
    website: Mapped[str | None] = mapped_column(String(300))
    dealer_code: Mapped[str | None] = mapped_column(String(40), index=True)
    language: Mapped[str | None] = mapped_column(String(2))
    email_bill_type: Mapped[str] = mapped_column(String(8), nullable=False, default="none")
    marketing_consent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    marketing_consent_source: Mapped[str | None] = mapped_column(String(200))

    @declared_attr
    def title_id(self) -> Mapped[int | None]:
        """Point to how the person is addressed."""
        return mapped_column(ForeignKey("title.id"))

    @declared_attr
    def title(self) -> Mapped[Title | None]:
        """Return how the person is addressed."""
        return relationship(Title, foreign_keys=f"{self.__name__}.title_id")

    @declared_attr
    def invoice_usage_report_id(self) -> Mapped[int | None]:
        """Point to the usage report that goes along with invoices."""
        return mapped_column(ForeignKey("usage_report_profile.id"))

    @declared_attr
    def invoice_usage_report(self) -> Mapped[UsageReportProfile | None]:
        """Return the usage report that goes along with invoices."""
        return relationship(UsageReportProfile, foreign_keys=f"{self.__name__}.invoice_usage_report_id")

    @declared_attr
    def number_1_type_id(self) -> Mapped[int | None]:
        """Point to the kind of the first number."""
        return mapped_column(ForeignKey("number_type.id"))

    @declared_attr
    def number_2_type_id(self) -> Mapped[int | None]:
        """Point to the kind of the second number."""
        return mapped_column(ForeignKey("number_type.id"))

    @declared_attr
    def number_3_type_id(self) -> Mapped[int | None]:
        """Point to the kind of the third number."""
        return mapped_column(ForeignKey("number_type.id"))

    @declared_attr
    def number_4_type_id(self) -> Mapped[int | None]:
        """Point to the kind of the fourth number."""
        return mapped_column(ForeignKey("number_type.id"))

    @declared_attr
    def number_1_type(self) -> Mapped[NumberType | None]:
        """Return the kind of the first number."""
        return relationship(NumberType, foreign_keys=f"{self.__name__}.number_1_type_id")

    @declared_attr
    def number_2_type(self) -> Mapped[NumberType | None]:
        """Return the kind of the second number."""
        return relationship(NumberType, foreign_keys=f"{self.__name__}.number_2_type_id")

    @declared_attr
    def number_3_type(self) -> Mapped[NumberType | None]:
        """Return the kind of the third number."""
        return relationship(NumberType, foreign_keys=f"{self.__name__}.number_3_type_id")

    @declared_attr
    def number_4_type(self) -> Mapped[NumberType | None]:
        """Return the kind of the fourth number."""
        return relationship(NumberType, foreign_keys=f"{self.__name__}.number_4_type_id")

    @property
    def person_name(self) -> str:
        """Return first and last name, or an empty string."""
        return " ".join(part for part in (self.first_name, self.last_name) if part)

    @property
    def name(self) -> str:
        """Return what people call this party: the company, or the person."""
        return self.company_name or self.person_name

    @property
    def address_lines(self) -> list[str]:
        """Return the postal address, line by line, without empty ones."""
        lines = [getattr(self, f"address_line_{number}") for number in range(1, 6)]
        return [line for line in (*lines, self.postcode) if line]

    @property
    def postal_lines(self) -> tuple[str, ...]:
        """Return what stands on a letter below the name: the person of a company, and the address."""
        names = (self.company_name, self.person_name)
        return (*(name for name in names if name and name != self.name), *self.address_lines)
