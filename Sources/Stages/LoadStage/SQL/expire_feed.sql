-- Marks the publications whose change-feed rows have expired, without a gap from the feed's beginning. A query about an
-- older day then fails instead of giving a wrong answer. They end before the first publication that is young enough: a
-- later one may seem to be old, because the server's clock was wrong.
-- $1: days to keep.
UPDATE publication SET feed_expired_at = now()
WHERE feed_expired_at IS NULL AND id < coalesce((
  SELECT min(id) FROM publication WHERE published_at >= now() - pg_catalog.make_interval(days => $1::int)),
  (SELECT max(id) + 1 FROM publication))
RETURNING job_run_id
