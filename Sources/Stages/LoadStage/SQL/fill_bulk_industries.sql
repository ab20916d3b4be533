-- Fills the new business_industry with the industries of the staged and of the unchanged businesses.
INSERT INTO business_industry_bulk (business_id, industry_code, industry_name, "order")
SELECT n.business_id, n.industry_code, n.industry_name, n."order" FROM incoming_industry n
UNION ALL
SELECT i.business_id, i.industry_code, i.industry_name, i."order" FROM business_industry i
WHERE NOT EXISTS (SELECT FROM incoming_registration n WHERE n.ban = i.business_id)
  AND NOT EXISTS (SELECT FROM incoming_removal g WHERE g.ban = i.business_id)
