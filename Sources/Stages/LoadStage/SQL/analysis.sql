-- Creates the views and functions for analysts, or replaces them. Runs after the migrations, and when the schema was
-- renamed. The bodies of functions name the schema: they mean the same whatever the caller's search path is, and can be
-- inlined. A view of the registry's tables selects from a function, so that it does not depend on the tables, which a
-- load may replace, and has the caller's rights.
-- :schema: the schema. :digest: identifies this definition. The other placeholders are made from the registry's columns (AnalysisObjects).

SET LOCAL check_function_bodies = on;

CREATE OR REPLACE FUNCTION :schema.registry_run_as_of(as_of date) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
  definition CONSTANT text := :'digest';
  run bigint := (SELECT p.job_run_id FROM :schema.publication p WHERE p.as_of_date <= as_of ORDER BY p.id DESC LIMIT 1);
BEGIN
  IF as_of IS NULL THEN
    RAISE EXCEPTION 'the registry has no state of NULL' USING ERRCODE = 'no_data_found',
      HINT = 'name a day; registry_changes needs a second day that is not before the first';
  END IF;
  IF run IS NULL THEN
    RAISE EXCEPTION 'the registry has no state of %', as_of
      USING ERRCODE = 'no_data_found', HINT = coalesce(
        'its first day is ' || (SELECT min(p.as_of_date) FROM :schema.publication p), 'nothing was published yet');
  END IF;
  IF EXISTS (SELECT FROM :schema.publication p WHERE p.job_run_id > run AND p.feed_expired_at IS NOT NULL) THEN
    RAISE EXCEPTION 'the change feed does not reach back to %', as_of
      USING HINT = 'its older rows were deleted for their age (--retain-days), or that day is older than the feed';
  END IF;
  RETURN run;
END $$;
COMMENT ON FUNCTION :schema.registry_run_as_of(date) IS
  'Job run whose state a day shows: the last published one that counts from that day or earlier (publication.as_of_date)';

