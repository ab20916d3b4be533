-- Lists the indexes of a table from the catalog, so that one added by a migration or the owner needs no code here. The
-- definition is that of pg_get_indexdef without the names at its beginning. Names have up to 63 bytes: one
-- that is too long for the suffix _bulk is replaced by its MD5, since the truncated name may not be unique.
-- :'table': the table.
SELECT pg_catalog.quote_ident(x.relname) AS name,
  pg_catalog.quote_ident(
    CASE WHEN pg_catalog.octet_length(x.relname) <= 58 THEN x.relname ELSE pg_catalog.md5(x.relname) END || '_bulk') AS bulk_name,
  CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END AS uniqueness,
  pg_catalog.substr(pg_catalog.pg_get_indexdef(x.oid), 1 + pg_catalog.length(pg_catalog.format('CREATE %sINDEX %I ON %I.%I ',
    CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END, x.relname, n.nspname, c.relname))) AS definition,
  i.indisprimary AS is_primary_key, pg_catalog.quote_literal(pg_catalog.obj_description(x.oid, 'pg_class')) AS comment
FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE i.indrelid = :'table'::regclass ORDER BY i.indisprimary DESC, x.relname
