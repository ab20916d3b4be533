-- How the search path and the tables are set up.
-- schema: the current schema. closed_schema: the first existing schema of the search path, if the role may not use it
-- (PostgreSQL skips it and uses the next one). other_registry: a later schema of the path that has a registry, if the
-- current one has none and is in the path as "$user". heir: a table that inherits from one of ours. operator: one
-- that another user has created in the schema, and that our statements could run. hiding_tables: our tables whose policies
-- may hide rows.
-- :tables: our tables, as a list of literals.
WITH policies AS (
  SELECT polrelid, polpermissive, pg_catalog.pg_get_expr(polqual, polrelid) = 'true' AS is_true
  FROM pg_catalog.pg_policy
  WHERE polcmd IN ('*', 'r') AND (
    0::pg_catalog.oid = ANY (polroles)
    OR EXISTS (SELECT FROM pg_catalog.unnest(polroles) r WHERE pg_catalog.pg_has_role(r, 'USAGE')))
)
SELECT pg_catalog.current_schema() AS schema, (
    SELECT CASE WHEN NOT pg_catalog.has_schema_privilege(n.oid, 'USAGE') THEN n.nspname END
    FROM pg_catalog.unnest(pg_catalog.string_to_array(pg_catalog.current_setting('search_path'), ','))
        WITH ORDINALITY AS path (entry, place)
      JOIN pg_catalog.pg_namespace n ON n.nspname = CASE pg_catalog.btrim(entry, ' "')
        WHEN '$user' THEN current_user ELSE pg_catalog.btrim(entry, ' "') END
    WHERE n.nspname::text NOT LIKE 'pg\_%' ORDER BY place LIMIT 1) AS closed_schema,
  pg_catalog.quote_ident(pg_catalog.current_schema()) AS quoted_schema,
  (
    SELECT pg_catalog.quote_ident(registry.nspname) FROM (
      SELECT n.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = 'r' AND c.relname IN ('schema_migration', 'publication', 'tax_registration')
        AND n.nspname = ANY (pg_catalog.current_schemas(false))
      GROUP BY n.nspname HAVING count(*) = 3
    ) AS registry
    WHERE pg_catalog.current_schema() = current_user AND pg_catalog.current_setting('search_path') LIKE '%$user%'
      AND NOT EXISTS (
      SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relname = 'schema_migration' AND n.nspname = pg_catalog.current_schema())
    ORDER BY pg_catalog.array_position(pg_catalog.current_schemas(false), registry.nspname) LIMIT 1) AS other_registry,
  (
    SELECT pg_catalog.format('%s inherits from %s', i.inhrelid::pg_catalog.regclass, i.inhparent::pg_catalog.regclass)
    FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhparent
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = pg_catalog.current_schema() AND c.relkind = 'r' AND c.relname IN (:tables)
    ORDER BY 1 LIMIT 1) AS heir,
  (
    SELECT pg_catalog.format('%s of user %I', o.oid::pg_catalog.regoperator, r.rolname)
    FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
      JOIN pg_catalog.pg_roles r ON r.oid = o.oprowner
    WHERE n.nspname = pg_catalog.current_schema() AND o.oprowner <> n.nspowner AND NOT r.rolsuper
      AND r.rolname <> current_user
      AND o.oprowner <> (
        SELECT d.datdba FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
      -- A superuser counts as a member of every role.
      AND (NOT pg_catalog.pg_has_role(o.oprowner, 'MEMBER')
        OR (SELECT u.rolsuper FROM pg_catalog.pg_roles u WHERE u.rolname = current_user))
    LIMIT 1) AS operator,
  pg_catalog.string_agg(guarded.relname, ', ' ORDER BY guarded.relname) FILTER (WHERE NOT guarded.shows_all)
    AS hiding_tables,
  pg_catalog.count(guarded) AS tables_with_policies
FROM (
  SELECT c.relname,
    NOT EXISTS (SELECT FROM policies p WHERE p.polrelid = c.oid AND NOT p.polpermissive AND NOT p.is_true)
    AND EXISTS (SELECT FROM policies p WHERE p.polrelid = c.oid AND p.polpermissive AND p.is_true) AS shows_all
  FROM pg_catalog.pg_class c
  WHERE c.relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = pg_catalog.current_schema())
    AND c.relrowsecurity AND c.relname IN (:tables)
    AND pg_catalog.row_security_active(c.oid)
) AS guarded
