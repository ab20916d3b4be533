-- The snapshot of the last publication, if that was a rollback to an earlier snapshot: another one was loaded after it. A
-- rollback by name may also go forward.
SELECT l.snapshot FROM publication l
WHERE l.id = (SELECT max(id) FROM publication) AND l.action = 'rollback'
  AND EXISTS (
    SELECT FROM publication p WHERE p.whole AND p.action = 'load' AND p.id < l.id AND p.snapshot <> l.snapshot
      AND p.id > (SELECT max(t.id) FROM publication t WHERE t.action = 'load' AND t.snapshot = l.snapshot AND t.id < l.id))
