"""The lists that an administrator edits: one table each, all with a name, whether it is active, and a position."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, String, Table, Text, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from app.core.records import Record
from app.extensions import Model
from app.lookups.rules import MAX_LETTER_SUBJECT
from app.lookups.usage_reports.rules import Availability, FileFormat, UsageReport


class Lookup(Record):
    """A row of a list. One that isn't active can't be newly chosen, and stays where it is chosen."""

    __abstract__ = True

    name: Mapped[str] = mapped_column(String(80), nullable=False)
    active: Mapped[bool] = mapped_column(nullable=False, default=True)
    position: Mapped[int] = mapped_column(nullable=False, default=0)

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Index, ...]:  # noqa: N805  SQLAlchemy calls it on the class
        # Two living rows of one list don't share a name; a deleted one frees it.
        return (
            Index(
                f"uq_{cls.__tablename__}_living_name",
                "name",
                unique=True,
                sqlite_where=text("deleted_at IS NULL"),
                postgresql_where=text("deleted_at IS NULL"),
            ),
        )

    def __repr__(self) -> str:
        return self.name


class ContactType(Lookup):
    """Type or role of a contact within the customer's organisation."""

    __tablename__ = "contact_type"


class Title(Lookup):
    """How a person is addressed: Mr, Ms, Dr."""

    __tablename__ = "title"


class NumberType(Lookup):
    """What kind of phone number: mobile, office."""

    __tablename__ = "number_type"


class Topic(Lookup):
    """What a contact can be spoken to about."""

    __tablename__ = "topic"


class TicketType(Lookup):
    """The kind of a ticket; contacts choose of which kinds they get copies."""

    __tablename__ = "ticket_type"


class TicketStatus(Lookup):
    """Where a ticket stands; `closed` ones are done."""

    __tablename__ = "ticket_status"

    closed: Mapped[bool] = mapped_column(nullable=False, default=False)


class CorrespondenceType(Lookup):
    """The kind of a letter, in one of four classes; `bulk` ones may be sent to many.

    `template_subject` and `template_body` are what a letter of the type begins with: Markdown with placeholders.
    """

    __tablename__ = "correspondence_type"

    correspondence_class: Mapped[str] = mapped_column(String(20), nullable=False)
    bulk: Mapped[bool] = mapped_column(nullable=False, default=False)
    template_subject: Mapped[str | None] = mapped_column(String(MAX_LETTER_SUBJECT))
    template_body: Mapped[str | None] = mapped_column(Text)


class CustomerStatus(Lookup):
    """Where an account stands; one that doesn't allow correspondence gets no document."""

    __tablename__ = "customer_status"

    allows_correspondence: Mapped[bool] = mapped_column(nullable=False, default=True)


class Dealer(Lookup):
    """A dealer, known by a code that customers, contacts and users carry as a string."""

    __tablename__ = "dealer"

    code: Mapped[str] = mapped_column(String(40), nullable=False, unique=True)


class NamedCustomer(Model):
    """A customer that a usage report profile is available to: by its id alone, since customers are a feature above."""

    __tablename__ = "usage_report_profile_customer"

    profile_id: Mapped[int] = mapped_column(ForeignKey("usage_report_profile.id", ondelete="CASCADE"), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), primary_key=True, index=True)

    @property
    def id(self) -> int:
        """Return the customer's id, by which a list of records is told."""
        return self.customer_id


profile_dealer = Table(
    "usage_report_profile_dealer",
    Model.metadata,
    Column("profile_id", ForeignKey("usage_report_profile.id", ondelete="CASCADE"), primary_key=True),
    Column("dealer_id", ForeignKey("dealer.id"), primary_key=True, index=True),
)


class UsageReportProfile(Lookup):
    """A breakdown of usage that goes along with an invoice: of what, with which columns, as which file, for whom.

    `customers` and `dealers` count only while `available_to` says so; they are kept meanwhile.
    """

    __tablename__ = "usage_report_profile"

    report: Mapped[str] = mapped_column(String(20), nullable=False, default=UsageReport.BY_NUMBER.value)
    columns: Mapped[list[str]] = mapped_column(JSON, nullable=False, default=list)
    file_format: Mapped[str] = mapped_column(String(8), nullable=False, default=FileFormat.CSV.value)
    available_to: Mapped[str] = mapped_column(String(10), nullable=False, default=Availability.ALL.value)
    customers: Mapped[list[NamedCustomer]] = relationship(
        NamedCustomer, order_by=NamedCustomer.customer_id, cascade="all, delete-orphan"
    )
    dealers: Mapped[list[Dealer]] = relationship(
        Dealer, secondary=profile_dealer, order_by=(Dealer.position, Dealer.name)
    )


LOOKUP_MODELS: dict[str, type[Lookup]] = {
    model.__tablename__: model
    for model in (
        ContactType,
        Title,
        NumberType,
        Topic,
        TicketType,
        TicketStatus,
        CorrespondenceType,
        UsageReportProfile,
        CustomerStatus,
        Dealer,
    )
}
