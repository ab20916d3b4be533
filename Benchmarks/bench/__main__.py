"""Runs the selected cases and writes the results."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
from datetime import datetime, timezone
from pathlib import Path

from . import machine
from .cases import archive, days, fetch, load, replace, scaling, transform
from .compare import note
from .measure import Failed, peak_floor_mib
from .report import CaseResult, document, table
from .workshop import Workshop

CASES = {"transform": transform, "load": load, "days": days, "replace": replace, "fetch": fetch, "archive": archive, "scaling": scaling}
FULL_ROWS = 1_713_974
BYTES_A_ROW = 187


def main() -> int:
    options = parse()
    work: Path = options.work
    needed = options.rows * BYTES_A_ROW * (60 if "scaling" in options.only else 25)
    if shutil.disk_usage(work).free < needed:
        print(f"Benchmarks: '{work}' has less than {needed >> 30} GB free\nHINT: name another folder with --work DIR", file=sys.stderr)
        return 74
    shop = Workshop(
        project=options.project,
        folder=work / "scratch",
        rows=options.rows,
        rounds=options.rounds,
        smoke=options.smoke,
        psql=os.environ["BENCH_PSQL"],
        python=os.environ["BENCH_PYTHON"],
        data=Path(os.environ["BENCH_DATA"]),
        database=os.environ["DATABASE_URL"],
    )
    described = machine.describe(options.project, work, shop.psql, shop.python)
    conditions = {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "rows": shop.rows,
        "rounds": shop.rounds,
        "source_bytes": shop.source(shop.rows).stat().st_size,
        "peak_floor_mib": round(peak_floor_mib(), 1),
    }
    for stop in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(stop, signal.default_int_handler)
    results: list[CaseResult] = []
    try:
        for name in options.only:
            note(f"{name}:")
            results.append(CASES[name].compare(shop))
    except KeyboardInterrupt:
        note("stopped")
        return 130
    except Failed as failure:
        note(str(failure))
        return 1
    finally:
        shop.close()
        # Results from before a failure are kept.
        if results:
            publish(options, described, conditions, results)
    return 0


def publish(options: argparse.Namespace, described: dict, conditions: dict, results: list[CaseResult]) -> None:
    """Prints the table, and writes both files."""
    heading = (
        f"{conditions['rows']:,} businesses, {conditions['source_bytes'] / 1e6:.0f} MB; medians of {conditions['rounds']} rounds;"
        f" {described['cpu']}, {described['cores']} cores, {described['memory_gib']} GiB, {described['system']};"
        f" {conditions['date'][:10]}, commit {described['commit']}"
    )
    text = f"{heading}\n\n{table(results)}\n"
    name = f"{conditions['date'][:10]}-{machine.slug(str(described['cpu']))}"
    # A smaller run must not replace the results of a whole one.
    if options.rows != FULL_ROWS or len(results) < len(CASES):
        name += f"-{conditions['rows']}-{'-'.join(result.name for result in results)}"
        text = f"{text}\nA partial run, or one of another size: the goals apply to a whole run at full size.\n"
    print(text, end="")
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / f"{name}.md").write_text(text)
    content = json.dumps(document(described, conditions, results), indent=1, ensure_ascii=False)
    (options.output / f"{name}.json").write_text(content + "\n")
    note(f"written to {options.output}/{name}.md and .json")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="Benchmarks/run")
    parser.add_argument("--project", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(CASES))
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--rows", type=int)
    parser.add_argument("--smoke", action="store_true")
    options = parser.parse_args()
    if unknown := set(options.only) - set(CASES):
        parser.error(f"unknown case {', '.join(sorted(unknown))}: the cases are {', '.join(CASES)}")
    options.rounds = options.rounds or (1 if options.smoke else 5)
    options.rows = options.rows or (2000 if options.smoke else FULL_ROWS)
    options.output = options.output or (options.work / "results" if options.smoke else options.project / "Benchmarks/results")
    return options


if __name__ == "__main__":
    sys.exit(main())
