-- The snapshot to go back to: the one published last before the one published now was for the first time. A day that
-- was rolled back itself is passed over. Of a sample or a limited snapshot on top it is the whole one under it.
-- $1: the snapshots that the spool has.
SELECT snapshot FROM publication WHERE whole AND snapshot = ANY ($1) AND id < (
  SELECT CASE WHEN l.whole THEN (SELECT min(f.id) FROM publication f WHERE f.snapshot = l.snapshot) ELSE l.id END
  FROM publication l ORDER BY l.id DESC LIMIT 1)
ORDER BY id DESC LIMIT 1
