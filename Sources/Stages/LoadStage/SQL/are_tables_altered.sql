-- Whether replacing the registry's tables would lose something. Storage parameters, defaults, grants and comments are
-- copied to the new tables. Only column options that ALTER TABLE can set count: PostgreSQL 15.20 sets one of its own
-- on every column.
-- :registration_columns, :industry_columns: the columns that the migrations create, as lists of literals.
SELECT EXISTS (
  SELECT FROM pg_class c WHERE c.oid IN ('tax_registration'::regclass, 'business_industry'::regclass)
    AND (c.relkind <> 'r' OR c.relpersistence <> 'p' OR c.relrowsecurity OR c.relforcerowsecurity
      OR c.relispartition OR c.reltablespace <> 0 OR c.relreplident <> 'd' OR c.reloftype <> 0::oid)
) OR EXISTS (
  SELECT FROM pg_attribute a
  WHERE a.attrelid IN ('tax_registration'::regclass, 'business_industry'::regclass) AND a.attnum > 0
    AND (a.attisdropped OR a.attacl IS NOT NULL OR coalesce(a.attstattarget, -1) <> -1
      OR EXISTS (
        SELECT FROM pg_catalog.unnest(a.attoptions) o WHERE split_part(o, '=', 1) IN ('n_distinct', 'n_distinct_inherited')))
) OR EXISTS (
  SELECT FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
  WHERE i.indrelid IN ('tax_registration'::regclass, 'business_industry'::regclass)
    AND (i.indisclustered OR i.indisreplident OR NOT i.indisvalid OR x.reltablespace <> 0)
) OR EXISTS (
  SELECT FROM pg_seclabel l WHERE l.classoid = 'pg_class'::regclass
    AND l.objoid IN ('tax_registration'::regclass, 'business_industry'::regclass)
) OR EXISTS (
  SELECT FROM pg_attribute a
  WHERE a.attrelid = 'tax_registration'::regclass AND a.attnum > 0 AND a.attname::text NOT IN (:registration_columns)
) OR EXISTS (
  SELECT FROM pg_attribute a
  WHERE a.attrelid = 'business_industry'::regclass AND a.attnum > 0 AND a.attname::text NOT IN (:industry_columns)
)
