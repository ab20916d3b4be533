-- The corrections that a rollback puts in force again: they were in force at the snapshot, a load that is undone ended them
-- by itself, and no later correction replaced them.
-- $1: the snapshot to which the registry is rolled back.
SELECT c.ban, c.content_hash, c.source_hash, c.fixed_codes FROM registration_correction c
  JOIN publication b ON b.job_run_id = c.job_run_id JOIN publication p ON p.job_run_id = c.ended_job_run_id
  CROSS JOIN (SELECT max(id) AS id FROM publication WHERE snapshot = $1 AND action = 'load') AS t
WHERE c.end_reason IN ('fixed', 'gone') AND p.id > t.id AND (b.id < t.id OR b.snapshot = $1)
  AND NOT EXISTS (SELECT FROM registration_correction n WHERE n.ban = c.ban AND n.id > c.id)
