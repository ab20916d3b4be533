-- Whether the views of analysis.sql exist, and its functions are of this definition, which names the schema.
-- :views: the views. :digest: the digest of the definition.
SELECT coalesce(bool_and(to_regclass(v.name) IS NOT NULL), true) AND coalesce((
  SELECT pg_catalog.strpos(f.prosrc, :'digest') > 0
  FROM pg_catalog.pg_proc f WHERE f.oid = pg_catalog.to_regprocedure('registry_run_as_of(date)')), false)
FROM pg_catalog.unnest(ARRAY[:views]) AS v (name)
