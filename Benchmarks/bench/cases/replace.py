"""Days on which everything is replaced: the whole registry after a sample, and one on which every business differs."""

from __future__ import annotations

import shutil

from .. import goals
from ..compare import ratio, rounds
from ..hand import by_hand
from ..measure import Run
from ..pipeline import load, pipeline, stages
from ..report import CaseResult, costs
from ..workshop import Workshop


def compare(shop: Workshop) -> CaseResult:
    result = CaseResult("replace")
    after_a_sample(shop, result)
    every_business(shop, result)
    return result


def after_a_sample(shop: Workshop, result: CaseResult) -> None:
    spool, snapshot = shop.fetched(shop.rows)
    sample, sample_snapshot = shop.sample()

    def whole(first: str | None = None) -> Run:
        shop.empty_schema("ours")
        if first is not None:
            load(shop, "--spool", str(sample), "--snapshot", first)
            shop.settle()
        return load(shop, "--spool", str(spool), "--snapshot", snapshot)

    runs = rounds(
        {
            "into an empty database": whole,
            "after a sample": lambda: whole(sample_snapshot),
            "psql script": lambda: by_hand(shop, spool / snapshot),
        },
        shop.rounds,
    )
    result.runs |= runs
    ours, empty = runs["after a sample"], runs["into an empty database"]
    result.at_most(
        "first load of the whole registry after a sample, against the same into an empty database",
        costs(ours),
        costs(empty),
        ratio(ours, empty),
        goals.SAMPLE_REPLACED_RATIO,
    )
    result.told("the same against the psql script", costs(ours), costs(runs["psql script"]), f"{ratio(ours, runs['psql script']):.3g}")


def every_business(shop: Workshop, result: CaseResult) -> None:
    transformed, snapshot = shop.fetched(shop.rows)
    spool = shop.spool("replace")
    names = ("psql script beside a mass change", "first day beside it", "every business different", "rolled back")
    runs: dict[str, list[Run]] = {name: [] for name in names}
    # The first round does not count. A rollback needs the day before it, so the order is always the same.
    for number in range(shop.rounds + 1):
        script = by_hand(shop, transformed / snapshot)
        shop.sql("DROP SCHEMA hand CASCADE")
        shutil.rmtree(spool, ignore_errors=True)
        shop.empty_schema("ours")
        first = pipeline(shop, spool, shop.serve(shop.source(shop.rows)))
        shop.sql("VACUUM ANALYZE")
        shop.settle()
        changed = pipeline(shop, spool, shop.serve(shop.renamed(shop.rows)), "--accept", "every business has another name")
        shop.sql("VACUUM ANALYZE")
        shop.settle()
        back = load(shop, "rollback", "--spool", str(spool))
        if number > 0:
            for name, one in zip(names, (script, first, changed, back), strict=True):
                runs[name].append(one)
    result.runs |= runs
    script, first, changed, back = (runs[name] for name in names)
    result.at_most(
        "a day on which every business differs, against a first run",
        f"{costs(changed)} ({stages(changed)})",
        costs(first),
        ratio(changed, first),
        goals.MASS_CHANGE_RATIO,
    )
    result.at_most("rollback of that day, against a first run", costs(back), costs(first), ratio(back, first), goals.MASS_CHANGE_RATIO)
    result.told("that day against the psql script's first load", costs(changed), costs(script), f"{ratio(changed, script):.3g}")
    peak = max(one.peak_mib for one in changed + back)
    result.at_most("memory of both", f"{peak:.0f} MiB", "", peak, goals.LOAD_MIB, " MiB")
