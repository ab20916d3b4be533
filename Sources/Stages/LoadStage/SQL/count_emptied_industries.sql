-- Counts the staged businesses that lose an industry of the registry, by industry slot.
SELECT i."order" AS place, count(*) AS businesses
FROM incoming_registration n JOIN business_industry i ON i.business_id = n.ban
WHERE NOT EXISTS (SELECT FROM incoming_industry x WHERE x.business_id = n.ban AND x."order" = i."order")
GROUP BY i."order"
