-- The last acceptance of each snapshot that was published although it was refused.
-- $1: the snapshots that the spool has.
SELECT DISTINCT ON (snapshot) snapshot, accepted_by, accept_reason, refusals,
  pg_catalog.to_char(published_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS published_at
FROM publication WHERE accepted_by IS NOT NULL AND snapshot = ANY ($1) ORDER BY snapshot, id DESC
