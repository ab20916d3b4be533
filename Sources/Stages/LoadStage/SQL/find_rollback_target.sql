-- The snapshots to roll back to, the nearest first: those published before the present snapshot was first published.
-- This skips snapshots from which the registry was rolled back. The same source under another name is skipped, too:
-- rolling back to it would change nothing. If the present snapshot is a sample or limited, the first is the whole one
-- published before it.
SELECT p.snapshot FROM publication p, (SELECT * FROM publication ORDER BY id DESC LIMIT 1) AS l
WHERE p.whole AND p.source_sha256 <> l.source_sha256
  AND p.id < CASE WHEN l.whole THEN (SELECT min(f.id) FROM publication f WHERE f.snapshot = l.snapshot) ELSE l.id END
ORDER BY p.id DESC
