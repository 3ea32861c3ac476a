"""What a credit note may credit: at each rate of its invoice no more than is left, and never nothing."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from app.core.errors import FieldErrors
from app.core.words import say
from app.invoices.rules import Line, invoice_totals

MAX_REASON = 500
MoneyText = Callable[[Decimal], str]


def left_by_rate(invoiced: Iterable[Line], credited: Iterable[Line], *, places: int) -> dict[Decimal, Decimal]:
    """Return what is left to credit, net, at each tax rate of an invoice, by rising rate; never less than nothing.

    `credited` are the lines of its credit notes so far. Rates are in percent.
    """
    gone = {part.rate: part.net for part in invoice_totals(credited, places=places).tax_by_rate}
    return {
        part.rate: max(part.net - gone.get(part.rate, Decimal(0)), Decimal(0))
        for part in invoice_totals(invoiced, places=places).tax_by_rate
    }


def lines_left(invoiced: Iterable[Line], credited: Iterable[Line]) -> tuple[Line, ...]:
    """Return an invoice's lines without what its credit notes have credited of each: what a form starts with.

    A line is known again by all that it says, but for its quantity.
    """
    gone: dict[Line, Decimal] = {}
    for line in credited:
        gone[_kind_of(line)] = gone.get(_kind_of(line), Decimal(0)) + line.quantity
    left = []
    for line in invoiced:
        kind = _kind_of(line)
        used = gone.get(kind, Decimal(0))
        # A line that takes something off the bill has a quantity below nothing, or a price.
        taken = min(used, line.quantity) if line.quantity > 0 else max(used, line.quantity)
        gone[kind] = used - taken
        if line.quantity != taken:
            left.append(replace(line, quantity=line.quantity - taken))
    return tuple(left)


def credit_errors(
    lines: Sequence[Line], left: Mapping[Decimal, Decimal], *, places: int, money: MoneyText
) -> FieldErrors:
    """Return what keeps lines from being credited, by place (`lines`, `lines.0.tax_rate`).

    `left` is that of `left_by_rate`; `money` writes an amount in the invoice's currency. A line may take something off
    what is credited; what the lines of one rate come to may not.
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
    errors: list[str] = []
    for part in totals.tax_by_rate:
        if part.net < 0:
            errors.append(say("At {rate} % the lines come to less than nothing.", rate=f"{part.rate:f}"))
        elif part.net > left[part.rate]:
            errors.append(
                say(
                    "At {rate} % there is {left} left to credit, net, and the lines come to {net}.",
                    rate=f"{part.rate:f}",
                    left=money(left[part.rate]),
                    net=money(part.net),
                )
            )
    if not errors and totals.net <= 0:
        errors.append(say("A credit note credits more than nothing."))
    return {"lines": errors} if errors else {}


def _kind_of(line: Line) -> Line:
    return replace(line, quantity=Decimal(1))
