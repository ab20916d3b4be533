-- Makes the statement that gives a table the autovacuum_enabled of another one.
-- :'new', :'old': the tables.
SELECT coalesce(
  (SELECT pg_catalog.format('ALTER TABLE %s SET (%s)', :'new'::regclass, option)
    FROM pg_class c, unnest(c.reloptions) option
    WHERE c.oid = :'old'::regclass AND option LIKE 'autovacuum_enabled=%'),
  pg_catalog.format('ALTER TABLE %s RESET (autovacuum_enabled)', :'new'::regclass))
