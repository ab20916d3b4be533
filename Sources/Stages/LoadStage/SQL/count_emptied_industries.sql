-- The same for the places of their industries.
SELECT i."order" AS place, count(*) AS businesses
FROM incoming_registration n JOIN business_industry i ON i.business_id = n.ban
WHERE NOT EXISTS (SELECT FROM incoming_industry x WHERE x.business_id = n.ban AND x."order" = i."order")
GROUP BY i."order"
