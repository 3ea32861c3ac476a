"""What is printed of runs: rates, ratios round by round, and memory."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from mailers.systems import Case, Figures, System

MB = 1_000_000


def report(systems: Sequence[System], cases: Sequence[Case], figures: Mapping[tuple[str, Case], list[Figures]]) -> None:
    for size in dict.fromkeys(case.size for case in cases):
        of_size = [case for case in cases if case.size == size]
        # However many workers there are to be, messages are put in by one process: all runs count.
        put = {one.name: [run for case in of_size for run in figures[one.name, case]] for one in systems}
        _table(
            f"{size}: enqueue",
            {name: [run.enqueue for run in runs] for name, runs in put.items()},
            {name: f"{max(run.enqueue_memory for run in runs) / MB:>8.1f} MB" for name, runs in put.items()},
        )
        for case in of_size:
            runs = {one.name: figures[one.name, case] for one in systems}
            _table(
                f"{size}: drain, {case.workers} {'worker' if case.workers == 1 else 'workers'}",
                {name: [run.drain for run in these] for name, these in runs.items()},
                {
                    name: f"{max(run.memory for run in these) / MB:>8.1f} MB"
                    f" {statistics.median(run.stored for run in these) / MB:>10.1f} MB"
                    for name, these in runs.items()
                },
            )
        _growth(systems, of_size, figures)


def _table(title: str, rates: Mapping[str, list[float]], rest: Mapping[str, str]) -> None:
    heads = f"{'memory':>11}{'database':>14}" if "drain" in title else f"{'memory':>11}"
    print(f"\n{title}\n{'':16}{'per second':>12}   {'counterpart beside it':24}{heads}")
    for name, these in rates.items():
        ours = rates.get("counterpart")
        beside = "" if ours is None or name == "counterpart" else spread(ours, these)
        print(f"{name:16}{statistics.median(these):>12,.0f}   {beside:24}{rest[name]}")


def _growth(
    systems: Sequence[System], cases: Sequence[Case], figures: Mapping[tuple[str, Case], list[Figures]]
) -> None:
    one = next((case for case in cases if case.workers == 1), None)
    for case in cases:
        if one is not None and case.workers > 1:
            print(f"\n{case.size}: {case.workers} workers beside 1")
            for system in systems:
                many, few = ([run.drain for run in figures[system.name, of]] for of in (case, one))
                print(f"{system.name:16}{spread(many, few):>36}")


def spread(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """Return the median of the ratios, round by round, with the least and the most."""
    ratios = [own / other for own, other in zip(ours, theirs, strict=True)]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
