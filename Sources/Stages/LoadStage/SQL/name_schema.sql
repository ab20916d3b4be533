-- Returns statements that replace the functions of migration 5 whose bodies name another schema: this one was renamed.
SELECT pg_catalog.replace(pg_catalog.pg_get_functiondef(oid), prosrc,
  pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(prosrc,
    former || '.publication', own || '.publication'),
    former || '.registration_change', own || '.registration_change'),
    former || '.business_industry', own || '.business_industry'),
    former || '.tax_registration', own || '.tax_registration'),
    former || '.registry_run_as_of', own || '.registry_run_as_of'))
FROM (
  SELECT f.oid, f.prosrc, pg_catalog.quote_ident(pg_catalog.current_schema()) AS own,
    pg_catalog.substring(f.prosrc, '("(?:[^"]|"")+"|[^\s("]+)\.(?:publication|registry_run_as_of)\M') AS former
  FROM pg_catalog.pg_proc f
  WHERE f.oid IN (pg_catalog.to_regprocedure('registry_run_as_of(date)'),
    pg_catalog.to_regprocedure('registry_as_of(date)'), pg_catalog.to_regprocedure('registry_history(text)'))
) AS functions
WHERE former <> own
