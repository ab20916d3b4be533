-- Every business with its industries, a row for each industry, in the order in which transform hashed them.
-- :columns: the columns of tax_registration r that come from the source.
COPY (
  SELECT r.ban, i.industry_code, i.industry_name, i."order", r.content_hash, :columns
  FROM tax_registration r LEFT JOIN business_industry i ON i.business_id = r.ban
  ORDER BY r.ban, i."order", i.industry_code
) TO STDOUT
