"""Runs the best known psql script for a first load, and checks that it makes the same tables."""

from __future__ import annotations

from pathlib import Path

from .measure import Run, run
from .workshop import Workshop


def by_hand(shop: Workshop, snapshot: Path) -> Run:
    """Loads a transformed snapshot's files into the schema `hand`."""
    shop.empty_schema("hand")
    position = shop.wal_position()
    environment = {"PSQL": shop.psql, "DATABASE_URL": shop.url("hand"), "TRANSFORMED": str(snapshot / "transform")}
    done = run([str(shop.rivals / "first_load.sh")], shop.logs / "psql", environment, shop.server)
    done.wal_mib = shop.wal_mib_since(position)
    return done


COLUMNS = """
    SELECT string_agg(format('%s.%s %s %s %s', table_name, column_name, data_type, collation_name, is_nullable), ', '
      ORDER BY table_name, ordinal_position)
    FROM information_schema.columns
    WHERE table_schema = '{schema}' AND table_name IN ('tax_registration', 'business_industry')
"""
INDEXES = """
    SELECT string_agg(replace(indexdef, '{schema}.', ''), ', ' ORDER BY indexname)
    FROM pg_indexes WHERE schemaname = '{schema}' AND tablename IN ('tax_registration', 'business_industry')
"""
CONSTRAINTS = """
    SELECT string_agg(replace(pg_get_constraintdef(k.oid), '{schema}.', ''), ', ' ORDER BY k.conname)
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
    WHERE c.relnamespace = '{schema}'::regnamespace AND k.contype IN ('p', 'f')
      AND c.relname IN ('tax_registration', 'business_industry')
"""
ROWS = """
    SELECT (SELECT format('%s %s', count(*),
        sum(hashtext((to_jsonb(t) - ARRAY['data_source_date', 'created_at', 'updated_at'])::text)))
      FROM {schema}.tax_registration t) || ' ' || (SELECT format('%s %s', count(*), sum(hashtext(t::text))) FROM {schema}.business_industry t)
"""


def same_tables(shop: Workshop) -> str | None:
    """Returns the difference between the tables of load and those of the script; None if there is none."""
    for query in (COLUMNS, INDEXES, CONSTRAINTS, ROWS):
        ours, hand = (shop.sql(query.format(schema=schema)) for schema in ("ours", "hand"))
        if ours != hand:
            return f"{ours} and {hand}"
    return None
