-- Whether the views and functions of analysis.sql exist, and name this schema.
-- :views: the views.
SELECT coalesce(bool_and(to_regclass(v.name) IS NOT NULL), true) AND coalesce((
  SELECT pg_catalog.strpos(f.prosrc, ' ' || pg_catalog.quote_ident(pg_catalog.current_schema()) || '.publication ') > 0
  FROM pg_catalog.pg_proc f WHERE f.oid = pg_catalog.to_regprocedure('registry_run_as_of(date)')), false)
FROM pg_catalog.unnest(ARRAY[:views]) AS v (name)
