"""Days from end to end: the first, the second with 2,000 changes, and one on which nothing changed."""

from __future__ import annotations

import json
import shutil

from .. import goals
from ..compare import median, ratio, rounds
from ..hand import by_hand
from ..measure import Run, run
from ..report import CaseResult, costs, seconds
from ..workshop import Workshop


def compare(shop: Workshop) -> CaseResult:
    result = CaseResult("days")
    spool = shop.spool("days")
    transformed, snapshot = shop.fetched(shop.rows)

    url = ""

    def day(number: int) -> Run:
        nonlocal url
        url = shop.serve(shop.source(shop.rows, number))
        if number == 0:
            shutil.rmtree(spool, ignore_errors=True)
            shop.empty_schema("ours")
        else:
            shop.sql("VACUUM ANALYZE")
            shop.settle()
        return pipeline()

    def pipeline() -> Run:
        position = shop.wal_position()
        log = shop.logs / "pipeline"
        command = [str(shop.project / "pipeline.sh"), "--json", "--spool", str(spool), "--source", url]
        done = run(command, log, shop.environment, shop.server)
        done.wal_mib = shop.wal_mib_since(position)
        stages = json.loads(log.read_text())["stages"]
        done.parts_s = {name: stage["seconds"] for name, stage in stages.items()}
        return done

    runs = result.runs = rounds(
        {
            "first day": lambda: day(0),
            "psql script": lambda: by_hand(shop, transformed / snapshot),
        },
        shop.rounds,
    )
    shop.sql("DROP SCHEMA IF EXISTS hand CASCADE")
    value = ratio(runs["first day"], runs["psql script"])
    result.at_most(
        "first day, from the server to readers, against the psql script alone",
        f"{costs(runs['first day'])} ({stages(runs['first day'])})",
        costs(runs["psql script"]),
        value,
        goals.FIRST_DAY_RATIO,
    )

    # Day 0 is loaded; from there each round has a next day, and then nothing new.
    day(0)
    later: dict[str, list[Run]] = {"second day": [], "unchanged day": []}
    for number in range(1, shop.rounds + 1):
        later["second day"].append(day(number))
        later["unchanged day"].append(pipeline())
    result.runs |= later
    second, unchanged = later["second day"], later["unchanged day"]
    wall = median(second, lambda one: one.wall_s) or 0
    result.at_most("second day, 2,000 changes, after a CHECKPOINT", f"{costs(second)} ({stages(second)})", "", wall, goals.SECOND_DAY_S, " s")
    load = median(second, lambda one: one.parts_s["load"]) or 0
    result.at_most("its load", f"{load:.2f} s", "", load, goals.SECOND_DAY_LOAD_S, " s")
    wall = median(unchanged, lambda one: one.wall_s) or 0
    result.at_most("a day on which the server says that nothing is new", seconds(unchanged), "", wall, goals.UNCHANGED_DAY_S, " s")
    return result


def stages(runs: list[Run]) -> str:
    parts = {name: median(runs, lambda one, name=name: one.parts_s[name]) or 0 for name in ("fetch", "transform", "load")}
    return ", ".join(f"{name} {value:.2f}" for name, value in parts.items())
