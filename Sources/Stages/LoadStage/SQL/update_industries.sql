-- Updates the industries that differ from the staged ones.
UPDATE business_industry i SET industry_name = n.industry_name, "order" = n."order" FROM incoming_industry n
WHERE n.business_id = i.business_id AND n.industry_code = i.industry_code
  AND (n.industry_name, n."order") IS DISTINCT FROM (i.industry_name, i."order")
