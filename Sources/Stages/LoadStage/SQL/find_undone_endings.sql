-- The corrections that a rollback puts in force again: a load that it undoes ended them by itself, and no later correction
-- replaced them.
-- $1: the snapshot to which the registry is rolled back.
SELECT c.ban, c.content_hash, c.source_hash, c.fixed_codes FROM registration_correction c
  JOIN publication p ON p.job_run_id = c.ended_job_run_id
WHERE c.end_reason IN ('fixed', 'gone')
  AND p.id > (SELECT max(t.id) FROM publication t WHERE t.snapshot = $1 AND t.action = 'load')
  AND NOT EXISTS (SELECT FROM registration_correction n WHERE n.ban = c.ban AND n.id > c.id)
