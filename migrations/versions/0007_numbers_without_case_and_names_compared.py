"""Account numbers are unique whatever their case; contacts are found by name and company as these are compared.

Revision ID: 0007
Revises: 0006
"""

import hashlib
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

UNIQUE = "uq_customer_account_number_normalised"


def upgrade() -> None:
    op.add_column("customer", sa.Column("account_number_normalised", sa.String(160), nullable=True))
    op.add_column("contact", sa.Column("name_key", sa.String(64), nullable=True))
    _fill_customers()
    _fill_contacts()
    with op.batch_alter_table("customer") as batch:
        batch.alter_column("account_number_normalised", existing_type=sa.String(160), nullable=False)
        batch.create_unique_constraint(UNIQUE, ["account_number_normalised"])
    op.create_index("ix_contact_name_key", "contact", ["name_key"])


def downgrade() -> None:
    op.drop_index("ix_contact_name_key", table_name="contact")
    op.drop_column("contact", "name_key")
    with op.batch_alter_table("customer") as batch:
        batch.drop_constraint(UNIQUE, type_="unique")
        batch.drop_column("account_number_normalised")


def _fill_customers() -> None:
    """Accounts that differ by case alone stay, the later ones marked by their id; nobody opens another one."""
    connection = op.get_bind()
    customer = sa.table(
        "customer",
        sa.column("id", sa.Integer),
        sa.column("account_number", sa.String),
        sa.column("account_number_normalised", sa.String),
    )
    taken: set[str] = set()
    rows = connection.execute(sa.select(customer.c.id, customer.c.account_number).order_by(customer.c.id)).all()
    for number, account in rows:
        folded = unicodedata.normalize("NFKC", account).casefold()
        folded = f"{folded}\n{number}" if folded in taken else folded
        taken.add(folded)
        connection.execute(
            customer.update().where(customer.c.id == number).values(account_number_normalised=folded)
        )


def _fill_contacts() -> None:
    connection = op.get_bind()
    names = ("first_name", "last_name", "company_name")
    contact = sa.table("contact", sa.column("id", sa.Integer), sa.column("name_key", sa.String), *map(sa.column, names))
    rows = connection.execute(sa.select(contact.c.id, *(contact.c[name] for name in names))).all()
    for number, first, last, company in rows:
        if company:
            key = _key(f"{first or ''} {last or ''}", company)
            connection.execute(contact.update().where(contact.c.id == number).values(name_key=key))


def _key(person: str, company: str) -> str:
    parts = (" ".join(unicodedata.normalize("NFKC", part).casefold().split()) for part in (person, company))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
