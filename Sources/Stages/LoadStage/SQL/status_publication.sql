-- The last publication, for the status.
SELECT snapshot, source_date,
  pg_catalog.to_char(published_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS published_at,
  kind, whole, inserted, updated, removed, action, accepted_by
FROM publication ORDER BY id DESC LIMIT 1
