-- A rollback undoes the publications after its target. A business that came with them was never seen: it is not kept as
-- removed, and will be new if it comes again.
-- $1: the snapshot to which the registry is rolled back.
DELETE FROM removed_registration m WHERE EXISTS (
  SELECT FROM registration_change c
  WHERE c.ban = m.ban AND c.kind = 'added'
    AND c.job_run_id > (SELECT max(p.job_run_id) FROM publication p WHERE p.snapshot = $1))
