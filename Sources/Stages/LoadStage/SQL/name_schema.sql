-- Returns statements that replace the functions of migration 5 whose bodies name another schema: this one was renamed.
SELECT pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.pg_get_functiondef(oid),
    former || '.publication', own || '.publication'),
    former || '.registration_change', own || '.registration_change'),
    former || '.business_industry', own || '.business_industry'),
    former || '.tax_registration', own || '.tax_registration'),
    former || '.registry_run_as_of', own || '.registry_run_as_of')
FROM (
  SELECT f.oid, pg_catalog.quote_ident(n.nspname) AS own,
    pg_catalog.substring(f.prosrc, '("(?:[^"]|"")+"|[^\s("]+)\.(?:publication|registry_run_as_of)\M') AS former
  FROM pg_catalog.pg_proc f JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace
  WHERE n.nspname = pg_catalog.current_schema()
    AND f.proname IN ('registry_run_as_of', 'registry_as_of', 'registry_history')
) AS functions
WHERE former <> own
