"""Measures whether time grows in proportion to the source, and memory does not grow."""

from __future__ import annotations

import shutil

from .. import goals
from ..compare import median, rounds
from ..measure import Run, run
from ..report import CaseResult
from ..workshop import Workshop

SIZES = [0.1, 1, 2, 4]


def compare(shop: Workshop) -> CaseResult:
    result = CaseResult("scaling")
    sizes = [1, 4] if shop.smoke else SIZES
    stages: dict[str, dict[float, list[Run]]] = {}
    for size in sizes:
        rows = round(shop.rows * size)
        for name, runs in measure(shop, rows, shop.rounds if size < 2 else 1).items():
            result.runs[f"{name} × {size:g}"] = runs
            stages.setdefault(name, {})[size] = runs
        shutil.rmtree(shop.spool(f"fetched-{rows}"), ignore_errors=True)
        if size > 1:
            shop.source(rows).unlink()
    shop.sql("DROP SCHEMA IF EXISTS ours CASCADE")
    for name, by_size in stages.items():
        per_record = {size: (median(runs, lambda one: one.wall_s) or 0) / shop.rows / size * 1e6 for size, runs in by_size.items()}
        peaks = {size: median(runs, lambda one: one.peak_mib) or 0 for size, runs in by_size.items()}
        shown = ", ".join(f"{size:g}×: {per_record[size]:.2f} µs, {peaks[size]:.0f} MiB" for size in sizes)
        growth = per_record[sizes[-1]] / per_record[1]
        result.at_most(f"{name}: time per record at {sizes[-1]}× the size (one run), divided by that at 1×", shown, "", growth, goals.GROWTH_RATIO)
        result.at_most(f"{name}: memory at {sizes[-1]}× the size, divided by that at 1×", "", "", peaks[sizes[-1]] / peaks[1], goals.MEMORY_GROWTH_RATIO)
    return result


def measure(shop: Workshop, rows: int, count: int) -> dict[str, list[Run]]:
    url = shop.serve(shop.source(rows))
    spool = shop.spool(f"fetched-{rows}")

    def fetch() -> Run:
        shutil.rmtree(spool, ignore_errors=True)
        return run([shop.program("fetch"), "--spool", str(spool), "--source", url], shop.logs / "fetch")

    def transform(jobs: int) -> Run:
        for path in spool.glob("*/transform.json"):
            path.unlink()
            shutil.rmtree(path.parent / "transform")
        return run([shop.program("transform"), "--spool", str(spool), "--jobs", str(jobs)], shop.logs / "transform")

    def load() -> Run:
        shop.empty_schema("ours")
        return run([shop.program("load"), "--spool", str(spool)], shop.logs / "load", shop.environment, shop.server)

    # In this order: each stage needs the output of the one before.
    runs = rounds({"fetch": fetch}, count)
    runs |= rounds({"transform, 1 job": lambda: transform(1), "transform, 2 jobs": lambda: transform(2)}, count)
    runs |= rounds({"first load": load}, count, warm_up=False)
    return runs
