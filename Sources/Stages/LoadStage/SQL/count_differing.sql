-- Counts the businesses that a rebuild of the tables stages, adds and removes.
SELECT count(*) AS staged, count(*) FILTER (WHERE r.ban IS NULL) AS inserted,
  (SELECT count(*) FROM incoming_removal g JOIN tax_registration t ON t.ban = g.ban) AS removed
FROM incoming_registration n LEFT JOIN tax_registration r ON r.ban = n.ban
