-- The registry as it was, and what became of one business: functions over the change feed. Their bodies name the schema,
-- so that they mean the same whatever the caller's search path is, and can still be inlined.

DO $migration$
DECLARE
  schema text := quote_ident(current_schema());
  body text;
BEGIN
  -- The run whose state a day shows. Without this look at the feed's end an expired feed would give a wrong answer.
  body := $sql$
CREATE FUNCTION @.registry_run_as_of(as_of date) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
  run bigint := (SELECT p.job_run_id FROM @.publication p WHERE p.as_of_date <= as_of ORDER BY p.id DESC LIMIT 1);
BEGIN
  IF run IS NOT NULL
    AND EXISTS (SELECT FROM @.publication p WHERE p.job_run_id > run AND p.feed_expired_at IS NOT NULL) THEN
    RAISE EXCEPTION 'the change feed does not reach back to %', as_of
      USING HINT = 'its older rows were deleted for their age (--retain-days), or that day is older than the feed';
  END IF;
  RETURN run;
END $$;

CREATE FUNCTION @.registry_as_of(as_of date) RETURNS TABLE (
  ban text, headquarters_ban text, business_name text, business_address text, capital_amount bigint,
  business_setup_date text, setup_date date, business_type text, is_use_invoice boolean, industries jsonb
) LANGUAGE sql STABLE ROWS 1000000 AS $$
  SELECT r.ban, r.headquarters_ban, r.business_name, r.business_address, r.capital_amount, r.business_setup_date,
    r.setup_date, r.business_type, r.is_use_invoice,
    coalesce((
      SELECT jsonb_agg(jsonb_build_object('order', i."order", 'industry_code', i.industry_code,
        'industry_name', i.industry_name) ORDER BY i."order", i.industry_code)
      FROM @.business_industry i WHERE i.business_id = r.ban), '[]')
  FROM @.tax_registration r
  WHERE (SELECT @.registry_run_as_of(as_of)) IS NOT NULL AND NOT EXISTS (
    SELECT FROM @.registration_change c WHERE c.ban = r.ban AND c.job_run_id > (SELECT @.registry_run_as_of(as_of)))
  UNION ALL
  SELECT b.ban, b.headquarters_ban, b.business_name, b.business_address, b.capital_amount, b.business_setup_date,
    b.setup_date, b.business_type, b.is_use_invoice, b.industries
  FROM (
    SELECT DISTINCT ON (c.ban) c.before FROM @.registration_change c
    WHERE c.job_run_id > (SELECT @.registry_run_as_of(as_of)) ORDER BY c.ban, c.job_run_id
  ) AS later,
  jsonb_to_record(later.before) AS b (
    ban text, headquarters_ban text, business_name text, business_address text, capital_amount bigint,
    business_setup_date text, setup_date date, business_type text, is_use_invoice boolean, industries jsonb)
  WHERE later.before IS NOT NULL
$$;

CREATE FUNCTION @.registry_history(of_ban text) RETURNS TABLE (
  job_run_id bigint, action text, source_date date, published_at timestamptz, kind text, reason text,
  changed_columns text[], before jsonb, after jsonb
) LANGUAGE sql STABLE ROWS 10 AS $$
  WITH changes AS MATERIALIZED (
    SELECT c.job_run_id, p.action, c.source_date, p.published_at, c.kind, c.reason, c.changed_columns, c.before, c.after
    FROM @.registration_change c JOIN @.publication p ON p.job_run_id = c.job_run_id
    WHERE c.ban = of_ban COLLATE "C"
  ), base AS (
    SELECT p.job_run_id, p.action, p.source_date, p.published_at,
      CASE WHEN p.feed_expired_at IS NULL THEN 'added' END AS kind
    FROM @.publication p ORDER BY (p.feed_expired_at IS NULL), CASE WHEN p.feed_expired_at IS NULL THEN p.id ELSE -p.id END
    LIMIT 1
  ), base_image AS (
    SELECT CASE WHEN EXISTS (SELECT FROM changes)
      THEN (SELECT c.before FROM changes c ORDER BY c.job_run_id LIMIT 1)
      ELSE (
        SELECT jsonb_build_object('ban', r.ban, 'headquarters_ban', r.headquarters_ban, 'business_name', r.business_name,
          'business_address', r.business_address, 'capital_amount', r.capital_amount,
          'business_setup_date', r.business_setup_date, 'setup_date', r.setup_date, 'business_type', r.business_type,
          'is_use_invoice', r.is_use_invoice, 'industries', coalesce((
            SELECT jsonb_agg(jsonb_build_object('order', i."order", 'industry_code', i.industry_code,
              'industry_name', i.industry_name) ORDER BY i."order", i.industry_code)
            FROM @.business_industry i WHERE i.business_id = r.ban), '[]'))
        FROM @.tax_registration r WHERE r.ban = of_ban COLLATE "C")
      END AS image
  )
  SELECT b.job_run_id, b.action, b.source_date, b.published_at, b.kind, NULL, '{}'::text[], NULL, i.image
  FROM base b, base_image i WHERE i.image IS NOT NULL
  UNION ALL
  SELECT c.* FROM changes c
  ORDER BY 1
$$;

COMMENT ON FUNCTION @.registry_run_as_of(date) IS
  'Job run whose state a day shows: the last published one that counts from that day or earlier (publication.as_of_date); NULL before the first';
COMMENT ON FUNCTION @.registry_as_of(date) IS
  'The registry as it was on a day: the state after the last published run that counts from that day or earlier';
COMMENT ON FUNCTION @.registry_history(text) IS
  'What became of a business, run by run, the oldest first. Where the feed does not say when it came, its first row is the state that the feed begins with'
$sql$;
  EXECUTE replace(body, '@.', schema || '.');
END $migration$;
