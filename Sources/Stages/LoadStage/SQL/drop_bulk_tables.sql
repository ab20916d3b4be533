-- Returns the statements that drop the bulk tables of an earlier load, if they have our mark and the role may drop
-- them.
-- :'registration', :'industry': the tables. :'mark': their comment.
SELECT pg_catalog.format('DROP TABLE %s', c.oid::regclass) FROM pg_class c
WHERE c.oid IN (pg_catalog.to_regclass(:'industry'), pg_catalog.to_regclass(:'registration'))
  AND pg_catalog.pg_has_role(c.relowner, 'USAGE') AND pg_catalog.obj_description(c.oid, 'pg_class') = :'mark'
ORDER BY c.relname
