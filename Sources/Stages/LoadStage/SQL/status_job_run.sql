-- The last job run, for the status.
SELECT j.id, j.status,
  pg_catalog.to_char(j.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS started_at,
  pg_catalog.to_char(j.updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS updated_at,
  pg_catalog.to_char(j.completed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS completed_at,
  j.error_message, p.last_successful_batch, p.total_batches,
  CASE WHEN j.status = 'running' THEN
    floor(extract(epoch FROM pg_catalog.clock_timestamp() - j.updated_at))::bigint END AS silent_seconds
FROM etl_job_run j LEFT JOIN import_progress p ON p.job_run_id = j.id ORDER BY j.id DESC LIMIT 1
