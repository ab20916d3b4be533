-- Lists the objects in the catalog that depend on the registry's tables or their row types, except the tables' own
-- parts; NULL if there are none.
-- :constraints: the constraints that the migrations create, as a list of literals. :'foreign_key': the one among them
-- whose triggers belong to the tables.
WITH pair AS (
  SELECT c.oid, c.reltoastrelid, t.oid AS row_type, t.typarray FROM pg_class c JOIN pg_type t ON t.typrelid = c.oid
  WHERE c.oid IN ('tax_registration'::regclass, 'business_industry'::regclass)
), own (class, object) AS (
  SELECT 'pg_class'::regclass, oid FROM pair
  UNION ALL SELECT 'pg_class'::regclass, reltoastrelid FROM pair
  UNION ALL SELECT 'pg_class'::regclass, i.indexrelid FROM pg_index i JOIN pair ON i.indrelid = pair.oid
  UNION ALL SELECT 'pg_type'::regclass, row_type FROM pair
  UNION ALL SELECT 'pg_type'::regclass, typarray FROM pair
  UNION ALL SELECT 'pg_attrdef'::regclass, d.oid FROM pg_attrdef d JOIN pair ON d.adrelid = pair.oid
  UNION ALL SELECT 'pg_constraint'::regclass, k.oid FROM pg_constraint k JOIN pair ON k.conrelid = pair.oid
    WHERE k.contype = 'n' OR k.conname IN (:constraints)
  UNION ALL SELECT 'pg_trigger'::regclass, g.oid FROM pg_trigger g JOIN pair ON g.tgrelid = pair.oid
    JOIN pg_constraint k ON k.oid = g.tgconstraint AND k.conname = :'foreign_key'
    WHERE g.tgisinternal
)
SELECT string_agg(DISTINCT pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid), ', ')
FROM pg_depend d JOIN pair ON (d.refclassid = 'pg_class'::regclass AND d.refobjid = pair.oid)
  OR (d.refclassid = 'pg_type'::regclass AND d.refobjid IN (pair.row_type, pair.typarray))
WHERE NOT EXISTS (SELECT FROM own WHERE own.class = d.classid AND own.object = d.objid)
