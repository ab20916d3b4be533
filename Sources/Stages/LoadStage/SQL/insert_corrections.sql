-- Inserts corrections with the staged content.
-- $1: their BANs, source hashes and fixed codes, as JSON. $2: the user. $3: the job run. :content: image of n.
INSERT INTO registration_correction (ban, content, content_hash, source_hash, fixed_codes, corrected_by,
  job_run_id)
SELECT n.ban, :content, n.content_hash, p.source_hash,
  p.fixed_codes, $2, $3
FROM pg_catalog.jsonb_to_recordset($1::jsonb) AS p (ban text, source_hash bigint, fixed_codes text[])
  JOIN incoming_registration n ON n.ban = p.ban COLLATE "C"
ORDER BY n.ban
