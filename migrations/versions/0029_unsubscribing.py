"""Unsubscribing: customers are found by an address, and letters have a mail template for each class.

What was saved as the template of all letters is kept as that of each class. A marketing letter's needs a way to
unsubscribe, which it is given at its end.

Revision ID: 0029
Revises: 0028
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

# The row of all letters goes on as the first of these, with its history.
CLASSES = ("customer_services", "billing", "credit_control", "marketing")
_TEXT = {
    "en": ("No more marketing letters? Unsubscribe here:", "No more marketing letters? Write to the sender of this mail."),
    "de": ("Keine Werbung mehr? Hier abbestellen:", "Keine Werbung mehr? Schreiben Sie dem Absender dieser Mail."),
}

template = sa.table(
    "mail_template",
    sa.column("id", sa.Integer),
    sa.column("kind", sa.String),
    sa.column("language", sa.String),
    *(sa.column(name, sa.Text) for name in ("subject", "text", "html")),
    *(sa.column(name, sa.DateTime(timezone=True)) for name in ("created_at", "last_modified_at")),
    sa.column("version", sa.Integer),
)


def upgrade() -> None:
    op.create_index("ix_customer_address_address_normalised", "customer_address", ["address_normalised"])
    _kind_of_length(40, before=20)
    connection = op.get_bind()
    moment = datetime.now(UTC)
    if connection.dialect.name == "sqlite":
        moment = moment.replace(tzinfo=None)
    first, *others = CLASSES
    for row in connection.execute(sa.select(template).where(template.c.kind == "correspondence").order_by("id")).all():
        for name in others:
            kept = {"language": row.language, "subject": row.subject, "text": row.text, "html": row.html}
            if name == "marketing":
                kept |= {"text": _text_with_link(row), "html": _html_with_link(row)}
            times = {"created_at": moment, "last_modified_at": moment, "version": 1}
            connection.execute(template.insert().values(kind=f"correspondence_{name}", **kept, **times))
    _rename("correspondence", f"correspondence_{first}")


def downgrade() -> None:
    first, *others = CLASSES
    gone = [f"correspondence_{name}" for name in others]
    op.get_bind().execute(template.delete().where(template.c.kind.in_(gone)))
    _rename(f"correspondence_{first}", "correspondence")
    _kind_of_length(20, before=40)
    op.drop_index("ix_customer_address_address_normalised", "customer_address")


def _kind_of_length(length: int, *, before: int) -> None:
    # SQLite makes the table anew for it; no other table points at this one.
    with op.batch_alter_table("mail_template") as table:
        table.alter_column("kind", existing_type=sa.String(before), type_=sa.String(length), existing_nullable=False)


def _rename(before: str, after: str) -> None:
    op.get_bind().execute(template.update().where(template.c.kind == before).values(kind=after))


def _text_with_link(row: sa.Row) -> str | None:
    """Return a saved plain text with a way to unsubscribe; what is as shipped follows the program."""
    if row.text is None:
        return None
    here, otherwise = _TEXT[row.language]
    return (
        f"{row.text}\n\n{{% if unsubscribe_url %}}\n{here} {{{{ unsubscribe_url }}}}\n"
        f"{{% else %}}\n{otherwise}\n{{% endif %}}"
    )


def _html_with_link(row: sa.Row) -> str | None:
    """Return a saved page with a way to unsubscribe, as the last thing in its body."""
    if row.html is None:
        return None
    here, otherwise = _TEXT[row.language]
    line = (
        f'{{% if unsubscribe_url %}}<p><a href="{{{{ unsubscribe_url }}}}">{here.rstrip(":")}</a></p>'
        f"{{% else %}}<p>{otherwise}</p>{{% endif %}}\n"
    )
    place = row.html.lower().rfind("</body>")
    if place < 0:
        place = len(row.html)
    return f"{row.html[:place]}{line}{row.html[place:]}"
