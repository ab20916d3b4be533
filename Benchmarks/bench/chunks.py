"""The memory that a stage may use besides the chunks that it holds."""

from __future__ import annotations

import json
from pathlib import Path

from . import goals
from .compare import median
from .measure import Run
from .report import CaseResult


def beside_chunks(result: CaseResult, what: str, runs: list[Run], snapshot: Path, chunks: int) -> None:
    """Adds a row that compares a stage's peak, less `chunks` chunks of the largest size, with the bound."""
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
