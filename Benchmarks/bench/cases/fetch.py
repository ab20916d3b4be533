"""Compares fetch with curl, with and without zstd after it."""

from __future__ import annotations

import os
import shutil

from .. import goals
from ..chunks import beside_chunks
from ..compare import ratio, rounds
from ..measure import Run, run
from ..report import CaseResult, costs
from ..workshop import Workshop


def compare(shop: Workshop) -> CaseResult:
    result = CaseResult("fetch")
    url = shop.serve(shop.source(shop.rows))
    spool = shop.spool("fetch")

    def ours() -> Run:
        shutil.rmtree(spool, ignore_errors=True)
        return run([shop.program("fetch"), "--spool", str(spool), "--source", url], shop.logs / "fetch")

    def shell(command: str) -> Run:
        for name in ("rival.zst", "rival.csv"):
            (shop.folder / name).unlink(missing_ok=True)
        return run(["sh", "-c", command], shop.logs / "curl")

    runs = result.runs = rounds(
        {
            "fetch": ours,
            "curl | zstd -1": lambda: shell(f"curl -sf {url} | zstd -1 -q -o '{shop.folder}/rival.zst'"),
            "curl | zstd -1 -T0": lambda: shell(f"curl -sf {url} | zstd -1 -T0 -q -o '{shop.folder}/rival.zst'"),
            "curl": lambda: shell(f"curl -sf -o '{shop.folder}/rival.csv' {url}"),
        },
        shop.rounds,
    )
    value = ratio(runs["fetch"], runs["curl | zstd -1"])
    result.at_most("fetch against `curl \\| zstd -1`", costs(runs["fetch"]), costs(runs["curl | zstd -1"]), value, goals.FETCH_RATIO)
    threads = ratio(runs["fetch"], runs["curl | zstd -1 -T0"])
    what = "fetch against `curl \\| zstd -1 -T0`, one thread per core"
    result.told(what, costs(runs["fetch"]), costs(runs["curl | zstd -1 -T0"]), f"{threads:.2f}")
    alone = ratio(runs["fetch"], runs["curl"])
    result.told("fetch against `curl -o` alone", costs(runs["fetch"]), costs(runs["curl"]), f"{alone:.2f}")
    # One chunk is being received. Cores + 1 chunks, but at most four, are being compressed.
    chunks = 1 + min(4, (os.cpu_count() or 1) + 1)
    beside_chunks(result, "fetch: memory without its chunk buffers", runs["fetch"], next(spool.glob("*/fetch.json")).parent, chunks)
    return result
