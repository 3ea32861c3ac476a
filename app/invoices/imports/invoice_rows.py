"""Rows of a file of invoices, gathered into invoices and checked by the rules that the form has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import Invalid
from app.core.words import said, say
from app.customers.models import normalised_number
from app.invoices.fields import INVOICE_FIELDS, invoice_errors
from app.invoices.imports import queries
from app.invoices.imports.rules import INVOICE_COLUMNS, Fault, Row, read_key
from app.invoices.lines import set_lines
from app.invoices.models import Invoice
from app.invoices.rules import LINE_FIELDS, MAX_LINES
from app.lookups.editing import prepare_new

_LINE_COLUMNS = ("description", "category", "quantity", "unit_price", "tax_rate", "reference")


@dataclass(slots=True)
class Gathered:
    """The rows of one invoice. Beyond a thousand and one nothing more is kept: they are refused all the same."""

    account: str
    key: str
    rows: list[Row]
    count: int = 1


@dataclass(slots=True)
class Gathering:
    """Puts rows that follow one another into invoices; `seen` are those that have ended."""

    seen: set[tuple[str, str]] = field(default_factory=set)

    def gather(self, rows: Iterable[Row | Fault]) -> Iterator[Gathered | Fault]:
        """Give each invoice when the next one begins, and each fault as it comes."""
        current: Gathered | None = None
        for row in rows:
            if isinstance(row, Fault):
                yield row
                continue
            found = _names(row)
            if isinstance(found, Fault):
                yield found
                continue
            account, key = found
            if current and (current.account, current.key) == (account, key):
                current.count += 1
                if current.count <= MAX_LINES + 1:
                    current.rows.append(row)
                continue
            if current:
                yield current
            current = None
            if (account, key) in self.seen:
                words = say("Another invoice of this account has this key above. The rows of one follow one another.")
                yield Fault(row.line, "invoice_key", words)
                continue
            self.seen.add((account, key))
            current = Gathered(account, key, [row])
        if current:
            yield current


def _names(row: Row) -> tuple[str, str] | Fault:
    """Return the account number as it is compared and the key of a row, or what is wrong with them."""
    found = []
    for name in ("account_number", "invoice_key"):
        try:
            found.append(read_key(row.values[name]))
        except ValueError as error:
            return Fault(row.line, name, said(error))
    return normalised_number(found[0]), found[1]


def checked(
    session: Session,
    actor: Actor,
    gathered: Sequence[Gathered],
    *,
    default_currency: str,
    again: bool,
) -> tuple[list[dict[str, Any]], list[Fault]]:
    """Return what invoices are to be made of some rows, as they are staged, and what is wrong with them.

    With `again`, keys may be in use: the same file is meant to be imported once more.
    """
    accounts = queries.accounts(session, actor, {one.account for one in gathered})
    pairs = [(accounts[one.account].id, one.key) for one in gathered if one.account in accounts]
    used = {} if again else queries.keys_in_use(session, pairs)
    staged: list[dict[str, Any]] = []
    faults: list[Fault] = []
    for one in gathered:
        line = one.rows[0].line
        account = accounts.get(one.account)
        number = used.get((account.id, one.key)) if account else None
        if account is None:
            faults.append(Fault(line, "account_number", say("There is no such account.")))
        if number:
            faults.append(
                Fault(line, "invoice_key", say("Invoice {number} was imported with this key.", number=number))
            )
        currency = (account.currency if account else None) or default_currency
        # Without an account the rest is checked all the same, so that one look at the errors is enough.
        found = _prepare(session, actor, one, customer_id=account.id if account else 1, currency=currency)
        if isinstance(found, dict):
            staged.append(found)
        else:
            faults += found
    return staged, faults


def _prepare(
    session: Session, actor: Actor, one: Gathered, *, customer_id: int, currency: str
) -> dict[str, Any] | list[Fault]:
    """Check one invoice as the form would, and return it with its sums; or what is wrong, by line and column."""
    first = one.rows[0]
    faults = [
        Fault(row.line, name, say("This differs from the first row of the invoice. Repeat it, or leave it empty."))
        for row in one.rows[1:]
        for name in INVOICE_COLUMNS
        if row.values.get(name, "").strip() not in ("", first.values.get(name, "").strip())
    ]
    values: dict[str, object] = {name: first.values.get(name, "") for name in INVOICE_COLUMNS}
    lines = [{name: row.values.get(name, "") for name in _LINE_COLUMNS} for row in one.rows]
    given = {"customer_id": customer_id, **values, "lines": lines}
    try:
        edit = prepare_new(session, actor, resource="invoice", fields=INVOICE_FIELDS, given=given, rule=invoice_errors)
    except Invalid as error:
        return [*faults, *_placed(one, error.errors)]
    if faults:
        return faults
    # Never added to a session: it only adds up.
    invoice = Invoice()
    edit.apply(invoice)
    invoice.currency = invoice.currency or currency
    set_lines(invoice, edit)
    return {"customer_id": customer_id, "key": one.key, "staged": _staged(invoice)}


def _placed(one: Gathered, errors: Mapping[str, Sequence[str]]) -> list[Fault]:
    """Return a form's errors at the lines and columns that they came from."""
    faults = []
    for place, texts in errors.items():
        line, column = one.rows[0].line, place
        if place.startswith("lines."):
            _, number, *rest = place.split(".")
            line, column = one.rows[int(number)].line, ".".join(rest)
        faults += [Fault(line, "" if column == "lines" else column, text) for text in texts]
    return sorted(faults, key=lambda fault: fault.line)


def _staged(invoice: Invoice) -> dict[str, Any]:
    """Return an invoice as JSON keeps it: decimals and dates as texts."""
    lines = [[_plain(getattr(row, name)) for name in (*LINE_FIELDS, "net")] for row in invoice.lines]
    names = (*INVOICE_COLUMNS, "net", "tax", "total")
    return {**{name: _plain(getattr(invoice, name)) for name in names}, "lines": lines}


def _plain(value: object) -> str | None:
    return None if value is None else str(value)
