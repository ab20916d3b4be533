-- Records the industries that the registry has. Each code is found by one step in the index on the codes. The name is the
-- one that the changed businesses have most often, otherwise the known one, otherwise that of any business.
-- $1: the day of the publication; NULL for today in Taiwan. :table: business_industry or its bulk table.
INSERT INTO industry AS s (industry_code, industry_name, first_seen_on, last_seen_on)
WITH RECURSIVE present (code) AS (
  SELECT min(i.industry_code) FROM :table i
  UNION ALL
  SELECT (SELECT min(i.industry_code) FROM :table i WHERE i.industry_code > p.code) FROM present p WHERE p.code IS NOT NULL
), named AS (
  SELECT industry_code AS code, pg_catalog.mode() WITHIN GROUP (ORDER BY industry_name) AS name
  FROM incoming_industry WHERE industry_name IS NOT NULL GROUP BY industry_code
)
SELECT p.code,
  coalesce(n.name, k.industry_name, (SELECT i.industry_name FROM :table i WHERE i.industry_code = p.code LIMIT 1)),
  d.day, d.day
FROM present p LEFT JOIN named n ON n.code = p.code LEFT JOIN industry k ON k.industry_code = p.code,
  (SELECT coalesce($1::date, (now() AT TIME ZONE 'Asia/Taipei')::date) AS day) AS d
WHERE p.code IS NOT NULL
ON CONFLICT (industry_code) DO UPDATE
SET industry_name = excluded.industry_name, last_seen_on = greatest(s.last_seen_on, excluded.last_seen_on)
WHERE s.industry_name IS DISTINCT FROM excluded.industry_name OR s.last_seen_on < excluded.last_seen_on
