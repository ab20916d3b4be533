-- Rows of the change feed as lines of JSON, the newest publication first. The CSV delimiter and quote are characters
-- that JSON never contains, so no line is escaped.
-- :conditions: which rows. :limit: how many; ALL for no limit.
COPY (
  SELECT pg_catalog.row_to_json(r) FROM (
    SELECT p.as_of_date, p.action, c.job_run_id, c.source_date, c.ban, c.kind, c.reason, c.changed_columns, c.before,
      c.after
    FROM registration_change c JOIN publication p ON p.job_run_id = c.job_run_id
    WHERE :conditions ORDER BY c.job_run_id DESC, c.ban LIMIT :limit
  ) AS r
) TO STDOUT (FORMAT csv, DELIMITER E'\x01', QUOTE E'\x02')
