-- Deletes industries that staged businesses no longer have.
DELETE FROM business_industry i USING incoming_registration r
WHERE i.business_id = r.ban AND NOT EXISTS (
  SELECT FROM incoming_industry n WHERE n.business_id = i.business_id AND n.industry_code = i.industry_code)
