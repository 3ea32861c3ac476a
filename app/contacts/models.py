"""The people who get copies: direct ones of one customer, shared ones of many, and the links between."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, String, Table
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core import clock
from app.core.records import UtcDateTime, list_index, trash_index
from app.customers.models import Customer
from app.customers.party import Party
from app.extensions import Model
from app.lookups.models import ContactType, CorrespondenceType, TicketType, Topic


def _chosen(table: str, lookup: str) -> Table:
    return Table(
        table,
        Model.metadata,
        Column("contact_id", ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True),
        Column(f"{lookup}_id", ForeignKey(f"{lookup}.id"), primary_key=True, index=True),
    )


contact_regarding = _chosen("contact_regarding", "topic")
contact_copy_correspondence = _chosen("contact_copy_correspondence", "correspondence_type")
contact_copy_ticket_updates = _chosen("contact_copy_ticket_updates", "ticket_type")


class ContactLink(Model):
    """The row that ties a shared contact to a customer: who linked it, and when."""

    __tablename__ = "contact_link"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"), primary_key=True, index=True)
    linked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now, nullable=False)
    linked_by: Mapped[str] = mapped_column(String(128), nullable=False)


class Contact(Party):
    """A contact: direct with `customer_id` set, shared without. `account_password_hash` never leaves the database."""

    __tablename__ = "contact"
    __table_args__ = (
        Index("ix_contact_last_name", "last_name"),
        Index("ix_contact_company_name", "company_name"),
        Index("ix_contact_email_normalised", "email_normalised"),
        Index("ix_contact_name_key", "name_key"),
        trash_index("contact"),
        list_index("contact", "last_name", "lower(last_name)", "coalesce(lower(first_name), '')"),
        list_index("contact", "company_name", "lower(company_name)"),
        list_index("contact", "email", "email_normalised"),
        list_index("contact", "created_at", "created_at"),
        list_index("contact", "last_modified_at", "last_modified_at"),
    )

    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)
    customer: Mapped[Customer | None] = relationship(Customer)
    contact_type_id: Mapped[int | None] = mapped_column(ForeignKey("contact_type.id"))
    contact_type: Mapped[ContactType | None] = relationship(ContactType)
    email: Mapped[str | None] = mapped_column(String(320))
    email_normalised: Mapped[str | None] = mapped_column(String(320))
    # How name and company are compared, to find the one that exists already; see `rules.name_key`.
    name_key: Mapped[str | None] = mapped_column(String(64))
    account_password_hash: Mapped[str | None] = mapped_column(String(256))
    position: Mapped[str | None] = mapped_column(String(120))
    contact_regarding: Mapped[list[Topic]] = relationship(Topic, secondary=contact_regarding, order_by=Topic.position)
    copy_correspondence: Mapped[list[CorrespondenceType]] = relationship(
        CorrespondenceType, secondary=contact_copy_correspondence, order_by=CorrespondenceType.position
    )
    copy_ticket_updates: Mapped[list[TicketType]] = relationship(
        TicketType, secondary=contact_copy_ticket_updates, order_by=TicketType.position
    )

    @property
    def kind(self) -> str:
        """Return `direct` or `shared`."""
        return "shared" if self.customer_id is None else "direct"

    @property
    def name(self) -> str:
        """Return what people call this contact: the person, or the company where no person is named."""
        return self.person_name or self.company_name or ""

    @property
    def label(self) -> str:
        """Return how staff name the contact."""
        return self.name

    def __repr__(self) -> str:
        return self.label
