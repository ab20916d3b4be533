-- The snapshot of the last publication, if that was a rollback to an earlier snapshot. A rollback by name may also go
-- forward.
SELECT l.snapshot FROM publication l
WHERE l.id = (SELECT max(id) FROM publication) AND l.action = 'rollback'
  AND EXISTS (SELECT FROM publication p WHERE p.whole AND p.id < l.id AND p.snapshot > l.snapshot)
