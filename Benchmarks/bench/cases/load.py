"""Compares the first load with a psql script by an expert, and with pgloader."""

from __future__ import annotations

import shutil

from .. import goals
from ..compare import ratio, rounds
from ..hand import by_hand, same_tables
from ..measure import Failed, Run, run
from ..pipeline import load
from ..report import CaseResult, costs
from ..workshop import Workshop


def compare(shop: Workshop) -> CaseResult:
    result = CaseResult("load")
    spool, snapshot = shop.fetched(shop.rows)

    def ours() -> Run:
        shop.empty_schema("ours")
        return load(shop, "--spool", str(spool), "--snapshot", snapshot)

    runs = result.runs = rounds({"load": ours, "psql script": lambda: by_hand(shop, spool / snapshot)}, shop.rounds)
    if (difference := same_tables(shop)) is not None:
        raise RuntimeError(f"the psql script did not make the same tables: {difference}")
    value = ratio(runs["load"], runs["psql script"])
    result.at_most("first load against the psql script", costs(runs["load"]), costs(runs["psql script"]), value, goals.FIRST_LOAD_RATIO)
    peak = max(one.peak_mib for one in runs["load"])
    result.at_most("first load: memory", f"{peak:.0f} MiB", "", peak, goals.LOAD_MIB, " MiB")
    shop.sql("DROP SCHEMA IF EXISTS hand CASCADE")
    if not shop.smoke:
        pgloader(shop, result)
    return result


def pgloader(shop: Workshop, result: CaseResult) -> None:
    """Loads the raw file into one table of text, which is all that pgloader can do. Runs once: it takes a minute."""
    if shutil.which("pgloader") is None:
        result.notes.append("pgloader is not available on this machine")
        return
    columns = [f"c{number}" for number in range(1, 17)]
    shop.empty_schema("raw")
    shop.sql(f"CREATE TABLE raw.record ({', '.join(f'{column} text' for column in columns)})")
    fields = ", ".join(columns)
    command = shop.folder / "pgloader.load"
    command.write_text(
        f"LOAD CSV FROM '{shop.source(shop.rows)}' ({fields})\n"
        f"INTO postgresql://registry@unix:{shop.host}:5432/registry?raw.record ({fields})\n"
        "WITH skip header = 2, fields optionally enclosed by '\"', fields escaped by double-quote, fields terminated by ',';\n"
    )
    try:
        done = run(["pgloader", "--root-dir", str(shop.logs), str(command)], shop.logs / "pgloader", None, shop.server)
    except Failed as failure:
        result.notes.append(f"pgloader failed: {str(failure).splitlines()[-1]}")
        return
    landed = int(shop.sql("SELECT count(*) FROM raw.record"))
    shop.sql("DROP SCHEMA raw CASCADE")
    if landed != shop.rows:
        result.notes.append(f"pgloader loaded {landed} of {shop.rows} rows")
    result.runs["pgloader"] = [done]
    result.told("pgloader, the raw file into one table of text, once", "", costs([done]), "")
