"""What a credit note may credit: at each rate of its invoice, and at all together, no more than is left."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from app.core.errors import FieldErrors
from app.core.money import round_half_up
from app.core.words import say
from app.invoices.rules import Line, TaxAtRate, Totals, invoice_totals

MAX_REASON = 500
MoneyText = Callable[[Decimal], str]


def left_by_rate(invoiced: Iterable[Line], credited: Iterable[Line], *, places: int) -> dict[Decimal, Decimal]:
    """Return what is left to credit, net, at each tax rate of an invoice, by rising rate.

    It is less than nothing at a rate at which the invoice took something off, until a credit note has taken that back.
    `credited` are the lines of its credit notes so far. Rates are in percent.
    """
    gone = {part.rate: part.net for part in invoice_totals(credited, places=places).tax_by_rate}
    return {
        part.rate: part.net - gone.get(part.rate, Decimal(0))
        for part in invoice_totals(invoiced, places=places).tax_by_rate
    }


def lines_left(invoiced: Iterable[Line], credited: Iterable[Line]) -> tuple[Line, ...]:
    """Return an invoice's lines without what its credit notes have credited of each: what a form starts with.

    A line is known again by all that it says, but for how many; what takes something off is of another kind than what
    it was for.
    """
    gone: dict[Line, Decimal] = {}
    for line in credited:
        gone[_kind_of(line)] = gone.get(_kind_of(line), Decimal(0)) + line.quantity
    left = []
    for line in invoiced:
        kind = _kind_of(line)
        used = gone.get(kind, Decimal(0))
        taken = min(used, line.quantity) if line.quantity >= 0 else max(used, line.quantity)
        gone[kind] = used - taken
        if line.quantity != taken:
            left.append(replace(line, quantity=line.quantity - taken))
    return tuple(left)


def credit_errors(
    lines: Sequence[Line], left: Mapping[Decimal, Decimal], *, places: int, money: MoneyText
) -> FieldErrors:
    """Return what keeps lines from being credited, by place (`lines`, `lines.0.tax_rate`).

    `left` is that of `left_by_rate`; `money` writes an amount in the invoice's currency. A line may take something off
    what is credited; what the lines of one rate come to may not, unless the invoice does so at that rate. Then the
    rates together are measured too, net and with tax.
    """
    if not lines:
        return {"lines": [say("A credit note needs at least one line.")]}
    known = ", ".join(f"{rate:f}" for rate in left)
    strange: FieldErrors = {
        f"lines.{position}.tax_rate": [say("The invoice has no line at this rate, only at: {rates}.", rates=known)]
        for position, line in enumerate(lines)
        if line.tax_rate not in left
    }
    if strange:
        return strange
    totals = invoice_totals(lines, places=places)
    errors = [error for part in totals.tax_by_rate if (error := _rate_error(part, left[part.rate], money))]
    if not errors:
        errors = _sum_errors(totals, left, places=places, money=money)
    return {"lines": errors} if errors else {}


def _rate_error(part: TaxAtRate, left: Decimal, money: MoneyText) -> str | None:
    """Return what keeps the lines of one rate from being credited, if anything."""
    rate, nothing = f"{part.rate:f}", Decimal(0)
    if min(left, nothing) <= part.net <= max(left, nothing):
        return None
    if part.net < 0 <= left:
        return say("At {rate} % the lines come to less than nothing.", rate=rate)
    return say(
        "At {rate} % there is {left} left to credit, net, and the lines come to {net}.",
        rate=rate,
        left=money(left),
        net=money(part.net),
    )


def _sum_errors(totals: Totals, left: Mapping[Decimal, Decimal], *, places: int, money: MoneyText) -> list[str]:
    """Return what keeps lines of all rates together from being credited, if anything."""
    if totals.net <= 0:
        return [say("A credit note credits more than nothing.")]
    given = {part.rate: part.net for part in totals.tax_by_rate}
    # Before rounding: several credit notes may come to a penny more tax than the invoice had.
    if sum(given.values()) <= sum(left.values()) and _with_tax(given) <= _with_tax(left):
        return []
    return [
        say(
            "At all rates together there is {left} left to credit, {gross_left} with tax, and the lines come to {net}, "
            "{gross} with tax.",
            left=money(sum(left.values(), Decimal(0))),
            gross_left=money(round_half_up(_with_tax(left), places)),
            net=money(totals.net),
            gross=money(totals.total),
        )
    ]


def _with_tax(nets: Mapping[Decimal, Decimal]) -> Decimal:
    return sum((net * (100 + rate) / 100 for rate, net in nets.items()), Decimal(0))


def _kind_of(line: Line) -> Line:
    return replace(line, quantity=Decimal(1).copy_sign(line.quantity))
