-- Marks the publications whose rows of the change feed are too old: from the feed's beginning without a gap. A question
-- about an older day is refused, not guessed.
-- $1: days that are kept.
UPDATE publication SET feed_expired_at = now()
WHERE feed_expired_at IS NULL AND id <= (
  SELECT max(id) FROM publication WHERE published_at < now() - pg_catalog.make_interval(days => $1::int))
RETURNING job_run_id
