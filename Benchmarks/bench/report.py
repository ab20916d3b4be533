"""Formats the comparisons as a table and as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from .compare import median
from .measure import Run


@dataclass
class Row:
    """A row of the table: our figure, that of a rival or a bound, and the goal."""

    what: str
    ours: str
    rival: str
    value: str
    goal: str
    reached: bool | None = None

    def verdict(self) -> str:
        return {True: "yes", False: "no", None: ""}[self.reached]


@dataclass
class CaseResult:
    """The result of a case: its rows of the table, and every run of every contestant."""

    name: str
    rows: list[Row] = field(default_factory=list)
    runs: dict[str, list[Run]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def at_most(self, what: str, ours: str, rival: str, value: float, bound: float, unit: str = "") -> None:
        """Adds a row whose value must be at most `bound`."""
        self.rows.append(Row(what, ours, rival, number(value) + unit, f"≤ {number(bound)}{unit}", value <= bound))

    def at_least(self, what: str, ours: str, rival: str, value: float, bound: float) -> None:
        self.rows.append(Row(what, ours, rival, f"{number(value)} times as fast", f"≥ {number(bound)}", value >= bound))

    def told(self, what: str, ours: str, rival: str, value: str) -> None:
        """Adds a row without a goal."""
        self.rows.append(Row(what, ours, rival, value, ""))


def number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def seconds(runs: list[Run]) -> str:
    return f"{median(runs, lambda run: run.wall_s):.2f} s"


def costs(runs: list[Run]) -> str:
    """Returns the medians of wall time, CPU time and peak memory as text."""
    wall, cpu = median(runs, lambda run: run.wall_s), median(runs, lambda run: run.cpu_s)
    peak = median(runs, lambda run: run.peak_mib)
    text = f"{wall:.2f} s, CPU {cpu:.2f} s"
    server = median(runs, lambda run: run.server_cpu_s)
    if server is not None:
        text += f" + server {server:.2f} s"
    text += f", {peak:.0f} MiB"
    wal = median(runs, lambda run: run.wal_mib)
    return text if wal is None else f"{text}, WAL {wal:.0f} MiB"


def table(results: list[CaseResult]) -> str:
    lines = ["| case | this project | other tool | result | goal | met |", "|---|---|---|---|---|---|"]
    for result in results:
        for row in result.rows:
            cells = [row.what, row.ours, row.rival, row.value, row.goal, row.verdict()]
            lines.append("| " + " | ".join(cells) + " |")
    notes = [note for result in results for note in result.notes]
    return "\n".join(lines + ([""] + [f"- {note}" for note in notes] if notes else []))


def document(machine: dict[str, Any], conditions: dict[str, Any], results: list[CaseResult]) -> dict[str, Any]:
    return {"conditions": conditions, "machine": machine, "cases": [asdict(result) for result in results]}
