-- The last publication, for the status. A replay or withdrawal has no source date of its own, so the date is that of
-- its snapshot.
SELECT p.snapshot,
  (SELECT d.source_date FROM publication d WHERE d.snapshot = p.snapshot AND d.source_date IS NOT NULL
    ORDER BY d.id DESC LIMIT 1) AS source_date,
  pg_catalog.to_char(p.published_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS published_at,
  p.kind, p.whole, p.inserted, p.updated, p.removed, p.action, p.accepted_by
FROM publication p ORDER BY p.id DESC LIMIT 1
