"""Whole days: the first, the second with 2,000 changes, and one without changes."""

from __future__ import annotations

import shutil

from .. import goals
from ..compare import median, ratio, rounds
from ..hand import by_hand
from ..measure import Run
from ..pipeline import pipeline, stages
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
        return pipeline(shop, spool, url)

    def script() -> Run:
        return by_hand(shop, transformed / snapshot)

    runs = result.runs = rounds({"first day": lambda: day(0), "psql script": script}, shop.rounds)
    value = ratio(runs["first day"], runs["psql script"])
    result.at_most(
        "first run: download, validate, load, publish; against the psql script (load only)",
        f"{costs(runs['first day'])} ({stages(runs['first day'])})",
        costs(runs["psql script"]),
        value,
        goals.FIRST_DAY_RATIO,
    )

    # Day 0 is loaded. Then each round has a next day, and a run with nothing new.
    day(0)
    later: dict[str, list[Run]] = {"second day": [], "unchanged day": [], "psql script beside it": []}
    for number in range(1, shop.rounds + 1):
        later["psql script beside it"].append(script())
        shop.sql("DROP SCHEMA hand CASCADE")
        later["second day"].append(day(number))
        later["unchanged day"].append(pipeline(shop, spool, url))
    result.runs |= later
    second, unchanged, beside = later["second day"], later["unchanged day"], later["psql script beside it"]
    result.at_most(
        "next day, 2,000 changes, after a CHECKPOINT; against the psql script (first load)",
        f"{costs(second)} ({stages(second)})",
        costs(beside),
        ratio(second, beside),
        goals.SECOND_DAY_RATIO,
    )
    load = median(second, lambda one: one.parts_s["load"]) or 0
    result.at_most("the load of that day alone", f"{load:.2f} s", "", load, goals.SECOND_DAY_LOAD_S, " s")
    wall = median(unchanged, lambda one: one.wall_s) or 0
    result.at_most("a run when the source is unchanged (304)", seconds(unchanged), "", wall, goals.UNCHANGED_DAY_S, " s")
    return result
