-- Counts the registry's businesses by city or county.
SELECT translate(pg_catalog.left(business_address, 1), '台', '臺') || pg_catalog.substr(business_address, 2, 2) AS city,
  count(*) AS businesses
FROM tax_registration WHERE pg_catalog.substr(business_address, 3, 1) IN ('市', '縣') GROUP BY 1
