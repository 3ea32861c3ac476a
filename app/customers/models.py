"""The account: one billing identity, with a unique account number."""

from __future__ import annotations

import unicodedata
from typing import Any

from sqlalchemy import Connection, ForeignKey, Index, String, Text, event, inspect
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.addresses import normalise, split_addresses
from app.core.records import list_index, trash_index
from app.customers.party import Party
from app.extensions import Model
from app.lookups.models import CustomerStatus


def normalised_number(account_number: str) -> str:
    """Return an account number as it is compared: without case, and its wide and narrow letters as one."""
    return unicodedata.normalize("NFKC", account_number).casefold()


def _normalised_number(context: DefaultExecutionContext) -> str:
    given: dict[str, str] = context.get_current_parameters()  # type: ignore[no-untyped-call]  # untyped there
    return normalised_number(given["account_number"])


class Customer(Party):
    """A customer. `email` holds addresses separated by commas, the main one first."""

    __tablename__ = "customer"
    __table_args__ = (
        Index("ix_customer_last_name", "last_name"),
        Index("ix_customer_company_name", "company_name"),
        trash_index("customer"),
        list_index("customer", "account_number", "account_number"),
        list_index("customer", "last_name", "lower(last_name)", "coalesce(lower(first_name), '')"),
        list_index("customer", "company_name", "lower(company_name)"),
        list_index("customer", "created_at", "created_at"),
        list_index("customer", "last_modified_at", "last_modified_at"),
    )

    account_number: Mapped[str] = mapped_column(String(40), nullable=False, unique=True)
    # Numbers that differ by case alone are one; made from the number wherever an account is opened.
    account_number_normalised: Mapped[str] = mapped_column(
        String(160), nullable=False, unique=True, default=_normalised_number
    )
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


class CustomerAddress(Model):
    """One address out of a customer's `email`, as addresses are compared: the database can't split and fold them."""

    __tablename__ = "customer_address"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), primary_key=True)
    address_normalised: Mapped[str] = mapped_column(String(320), primary_key=True, index=True)


@event.listens_for(Customer, "after_insert")
@event.listens_for(Customer, "after_update")
def _keep_addresses(_mapper: object, connection: Connection, customer: Customer) -> None:
    """Bring a customer's rows up to date, whoever wrote its addresses."""
    state: Any = inspect(customer)
    if not state.attrs.email.history.has_changes():
        return
    table = CustomerAddress.__table__
    connection.execute(table.delete().where(table.c.customer_id == customer.id))
    keys = dict.fromkeys(normalise(address) for address in split_addresses(customer.email or ""))
    if keys:
        connection.execute(table.insert(), [{"customer_id": customer.id, "address_normalised": key} for key in keys])
