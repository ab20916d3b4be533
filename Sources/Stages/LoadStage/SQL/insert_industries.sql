-- Inserts the staged industries that the registry does not have.
INSERT INTO business_industry (business_id, industry_code, industry_name, "order")
SELECT n.business_id, n.industry_code, n.industry_name, n."order" FROM incoming_industry n
WHERE NOT EXISTS (
  SELECT FROM business_industry i WHERE i.business_id = n.business_id AND i.industry_code = n.industry_code)
ORDER BY n.business_id, n.industry_code
