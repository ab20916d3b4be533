"""Memory is bounded by chunks: what a stage may take beside those that it has in hand."""

from __future__ import annotations

import json
from pathlib import Path

from . import goals
from .compare import median
from .measure import Run
from .report import CaseResult


def beside_chunks(result: CaseResult, what: str, runs: list[Run], snapshot: Path, chunks: int) -> None:
    """Adds the line that holds a stage's peak against the bound, less that many of its largest chunks."""
    sizes = [json.loads(path.read_text())["csv"]["bytes"] for path in snapshot.glob("fetch/*.json")]
    largest = max(sizes) / 2**20
    peak = median(runs, lambda run: run.peak_mib) or 0
    in_hand = min(chunks, len(sizes))
    result.at_most(
        what,
        f"{peak:.0f} MiB",
        f"{in_hand} chunks of {largest:.1f} MiB",
        max(0, peak - in_hand * largest),
        goals.STAGE_MIB_BESIDE_CHUNKS,
        " MiB",
    )
