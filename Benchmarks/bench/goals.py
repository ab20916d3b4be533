"""The goals, as ratios where a time alone would mean nothing."""

TRANSFORM_TIMES_AS_FAST = {"Polars": 2, "DuckDB": 3}
TRANSFORM_MEMORY_SHARE = 0.1
FIRST_LOAD_RATIO = 1.05
FIRST_DAY_RATIO = 1.1
SECOND_DAY_RATIO = 0.33
"""A next day with 2,000 changes, divided by the psql script's first day."""
SAMPLE_REPLACED_RATIO = 1.1
"""The first whole snapshot after a sample, divided by the same load into an empty schema."""
MASS_CHANGE_RATIO = 4
"""A day on which every business differs, divided by a first day."""
SECOND_DAY_LOAD_S = 2
UNCHANGED_DAY_S = 0.3
FETCH_RATIO = 1.1
STAGE_MIB_BESIDE_CHUNKS = 64
LOAD_MIB = 150
GROWTH_RATIO = 1.15
"""Microseconds per record at four times the size, divided by those at full size."""
MEMORY_GROWTH_RATIO = 1.15
