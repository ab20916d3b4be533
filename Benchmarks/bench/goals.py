"""What is aimed at, as ratios where a time alone would mean nothing."""

TRANSFORM_TIMES_AS_FAST = 4
TRANSFORM_MEMORY_SHARE = 0.1
FIRST_LOAD_RATIO = 1.05
FIRST_DAY_RATIO = 1.15
SECOND_DAY_S = 4
SECOND_DAY_LOAD_S = 2
UNCHANGED_DAY_S = 0.3
FETCH_RATIO = 1.1
STAGE_MIB_BESIDE_CHUNKS = 64
LOAD_MIB = 150
GROWTH_RATIO = 1.15
"""Microseconds a record at four times the size, by those at full size."""
MEMORY_GROWTH_RATIO = 1.15
