-- The snapshot that the last publication went back to, if it went back. A rollback by name may lead forward too.
SELECT l.snapshot FROM publication l
WHERE l.id = (SELECT max(id) FROM publication) AND l.action = 'rollback'
  AND EXISTS (SELECT FROM publication p WHERE p.whole AND p.id < l.id AND p.snapshot > l.snapshot)
