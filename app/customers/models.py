"""The account: one billing identity, with a unique account number."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.customers.party import Party
from app.lookups.models import CustomerStatus


class Customer(Party):
    """A customer. `email` holds addresses separated by commas, the main one first."""

    __tablename__ = "customer"
    __table_args__ = (
        Index("ix_customer_last_name", "last_name"),
        Index("ix_customer_company_name", "company_name"),
    )

    account_number: Mapped[str] = mapped_column(String(40), nullable=False, unique=True)
    crm_reference: Mapped[str | None] = mapped_column(String(80), unique=True)
    email: Mapped[str | None] = mapped_column(Text)
    status_id: Mapped[int | None] = mapped_column(ForeignKey("customer_status.id"))
    status: Mapped[CustomerStatus | None] = relationship(CustomerStatus)
    email_billing: Mapped[bool] = mapped_column(nullable=False, default=False)
    currency: Mapped[str | None] = mapped_column(String(3))

    @property
    def label(self) -> str:
        """Return how staff name the account: number and name."""
        return f"{self.account_number} {self.name}".strip()

    def __repr__(self) -> str:
        return self.label
