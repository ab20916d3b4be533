"""Does with Polars what transform does: from the published CSV to COPY text for both tables.

usage: polars_transform.py SOURCE.csv FOLDER [lazy]

Omits what generated clean data does not need: duplicates, broken quotes, other encodings, error manifests, digests, and
flushing files to the disk.
"""

import sys

import polars as pl

source, folder = sys.argv[1:3]
lazy = sys.argv[3:] == ["lazy"]
NAMES = ["address", "ban", "headquarters", "name", "capital", "setup", "type", "invoice"]
SLOTS = [1, 2, 3, 4]
columns = NAMES + [f"{part}{slot}" for slot in SLOTS for part in ("code", "title")]
MISSING = ["", "NULL", "null", "NA", "N/A"]

reader = pl.scan_csv if lazy else pl.read_csv
records = reader(
    source, has_header=False, skip_rows=2, schema={column: pl.String for column in columns}, null_values=MISSING
).with_columns(pl.all().str.strip_chars())

setup = pl.col("setup")
registrations = records.select(
    "ban",
    pl.col("headquarters"),
    "name",
    "address",
    pl.col("capital").str.replace_all(",", "", literal=True).cast(pl.Int64, strict=False),
    "setup",
    pl.date(
        setup.str.slice(0, 3).cast(pl.Int32, strict=False) + 1911,
        setup.str.slice(3, 2).cast(pl.Int8, strict=False),
        setup.str.slice(5, 2).cast(pl.Int8, strict=False),
    ).alias("setup_date"),
    "type",
    pl.when(pl.col("invoice").str.to_lowercase() == "y")
    .then(pl.lit("t"))
    .when(pl.col("invoice").str.to_lowercase() == "n")
    .then(pl.lit("f"))
    .alias("invoice"),
)
slots = []
for slot in SLOTS:
    code = pl.col(f"code{slot}")
    wanted = code.is_not_null()
    for other in SLOTS[: slot - 1]:
        wanted &= code.ne_missing(pl.col(f"code{other}"))
    slots.append(
        records.filter(wanted).select(
            "ban", code.alias("code"), pl.col(f"title{slot}").alias("title"), pl.lit(slot).alias("order")
        )
    )
industries = pl.concat(slots)

form = {"include_header": False, "separator": "\t", "null_value": "\\N", "quote_style": "never"}
if lazy:
    pl.collect_all(
        [
            registrations.sink_csv(f"{folder}/registrations.tsv", lazy=True, **form),
            industries.sink_csv(f"{folder}/industries.tsv", lazy=True, **form),
        ]
    )
else:
    registrations.write_csv(f"{folder}/registrations.tsv", **form)
    industries.write_csv(f"{folder}/industries.tsv", **form)
