-- Returns the numbers of businesses by group after a publication: those of the publication before it, with the changes of
-- this job run. NULL if the last publication has no counts, or the result does not add up: rows were edited by hand.
-- $1: the job run. $2: the number of businesses afterwards. :counts: the column of publication. :before, :after: the
-- group in the images.
SELECT CASE WHEN sum(businesses) = $2::bigint AND min(businesses) >= 0
  THEN coalesce(pg_catalog.jsonb_object_agg(name, businesses) FILTER (WHERE businesses > 0), '{}') END AS counts
FROM (
  SELECT name, sum(number) AS businesses FROM (
    SELECT o.key AS name, o.value::bigint AS number
    FROM (SELECT :counts AS counts FROM publication ORDER BY id DESC LIMIT 1) AS last, jsonb_each_text(last.counts) AS o
    UNION ALL
    SELECT coalesce(:before, 'unknown'), -1 FROM registration_change c WHERE c.job_run_id = $1 AND c.before IS NOT NULL
    UNION ALL
    SELECT coalesce(:after, 'unknown'), 1 FROM registration_change c WHERE c.job_run_id = $1 AND c.after IS NOT NULL
  ) AS numbers GROUP BY name
) AS groups
