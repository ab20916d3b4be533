-- Counts the staged rows, and the registry's industries of the staged and the removed businesses.
SELECT (SELECT count(*) FROM incoming_registration) AS registrations,
  (SELECT count(*) FROM incoming_removal) AS removals, (SELECT count(*) FROM incoming_industry) AS industries,
  (SELECT count(*) FROM business_industry i JOIN incoming_registration n ON n.ban = i.business_id) AS industries_written,
  (SELECT count(*) FROM business_industry i JOIN incoming_removal g ON g.ban = i.business_id) AS industries_left
