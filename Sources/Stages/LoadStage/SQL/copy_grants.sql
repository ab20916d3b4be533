-- Returns the statements that copy the grants from one table to another.
-- :'new', :'old': the tables.
SELECT pg_catalog.format('GRANT %s ON %s TO %s%s', a.privilege_type, :'new'::regclass,
  CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END,
  CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
FROM pg_class c, pg_catalog.aclexplode(c.relacl) a WHERE c.oid = :'old'::regclass AND a.grantee <> c.relowner
