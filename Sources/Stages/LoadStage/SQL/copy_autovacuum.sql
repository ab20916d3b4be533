-- Returns the statement that copies autovacuum_enabled from one table to another.
-- :'new', :'old': the tables.
SELECT coalesce(
  (SELECT pg_catalog.format('ALTER TABLE %s SET (%s)', :'new'::regclass, option)
    FROM pg_class c, pg_catalog.unnest(c.reloptions) option
    WHERE c.oid = :'old'::regclass AND option LIKE 'autovacuum_enabled=%'),
  pg_catalog.format('ALTER TABLE %s RESET (autovacuum_enabled)', :'new'::regclass))
