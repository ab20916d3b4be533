-- The snapshots to go back to, the nearest first: those published before the one published now was for the first time. A
-- day that was rolled back itself is passed over, and so is the same source under another name: going back to it would
-- change nothing. Of a sample or a limited snapshot on top it is the whole one under it.
SELECT p.snapshot FROM publication p, (SELECT * FROM publication ORDER BY id DESC LIMIT 1) AS l
WHERE p.whole AND p.source_sha256 <> l.source_sha256
  AND p.id < CASE WHEN l.whole THEN (SELECT min(f.id) FROM publication f WHERE f.snapshot = l.snapshot) ELSE l.id END
ORDER BY p.id DESC
