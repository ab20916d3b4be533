-- The snapshot of the last whole publication, as the baseline of the acceptance checks.
-- :days_ahead: a source date further in the future does not count. Such a date was accepted once, and would make all
-- files with earlier dates too old. The latest time so far counts, since the server's clock may have been set back.
-- The job run of a replay counts the records of its sheet, so duplicates and blank records are those of the run that
-- loaded the snapshot.
SELECT p.snapshot, coalesce(p.records, j.records_total) AS records, p.cities, p.missing_columns,
  coalesce(p.records, j.records_total) - coalesce((
    SELECT r.records_duplicated + r.records_blank FROM publication s JOIN etl_job_run r ON r.id = s.job_run_id
    WHERE s.snapshot = p.snapshot AND s.action IN ('load', 'rollback') ORDER BY s.id DESC LIMIT 1), 0) AS distinct_records,
  (SELECT d.source_date FROM publication d
    WHERE d.whole AND d.source_date <= ((
      SELECT max(e.published_at) FROM publication e WHERE e.id <= d.id) AT TIME ZONE 'Asia/Taipei')::date + :days_ahead
    ORDER BY d.id DESC LIMIT 1) AS source_date
FROM publication p JOIN etl_job_run j ON j.id = p.job_run_id WHERE p.whole ORDER BY p.id DESC LIMIT 1
