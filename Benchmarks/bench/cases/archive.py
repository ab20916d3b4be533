"""Compares the download of a zip with that of the CSV in it, at several speeds of the line."""

from __future__ import annotations

import shutil
from pathlib import Path

from ..compare import ratio, rounds
from ..limited import limited
from ..measure import Run, run
from ..report import CaseResult, costs
from ..workshop import Workshop

SPEEDS = [100, 20, 5]
"""Million bytes a second."""


def compare(shop: Workshop) -> CaseResult:
    result = CaseResult("archive")
    spool = shop.spool("archive")
    archive, csv = shop.zipped(shop.rows), shop.source(shop.rows)

    def fetch(url: str) -> Run:
        shutil.rmtree(spool, ignore_errors=True)
        return run([shop.program("fetch"), "--spool", str(spool), "--source", url], shop.logs / "fetch")

    with limited(shop.folder) as server:
        for speed in SPEEDS:
            contestants = {
                f"{form} at {speed} MB/s": lambda file=file: fetch(f"{server}/{speed}/{file.name}")
                for form, file in (("zip", archive), ("CSV", csv))
            }
            # The first speed has warmed up the programs and files for the others.
            runs = rounds(contestants, shop.rounds, warm_up=speed == SPEEDS[0])
            result.runs |= runs
            of_zip, of_csv = runs.values()
            what = f"fetch the zip ({megabytes(archive)}) at {speed} MB/s, compared with the CSV ({megabytes(csv)})"
            result.told(what, costs(of_zip), costs(of_csv), f"{ratio(of_zip, of_csv):.2f}")
    shutil.rmtree(spool, ignore_errors=True)
    return result


def megabytes(file: Path) -> str:
    return f"{file.stat().st_size / 1e6:.0f} MB"
