-- The change feed's rows of a publication as lines of JSON. The CSV delimiter and quote are characters that JSON never
-- contains, so no line is escaped.
-- :job_run_id: the publication's job run.
COPY (
  SELECT pg_catalog.row_to_json(c) FROM (
    SELECT job_run_id, source_date, ban, kind, reason, changed_columns, before, after
    FROM registration_change WHERE job_run_id = :job_run_id ORDER BY ban
  ) AS c
) TO STDOUT (FORMAT csv, DELIMITER E'\x01', QUOTE E'\x02')
