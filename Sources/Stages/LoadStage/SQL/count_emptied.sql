-- How many of the staged businesses lose a value that the registry has, by column.
-- :counts: for each column its count.
SELECT :counts FROM incoming_registration n JOIN tax_registration r ON r.ban = n.ban
