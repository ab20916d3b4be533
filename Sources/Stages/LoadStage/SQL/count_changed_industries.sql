-- Counts the industries that differ from the staged ones (update_industries.sql).
SELECT count(*) FROM business_industry i JOIN incoming_industry n
  ON n.business_id = i.business_id AND n.industry_code = i.industry_code
WHERE (n.industry_name, n."order") IS DISTINCT FROM (i.industry_name, i."order")
