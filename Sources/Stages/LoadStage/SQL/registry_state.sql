-- The registry after a job run: the state of an anchor, which is the registry itself or a checkpoint, but for the businesses
-- that changed between the two. Their state is what they were before the first change after the job run, or after the last
-- change up to it.
-- :run, :anchor: expressions without columns. The other placeholders are those of analysis.sql.
  SELECT :row_columns, :industries AS industries, :schema.address_city(r.business_address) AS city,
    :schema.address_district(r.business_address) AS district
  FROM :schema.tax_registration r
  WHERE :anchor = 9223372036854775807 AND NOT EXISTS (
    SELECT FROM :schema.registration_change c WHERE c.ban = r.ban AND c.job_run_id > :run)
  UNION ALL
  SELECT :row_columns, r.industries,
    :schema.address_city(r.business_address), :schema.address_district(r.business_address)
  FROM :schema.registration_checkpoint k, pg_catalog.unnest(k.registrations) AS r
  WHERE k.job_run_id = :anchor AND NOT EXISTS (
    SELECT FROM :schema.registration_change c
    WHERE c.ban = r.ban AND c.job_run_id > least(:run, :anchor) AND c.job_run_id <= greatest(:run, :anchor))
  UNION ALL
  SELECT :before_columns
  FROM (
    SELECT DISTINCT ON (c.ban) c.ban, c.before FROM :schema.registration_change c
    WHERE c.job_run_id > :run AND c.job_run_id <= :anchor ORDER BY c.ban, c.job_run_id
  ) AS l
  WHERE l.before IS NOT NULL
  UNION ALL
  SELECT :after_columns
  FROM (
    SELECT DISTINCT ON (c.ban) c.ban, c.after FROM :schema.registration_change c
    WHERE c.job_run_id > :anchor AND c.job_run_id <= :run ORDER BY c.ban, c.job_run_id DESC
  ) AS l
  WHERE l.after IS NOT NULL
