"""Compares transform with DuckDB and Polars: from the source to the same two files of COPY text."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from .. import goals
from ..chunks import beside_chunks
from ..compare import median, note, ratio, rounds
from ..measure import Run, run
from ..report import CaseResult, costs
from ..workshop import Workshop


def compare(shop: Workshop) -> CaseResult:
    result = CaseResult("transform")
    source = shop.source(shop.rows)
    spool, snapshot = shop.fetched(shop.rows)
    produced = spool / snapshot / "transform"

    def ours(jobs: int) -> Run:
        shutil.rmtree(produced)
        (produced.parent / "transform.json").unlink()
        return run([shop.program("transform"), "--spool", str(spool), "--jobs", str(jobs)], shop.logs / "transform")

    def rival(name: str, *options: str) -> Run:
        folder = shop.folder / "rivals" / name
        folder.mkdir(parents=True, exist_ok=True)
        script = str(shop.rivals / f"{name.split()[0].lower()}_transform.py")
        return run([shop.python, script, str(source), str(folder), *options], shop.logs / name.replace(" ", "-"))

    jobs = len(os.sched_getaffinity(0))
    contestants = {"transform": lambda: ours(jobs), "transform --jobs 1": lambda: ours(1)}
    if not shop.smoke:
        if shop.has("duckdb"):
            contestants["DuckDB"] = lambda: rival("DuckDB")
        if shop.has("polars"):
            contestants["Polars"] = lambda: rival("Polars", "lazy")
            contestants["Polars eager"] = lambda: rival("Polars eager")
    rivals = [name for name in contestants if not name.startswith("transform")]
    runs = result.runs = rounds(contestants, shop.rounds, may_fail=tuple(rivals))
    rivals = [name for name in rivals if name in runs]
    one = costs(runs["transform --jobs 1"])
    result.told(f"transform with {jobs} jobs, compared with 1 job", costs(runs["transform"]), f"{one} (1 job)", "")
    # Each job holds one chunk, and one more is being flushed.
    chunks = 1 if jobs == 1 else jobs + 1
    beside_chunks(result, "transform: memory without its chunk buffers", runs["transform"], spool / snapshot, chunks)

    expected = digests(produced, "*.registrations.tsv", "*.industries.tsv", columns=9)
    for name in list(rivals):
        folder = shop.folder / "rivals" / name
        if digests(folder, "registrations.tsv", "industries.tsv") != expected:
            note(f"{name} wrote other rows: it is not compared")
            result.notes.append(f"{name} wrote other rows than transform: it is not compared")
            rivals.remove(name)
    for missing in [] if shop.smoke else sorted({"DuckDB", "Polars"} - set(runs)):
        result.notes.append(f"{missing} is not available on this machine")
    if not rivals:
        return result
    fastest = min(rivals, key=lambda name: median(runs[name], lambda one: one.wall_s) or 0)
    for name in rivals:
        value = 1 / ratio(runs["transform"], runs[name])
        what = f"transform against {name}, the same rows"
        if goal := goals.TRANSFORM_TIMES_AS_FAST.get(name):
            result.at_least(what, costs(runs["transform"]), costs(runs[name]), value, goal)
        else:
            result.told(what, costs(runs["transform"]), costs(runs[name]), f"{value:.2f} times as fast")
    share = ratio(runs["transform"], runs[fastest], lambda one: one.peak_mib)
    result.at_most(f"transform's memory divided by that of {fastest}", "", "", share, goals.TRANSFORM_MEMORY_SHARE)
    return result


def digests(folder: Path, *patterns: str, columns: int | None = None) -> list[str]:
    """Returns digests of the sorted rows of each table; of the first table only the first `columns` columns."""
    found = []
    for index, pattern in enumerate(patterns):
        cut = f" | cut -f1-{columns}" if columns and index == 0 else ""
        command = f"cat {pattern}{cut} | LC_ALL=C sort | sha256sum"
        done = subprocess.run(["sh", "-c", command], cwd=folder, check=True, stdout=subprocess.PIPE)
        found.append(hashlib.sha256(done.stdout).hexdigest())
    return found