CREATE OR REPLACE FUNCTION :schema.registry_anchor(run bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT coalesce((
    SELECT a.job_run_id FROM :schema.publication a CROSS JOIN LATERAL (
      SELECT coalesce(sum(b.inserted + b.updated + b.removed), 0) AS changes FROM :schema.publication b
      WHERE b.job_run_id > least(a.job_run_id, run) AND b.job_run_id <= greatest(a.job_run_id, run)
    ) AS distance
    WHERE a.checkpointed_at IS NOT NULL AND distance.changes < (
      SELECT coalesce(sum(b.inserted + b.updated + b.removed), 0) FROM :schema.publication b WHERE b.job_run_id > run)
    ORDER BY distance.changes LIMIT 1), 9223372036854775807)
$$;
COMMENT ON FUNCTION :schema.registry_anchor(bigint) IS
  'Job run of the checkpoint from which the state of another job run is computed with the fewest changes; the greatest number for the registry itself';

CREATE OR REPLACE FUNCTION :schema.registry_as_of(as_of date) RETURNS SETOF :schema.registration_state
LANGUAGE sql STABLE ROWS 1000000 AS $$
:state_as_of
$$;
COMMENT ON FUNCTION :schema.registry_as_of(date) IS
  'The registry on a day: the state after the last published run that counts from that day or earlier';

CREATE OR REPLACE FUNCTION :schema.registry_on(day date, of_ban text) RETURNS SETOF :schema.registration_state
LANGUAGE sql STABLE ROWS 1 AS $$
  SELECT :row_columns, :industries,
    :schema.address_city(r.business_address), :schema.address_district(r.business_address)
  FROM :schema.tax_registration r
  WHERE r.ban = of_ban COLLATE "C" AND NOT EXISTS (
    SELECT FROM :schema.registration_change c
    WHERE c.ban = of_ban COLLATE "C" AND c.job_run_id > (SELECT :schema.registry_run_as_of(day)))
  UNION ALL
  SELECT :before_columns
  FROM (
    SELECT c.ban, c.before FROM :schema.registration_change c
    WHERE c.ban = of_ban COLLATE "C" AND c.job_run_id > (SELECT :schema.registry_run_as_of(day))
    ORDER BY c.job_run_id LIMIT 1
  ) AS l
  WHERE l.before IS NOT NULL
$$;
COMMENT ON FUNCTION :schema.registry_on(date, text) IS 'One business on a day; no row if it was not registered';

CREATE OR REPLACE FUNCTION :schema.registry_history(of_ban text) RETURNS TABLE (
  job_run_id bigint, action text, source_date date, published_at timestamptz, kind text, reason text,
  changed_columns text[], before jsonb, after jsonb
) LANGUAGE sql STABLE ROWS 10 AS $$
  WITH changes AS MATERIALIZED (
    SELECT c.job_run_id, p.action, c.source_date, p.published_at, c.kind,
      CASE WHEN c.kind = 'removed' AND p.action = 'rollback' THEN 'rolled back' ELSE c.reason END,
      c.changed_columns, c.before, c.after
    FROM :schema.registration_change c JOIN :schema.publication p ON p.job_run_id = c.job_run_id
    WHERE c.ban = of_ban COLLATE "C"
  ), base AS (
    SELECT p.job_run_id, p.action, p.source_date, p.published_at,
      CASE WHEN p.feed_expired_at IS NULL THEN 'added' END AS kind
    FROM :schema.publication p
    ORDER BY (p.feed_expired_at IS NULL), CASE WHEN p.feed_expired_at IS NULL THEN p.id ELSE -p.id END
    LIMIT 1
  ), base_image AS (
    SELECT CASE WHEN EXISTS (SELECT FROM changes)
      THEN (SELECT c.before FROM changes c ORDER BY c.job_run_id LIMIT 1)
      ELSE (SELECT :image FROM :schema.tax_registration r WHERE r.ban = of_ban COLLATE "C")
      END AS image
  )
  SELECT b.job_run_id, b.action, b.source_date, b.published_at, b.kind, NULL, '{}'::text[], NULL, i.image
  FROM base b, base_image i WHERE i.image IS NOT NULL
  UNION ALL
  SELECT c.* FROM changes c
  ORDER BY 1
$$;
COMMENT ON FUNCTION :schema.registry_history(text) IS
  'What became of a business, run by run, the oldest first. Where the feed does not say when it came, its first row is the state that the feed begins with';

CREATE OR REPLACE FUNCTION :schema.registry_net_changes(after_run bigint, to_run bigint) RETURNS TABLE (
  job_run_id bigint, ban text, kind text, reason text, changed_columns text[], before jsonb, after jsonb
) LANGUAGE sql STABLE ROWS 20000 AS $$
  SELECT coalesce(o.job_run_id, l.job_run_id), l.ban,
    CASE WHEN f.before IS NULL THEN f.kind WHEN l.after IS NULL THEN 'removed' ELSE 'changed' END,
    CASE WHEN o.job_run_id IS NULL THEN l.reason ELSE o.reason END,
    CASE WHEN f.before IS NOT NULL AND l.after IS NOT NULL THEN ARRAY(
      SELECT name FROM pg_catalog.unnest(ARRAY[:differing]) AS name WHERE f.before -> name IS DISTINCT FROM l.after -> name)
      ELSE '{}' END,
    f.before, l.after
  FROM (
    SELECT DISTINCT ON (c.ban) c.ban, c.kind, c.before FROM :schema.registration_change c
    WHERE c.job_run_id > after_run AND c.job_run_id <= to_run ORDER BY c.ban, c.job_run_id
  ) AS f JOIN (
    SELECT DISTINCT ON (c.ban) c.ban, c.job_run_id, c.reason, c.after FROM :schema.registration_change c
    WHERE c.job_run_id > after_run AND c.job_run_id <= to_run ORDER BY c.ban, c.job_run_id DESC
  ) AS l ON l.ban = f.ban
  LEFT JOIN :schema.publication p ON p.job_run_id = l.job_run_id AND p.action = 'rollback'
  -- A rollback restores a state that another publication made.
  LEFT JOIN LATERAL (
    SELECT e.job_run_id, e.reason FROM :schema.registration_change e
      JOIN :schema.publication q ON q.job_run_id = e.job_run_id AND q.action <> 'rollback'
    WHERE e.ban = l.ban AND e.job_run_id > after_run AND e.job_run_id < p.job_run_id
      AND e.after IS NOT DISTINCT FROM l.after
    ORDER BY e.job_run_id DESC LIMIT 1
  ) AS o ON true
  WHERE f.before IS DISTINCT FROM l.after
$$;
COMMENT ON FUNCTION :schema.registry_net_changes(bigint, bigint) IS
  'The net change of each business after one job run, up to and with another. registry_changes takes days';

CREATE OR REPLACE FUNCTION :schema.registration_image_text(image jsonb, column_name text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN column_name <> 'industries' THEN image ->> column_name ELSE (
    SELECT string_agg(pg_catalog.concat_ws(' ', e ->> 'industry_code', e ->> 'industry_name'), '；' ORDER BY (e ->> 'order')::int)
    FROM jsonb_array_elements(
      CASE WHEN jsonb_typeof(image -> 'industries') = 'array' THEN image -> 'industries' END) AS e
  ) END
$$;
COMMENT ON FUNCTION :schema.registration_image_text(jsonb, text) IS
  'A column of a business as the change feed has it, as text; the industries as codes and names';

CREATE OR REPLACE FUNCTION :schema.registration_change_columns(changed text[], image_before jsonb, image_after jsonb)
RETURNS TABLE (name text, place bigint, before text, after text) LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 3 AS $$
  SELECT n.name, n.place, :schema.registration_image_text(image_before, n.name),
    :schema.registration_image_text(image_after, n.name)
  FROM pg_catalog.unnest(ARRAY[:differing]) WITH ORDINALITY AS n (name, place)
  WHERE CASE WHEN image_before IS NOT NULL AND image_after IS NOT NULL THEN n.name = ANY (changed)
    ELSE coalesce(image_before, image_after) -> n.name NOT IN ('null', '[]') END
$$;
COMMENT ON FUNCTION :schema.registration_change_columns(text[], jsonb, jsonb) IS
  'The columns of a change as text, one row each: those that differ, or all with a value if the business was added or removed. Arguments: changed_columns, before and after of registration_change';

CREATE OR REPLACE FUNCTION :schema.registry_businesses() RETURNS TABLE (
  :state_columns, city text, district text, industry_codes text[], industry_names text[], first_seen_on date,
  last_changed_on date, is_corrected boolean
) LANGUAGE sql STABLE ROWS 1000000 AS $$
  SELECT :row_columns, :schema.address_city(r.business_address), :schema.address_district(r.business_address),
    ARRAY(SELECT i.industry_code FROM :schema.business_industry i WHERE i.business_id = r.ban ORDER BY i."order"),
    ARRAY(SELECT i.industry_name FROM :schema.business_industry i WHERE i.business_id = r.ban ORDER BY i."order"),
    (SELECT p.as_of_date FROM :schema.publication p WHERE p.published_at >= r.created_at ORDER BY p.published_at LIMIT 1),
    coalesce(r.data_source_date, (r.updated_at AT TIME ZONE 'Asia/Taipei')::date),
    EXISTS (SELECT FROM :schema.registration_correction k WHERE k.ban = r.ban AND k.ended_at IS NULL)
  FROM :schema.tax_registration r
$$;
COMMENT ON FUNCTION :schema.registry_businesses() IS 'The rows of the view business';

CREATE OR REPLACE FUNCTION :schema.registry_industry_slots() RETURNS TABLE (
  ban text, slot smallint, industry_code text, industry_name text, division text
) LANGUAGE sql STABLE ROWS 1000000 AS $$
  SELECT i.business_id, i."order", i.industry_code, i.industry_name, "left"(i.industry_code, 2)
  FROM :schema.business_industry i
$$;
COMMENT ON FUNCTION :schema.registry_industry_slots() IS 'The rows of the view business_industry_slot';

CREATE OR REPLACE VIEW :schema.business AS
SELECT :business_columns, industry_codes COLLATE "C" AS industry_codes, industry_names COLLATE "C" AS industry_names,
  first_seen_on, last_changed_on, is_corrected
FROM :schema.registry_businesses();
COMMENT ON VIEW :schema.business IS 'The businesses of the registry, with city, district and industries: one row each';

CREATE OR REPLACE VIEW :schema.business_industry_slot AS
SELECT ban COLLATE "C" AS ban, slot, industry_code COLLATE "C" AS industry_code, industry_name COLLATE "C" AS industry_name,
  division COLLATE "C" AS division
FROM :schema.registry_industry_slots();
COMMENT ON VIEW :schema.business_industry_slot IS 'The industries of the businesses: one row each';

CREATE OR REPLACE VIEW :schema.registration_change_flat AS
SELECT p.id AS publication, c.job_run_id, p.as_of_date, p.action AS cause, c.kind,
  CASE WHEN c.kind = 'removed' AND p.action = 'rollback' THEN 'rolled back' COLLATE "C" ELSE c.reason END AS reason,
  c.ban, c.changed_columns, :change_columns
FROM :schema.registration_change c JOIN :schema.publication p ON p.job_run_id = c.job_run_id;
COMMENT ON VIEW :schema.registration_change_flat IS
  'The change feed with typed columns: one row for each business that a publication added, changed or removed';

CREATE OR REPLACE FUNCTION :schema.registry_changes(from_day date, to_day date)
RETURNS SETOF :schema.registration_change_flat LANGUAGE sql STABLE AS $$
  SELECT p.id, c.job_run_id, p.as_of_date, p.action, c.kind,
    CASE WHEN c.kind = 'removed' THEN CASE p.action WHEN 'rollback' THEN 'rolled back' ELSE c.reason END END,
    c.ban, c.changed_columns, :change_columns
  FROM :schema.registry_net_changes(
    (SELECT :schema.registry_run_as_of(from_day)),
    (SELECT :schema.registry_run_as_of(CASE WHEN to_day >= from_day THEN to_day END))) AS c
  JOIN :schema.publication p ON p.job_run_id = c.job_run_id
$$;
COMMENT ON FUNCTION :schema.registry_changes(date, date) IS
  'How the registry on the second day differs from the registry on the first: one row for each business that differs. What was undone in between is not shown';

CREATE OR REPLACE VIEW :schema.registry_day AS
SELECT d.as_of_date, p.registrations AS businesses, n.added, n.changed, n.removed, n.reappeared,
  p.businesses_by_city, p.businesses_by_type, p.published_at
FROM (
  SELECT as_of_date, publication, coalesce(pg_catalog.lag(publication) OVER (ORDER BY as_of_date), 0) AS earlier
  FROM (
    SELECT as_of_date, max(max(id)) OVER (ORDER BY as_of_date) AS publication FROM :schema.publication GROUP BY as_of_date
  ) AS last
) AS d
JOIN :schema.publication p ON p.id = d.publication
LEFT JOIN :schema.publication e ON e.id = d.earlier
CROSS JOIN LATERAL (
  SELECT count(*) AS publications, bool_or(b.feed_expired_at IS NOT NULL) AS is_expired
  FROM :schema.publication b WHERE b.id > d.earlier AND b.id <= d.publication
) AS b
CROSS JOIN LATERAL (
  SELECT (p.changes -> 'kinds' ->> 'added')::bigint AS added, (p.changes -> 'kinds' ->> 'changed')::bigint AS changed,
    (p.changes -> 'kinds' ->> 'removed')::bigint AS removed, (p.changes -> 'kinds' ->> 'reappeared')::bigint AS reappeared
) AS k
CROSS JOIN LATERAL (
  SELECT coalesce(k.added, CASE WHEN p.changes ? 'kinds' THEN 0 ELSE p.inserted END) AS added,
    coalesce(k.changed, CASE WHEN p.changes ? 'kinds' THEN 0 ELSE p.updated END) AS changed,
    coalesce(k.removed, CASE WHEN p.changes ? 'kinds' THEN 0 ELSE p.removed END) AS removed,
    coalesce(k.reappeared, 0) AS reappeared
  WHERE e.id IS NOT NULL AND b.publications = 1
  UNION ALL
  SELECT count(*) FILTER (WHERE c.kind = 'added'), count(*) FILTER (WHERE c.kind = 'changed'),
    count(*) FILTER (WHERE c.kind = 'removed'), count(*) FILTER (WHERE c.kind = 'reappeared')
  FROM :schema.registry_net_changes(
    CASE WHEN b.publications <> 1 AND NOT coalesce(b.is_expired, false) THEN e.job_run_id END, p.job_run_id) AS c
  HAVING e.id IS NOT NULL AND b.publications <> 1 AND NOT coalesce(b.is_expired, false)
  UNION ALL
  SELECT NULL, NULL, NULL, NULL WHERE e.id IS NULL OR b.publications > 1 AND b.is_expired
) AS n;
COMMENT ON VIEW :schema.registry_day IS
  'The registry day by day, by the last publication that counts: its size, and what changed against the day before';

CREATE OR REPLACE VIEW :schema.registry_freshness AS
SELECT c.source_date, (SELECT p.published_at FROM :schema.publication p ORDER BY p.id DESC LIMIT 1) AS published_at,
  c.checked_at AS last_checked_at, (now() AT TIME ZONE 'Asia/Taipei')::date - c.source_date AS age_days
FROM :schema.source_check c;
COMMENT ON VIEW :schema.registry_freshness IS 'How old the registry''s content is; one row';

-- Views of tables read with the caller's rights, too. Before PostgreSQL 15 they read with their owner's.
DO $$
BEGIN
  IF current_setting('server_version_num')::int >= 150000 THEN
    EXECUTE 'ALTER VIEW registration_change_flat SET (security_invoker = true)';
    EXECUTE 'ALTER VIEW registry_day SET (security_invoker = true)';
    EXECUTE 'ALTER VIEW registry_freshness SET (security_invoker = true)';
  END IF;
END $$;
