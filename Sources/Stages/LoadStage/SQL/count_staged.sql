-- What is staged, and how many industries the registry has of the businesses that are.
SELECT (SELECT count(*) FROM incoming_registration) AS registrations,
  (SELECT count(*) FROM incoming_removal) AS removals, (SELECT count(*) FROM incoming_industry) AS industries,
  (SELECT count(*) FROM business_industry i JOIN incoming_registration n ON n.ban = i.business_id) AS industries_written
