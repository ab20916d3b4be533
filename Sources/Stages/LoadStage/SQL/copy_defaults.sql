-- Returns the statements that copy the column defaults from one table to another.
-- :'new', :'old': the tables.
SELECT CASE WHEN o.adbin IS NULL
  THEN pg_catalog.format('ALTER TABLE %s ALTER COLUMN %I DROP DEFAULT', :'new'::regclass, a.attname)
  ELSE pg_catalog.format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT %s', :'new'::regclass, a.attname,
    pg_catalog.pg_get_expr(o.adbin, o.adrelid)) END
FROM pg_attribute a LEFT JOIN pg_attrdef o ON o.adrelid = a.attrelid AND o.adnum = a.attnum
  LEFT JOIN pg_attrdef d ON d.adrelid = :'new'::regclass AND d.adnum = a.attnum
WHERE a.attrelid = :'old'::regclass AND a.attnum > 0 AND (o.oid IS NOT NULL OR d.oid IS NOT NULL)
