-- How many businesses a rebuild of the tables adds, changes and takes out.
SELECT count(*) AS staged, count(*) FILTER (WHERE r.ban IS NULL) AS inserted,
  (SELECT count(*) FROM incoming_removal g JOIN tax_registration t ON t.ban = g.ban) AS removed
FROM incoming_registration n LEFT JOIN tax_registration r ON r.ban = n.ban
