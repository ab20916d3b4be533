-- Counts businesses by city and by kind of organisation, in one scan.
-- :table: tax_registration or its bulk table. :city, :type: the groups of a row r.
WITH groups AS (
  SELECT coalesce(:city, 'unknown') AS city, coalesce(:type, 'unknown') AS type, count(*) AS businesses
  FROM :table r GROUP BY 1, 2
)
SELECT coalesce((
    SELECT pg_catalog.jsonb_object_agg(city, businesses)
    FROM (SELECT city, sum(businesses) AS businesses FROM groups GROUP BY city) AS cities), '{}') AS by_city,
  coalesce((
    SELECT pg_catalog.jsonb_object_agg(type, businesses)
    FROM (SELECT type, sum(businesses) AS businesses FROM groups GROUP BY type) AS types), '{}') AS by_type
