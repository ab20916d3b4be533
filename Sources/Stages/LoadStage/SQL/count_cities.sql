-- Counts the registry's businesses by city or county.
SELECT address_city(business_address) AS city, count(*) AS businesses
FROM tax_registration WHERE address_city(business_address) IS NOT NULL GROUP BY 1
