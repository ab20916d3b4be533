"""Runs contestants in turn, round by round, so that a drift of the machine affects all of them."""

from __future__ import annotations

import statistics
import sys
from typing import Callable

from .measure import Failed, Run

Contestant = Callable[[], Run]


def note(text: str) -> None:
    print(f"Benchmarks: {text}", file=sys.stderr, flush=True)


def rounds(
    contestants: dict[str, Contestant], count: int, warm_up: bool = True, may_fail: tuple[str, ...] = ()
) -> dict[str, list[Run]]:
    """Runs each contestant once per round, every other round in the opposite order. The first round is a warm-up.

    A contestant of `may_fail` that fails is left out of the result.
    """
    contestants = dict(contestants)
    results: dict[str, list[Run]] = {name: [] for name in contestants}
    for number in range(0 if warm_up else 1, count + 1):
        order = list(contestants) if number % 2 else list(reversed(contestants))
        for name in order:
            try:
                result = contestants[name]()
            except Failed as failure:
                if name not in may_fail:
                    raise
                note(f"{failure}\n{name} is left out")
                del contestants[name], results[name]
                continue
            if number > 0:
                results[name].append(result)
            note(f"round {number or 'of warming up'}: {name} {result.wall_s:.2f} s")
    return results


def median(runs: list[Run], figure: Callable[[Run], float | None]) -> float | None:
    values = [value for value in map(figure, runs) if value is not None]
    return statistics.median(values) if values else None


def ratio(ours: list[Run], theirs: list[Run], figure: Callable[[Run], float] = lambda run: run.wall_s) -> float:
    """Returns the median of the ratios of all rounds: ours divided by theirs."""
    return statistics.median(figure(a) / figure(b) for a, b in zip(ours, theirs, strict=True))
